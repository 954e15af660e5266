"""Duplicates among the shared papers: the measured figures of docs/duplicates.md hold."""

import random
from itertools import batched

import pytest

from broadsheet.bench import duplicates
from broadsheet.community import duplicates as finder
from broadsheet.papers.actions import store
from broadsheet.papers.likeness import SURE, Text
from broadsheet.papers.models import Merging, Resemblance
from broadsheet.ranking.similar import of_like_title
from broadsheet.search import current
from broadsheet.search.keeping import upkeep
from broadsheet.sources.jsonl import JsonLines
from broadsheet.sources.record import Record

pytestmark = pytest.mark.soak


def test_the_shared_papers_are_told_apart_as_well_as_the_docs_say(shared_data):
    rows, _ = duplicates.measure(shared_data("papers-2025-2026.jsonl.xz"), shared_data("daily-2024-2026.jsonl.xz"))

    plain = {row.pairs: row for row in rows if (row.change, row.threshold) == ("as they are", SURE)}
    for kind, precision in (("same title", 0.999), ("like title", 0.995)):
        assert plain[kind].precision is not None
        assert plain[kind].precision >= precision
        assert plain[kind].recall >= 0.995


def records(path):
    return (item.row for item in JsonLines(path).fetch() if isinstance(item.row, Record))


@pytest.mark.django_db
def test_papers_with_another_title_are_found_among_twenty_thousand(shared_data, settings, tmp_path):
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "none"
    current.release()
    known = {one.id: one for one in records(shared_data("papers-2025-2026.jsonl.xz"))}
    chance = random.Random(7)
    shared = [one for one in records(shared_data("daily-2024-2026.jsonl.xz")) if one.id in known and one.abstract]
    twins = chance.sample(shared, 500)
    others = chance.sample(sorted(known), 20_000)
    for some in batched([known[key] for key in {*others, *(one.id for one in twins)}], 1000, strict=False):
        store(some)
    changed = duplicates.changes()["title changed"]
    for one in twins:
        title = changed(Text(one.title), chance).title
        store([Record(f"openreview:{one.id}", title, "openreview", abstract=one.abstract, authors=one.authors,
                      published=one.published)])  # fmt: skip
    upkeep.catch_up(current.own())
    finder.find(near=of_like_title)

    right = {(merging.kept.key, merging.merged.key) for merging in Merging.objects.select_related("kept", "merged")}
    asked = {(pair.first.key, pair.second.key) for pair in Resemblance.objects.filter(decided=None)}
    pairs = {(one.id, f"openreview:{one.id}") for one in twins}
    print("merged", len(right & pairs), "wrongly", len(right - pairs), "asked", len(asked & pairs), len(asked - pairs))
    current.release()
    assert len(right - pairs) <= 1
    assert len(right & pairs) >= 300
    assert len((right | asked) & pairs) >= 440
