"""Duplicates among the shared papers: the measured figures of docs/duplicates.md hold."""

import pytest

from broadsheet.bench import duplicates
from broadsheet.papers.likeness import SURE

pytestmark = pytest.mark.soak


def test_the_shared_papers_are_told_apart_as_well_as_the_docs_say(shared_data):
    rows, _ = duplicates.measure(shared_data("papers-2025-2026.jsonl.xz"), shared_data("daily-2024-2026.jsonl.xz"))

    plain = {row.pairs: row for row in rows if (row.change, row.threshold) == ("as they are", SURE)}
    for kind, precision in (("same title", 0.999), ("like title", 0.995)):
        assert plain[kind].precision is not None
        assert plain[kind].precision >= precision
        assert plain[kind].recall >= 0.995
