"""Eight reading threads, two processes that store, one that owns the index, and searches by command, for half a minute.

The short form is in ``tests/search/test_readers_and_writers.py``. INDEX_PAPERS, INDEX_SECONDS and INDEX_MODEL make it
longer, or with meaning; it prints reads a second, and milliseconds of the middle, the slowest hundredth, the slowest.
"""

import json
import os
import sys
from pathlib import Path

import pytest
from tests.soak import index_load

pytestmark = pytest.mark.soak


def test_no_read_fails_and_no_paper_is_lost_while_two_processes_store(tmp_path: Path):
    papers, seconds = int(os.environ.get("INDEX_PAPERS", "10000")), float(os.environ.get("INDEX_SECONDS", "30"))
    told = index_load.run(tmp_path, papers=papers, seconds=seconds, model=os.environ.get("INDEX_MODEL", "none"))
    sys.stdout.write(f"\n{json.dumps(told)}\n")
    assert told["failed"] == []
    assert told["commands"] > 0
    assert told["acknowledged"] == told["found"] == 2 * papers
