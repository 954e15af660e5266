"""Whatever is done to whichever file of an index, it is told and mended.

The short form of tests/soak/test_index_files.py: here each file is damaged in one way, there in all.
"""

from itertools import cycle

import pytest
from tests.index_damaged import DAMAGES, begun, holds, kinds

from broadsheet.search import current, state

pytestmark = pytest.mark.django_db


def test_each_kind_of_file_may_be_damaged(tmp_path, settings, monkeypatch):
    settings.INDEX_DIR = tmp_path / "index"
    begun(monkeypatch, grouped=False)
    for kind, way in zip(kinds(settings.INDEX_DIR), cycle(DAMAGES), strict=False):
        holds(settings.INDEX_DIR, kind, way)
    current.release()
    state.read(now=True)
