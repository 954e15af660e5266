"""Versions: histories of several sources become one, whatever their order, and are listed with the known texts."""

import itertools
from datetime import UTC, datetime

import pytest
from tests import cast

from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.papers.versions import Listed, versions, why_withdrawn
from broadsheet.sources.record import Record

FIRST, SECOND, THIRD = (datetime(2026, 1, day, 9, tzinfo=UTC) for day in (5, 7, 9))
BY = "http://creativecommons.org/licenses/by/4.0/"


def record(**given: object) -> Record:
    facts = {"id": "2601.00001", "title": "Old Title", "source": "arxiv", "abstract": "What we did."} | given
    return Record(**facts)


RECORDS = [
    record(version=1, updated=FIRST, published=FIRST, history=((1, FIRST, ""),)),
    record(version=2, updated=SECOND, title="New Title", history=((1, FIRST, "9kb"), (2, SECOND, "12kb")), licence=BY),
    record(version=3, updated=THIRD, title="New Title", history=((2, SECOND, ""), (3, THIRD, "13kb"))),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_histories_are_one_whatever_their_order(db, order):
    for number in order:
        store([RECORDS[number]])
    paper = Paper.objects.get()
    assert paper.history == [
        [1, FIRST.isoformat(), "9kb"],
        [2, SECOND.isoformat(), "12kb"],
        [3, THIRD.isoformat(), "13kb"],
    ]
    assert (paper.licence, paper.title, paper.version) == (BY, "New Title", 3)
    assert store(RECORDS).unchanged == 3, "reading them again changes nothing"


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=str)
def test_the_licence_is_that_of_the_newest_version_whoever_told_the_text_first(db, order):
    store([record(source="huggingface-daily")])
    licences = {1: BY, 2: "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"}
    for number in order:
        store([record(version=number, updated=FIRST if number == 1 else SECOND, licence=licences[number])])
    paper = Paper.objects.get()
    assert (paper.version, paper.licence) == (2, licences[2])


def test_versions_are_listed_with_dates_sizes_and_former_titles(db):
    for one in RECORDS:
        store([one])
    paper = Paper.objects.get()
    assert versions(paper, paper.earlier.all()) == [
        Listed(3, THIRD, "13kb", "arxiv", is_current=True),
        Listed(2, SECOND, "12kb"),
        Listed(1, FIRST, "9kb", "arxiv", title="Old Title", abstract="What we did."),
    ]


def test_a_paper_of_which_nothing_is_known_has_one_version(db):
    paper = cast.paper(version=None, published=None)
    assert versions(paper, []) == [Listed(None, None, "", "arxiv", is_current=True)]


def test_texts_without_a_number_come_last(db):
    store([record(updated=FIRST, source="list")])
    store([record(updated=SECOND, source="list", title="New Title")])
    paper = Paper.objects.get()
    assert [(one.number, one.title, one.at) for one in versions(paper, paper.earlier.all())] == [
        (None, "", SECOND),
        (None, "Old Title", FIRST),
    ]


@pytest.mark.parametrize(
    ("comment", "abstract", "why"),
    [
        ("This paper has been withdrawn due to an error in Lemma 2", "We study it.", None),
        ("9 pages", "We study. This paper has been withdrawn by us. More.", "This paper has been withdrawn by us."),
        ("9 pages", "We study it.", ""),
    ],
)  # fmt: skip
def test_the_reason_of_a_withdrawal_is_what_the_authors_say(db, comment, abstract, why):
    paper = cast.paper(withdrawn=SECOND, comment=comment, abstract=abstract)
    assert why_withdrawn(paper) == (comment if why is None else why)
    assert why_withdrawn(cast.paper("2601.00002", comment=comment, abstract=abstract)) == "", "it is not withdrawn"
