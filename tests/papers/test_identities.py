"""What several sources say of one paper under several ids comes to one paper, in whatever order they are read."""

import itertools
from datetime import UTC, date, datetime

import pytest

from broadsheet.community import merging
from broadsheet.papers import identities
from broadsheet.papers.actions import store
from broadsheet.papers.models import Identifier, Merging, Paper, Resemblance
from broadsheet.sources.record import Record

pytestmark = pytest.mark.django_db

TITLE = "Short Papers Grow Slowly"
ARXIV = Record(
    "2601.00007",
    TITLE,
    "arxiv",
    abstract="We measure how short papers grow over the years.",
    authors=("Ada Example", "Bo Sample"),
    categories=("cs.CL",),
    version=2,
    announced=date(2026, 1, 8),
    published=datetime(2026, 1, 7, tzinfo=UTC),
    updated=datetime(2026, 2, 1, tzinfo=UTC),
    doi="10.1000/grow.7",
)
ACL = Record(
    "acl:2026.acl-long.7",
    f"{TITLE}.",
    "acl",
    abstract="We show how short papers grow.",
    authors=("A. Example", "B. Sample"),
    published=datetime(2026, 7, 1, tzinfo=UTC),
    journal_ref="Proceedings of Examples (2026)",
    doi="10.18653/v1/2026.acl-long.7",
    other_ids=("2601.00007",),
)
JOURNAL = Record(
    "doi:10.1000/grow.7",
    TITLE.upper(),
    "references",
    authors=("Example, Ada",),
    published=datetime(2026, 9, 1, tzinfo=UTC),
    journal_ref="Journal of Growth 7",
    doi="10.1000/grow.7",
    keywords=("growth",),
    code_url="https://example.org/code",
    other_ids=("openreview:Grow7",),
)
REVIEW = Record(
    "openreview:Grow7",
    TITLE,
    "openreview",
    abstract="An early abstract on growth.",
    published=datetime(2025, 12, 1, tzinfo=UTC),
    comment="under review",
)
ALL = (ARXIV, ACL, JOURNAL, REVIEW)


def read(*records: Record) -> None:
    """Take records in, each as a file of its own, as the pipeline does."""
    for record in records:
        merging.settle(store([record]).same)


def facts(paper: Paper) -> dict[str, object]:
    """What is known of a paper, without what tells only when it came."""
    hidden = {"id", "stamp", "added", "source"}
    return {
        field.attname: getattr(paper, field.attname)
        for field in Paper._meta.concrete_fields
        if field.attname not in hidden
    }


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(ALL)))))
def test_records_that_name_each_other_are_one_paper_in_any_order(order):
    read(*(ALL[place] for place in order))

    paper = Paper.objects.standing().get()
    assert facts(paper) == {
        **facts(paper),
        "key": "2601.00007",
        "title": TITLE,
        "abstract": ARXIV.abstract,
        "authors": ["Ada Example", "Bo Sample"],
        "text_source": "arxiv",
        "version": 2,
        "day": date(2026, 1, 8),
        "published": datetime(2025, 12, 1, tzinfo=UTC),
        "updated": ARXIV.updated,
        "doi": "10.1000/grow.7",
        "journal_ref": "Proceedings of Examples (2026)",
        "keywords": ["growth"],
        "code_url": "https://example.org/code",
        "comment": "under review",
    }
    assert sorted(identities.keys_of([paper])[paper.pk]) == sorted(record.id for record in ALL)
    assert Paper.objects.exclude(same_as=None).filter(day__isnull=False).count() == 0


def test_reading_all_again_changes_nothing():
    read(*ALL)
    before = {paper.key: (facts(paper), paper.stamp) for paper in Paper.objects.all()}
    mergings = list(Merging.objects.order_by("pk").values())

    again = [store([record]) for record in (*reversed(ALL), *ALL)]

    assert [(stored.added, stored.updated, stored.same) for stored in again] == [(0, 0, [])] * 8
    assert {paper.key: (facts(paper), paper.stamp) for paper in Paper.objects.all()} == before
    assert list(Merging.objects.order_by("pk").values()) == mergings


def test_one_batch_that_holds_them_all_comes_to_the_same():
    read(*ALL)
    apart = facts(Paper.objects.standing().get())
    Paper.objects.all().delete()

    merging.settle(store(list(reversed(ALL))).same)

    assert facts(Paper.objects.standing().get()) == apart


def test_what_a_row_tells_later_reaches_the_paper_that_it_is():
    read(ARXIV, JOURNAL)
    read(Record(JOURNAL.id, JOURNAL.title, JOURNAL.source, comment="accepted", keywords=("growth", "papers")))

    paper = Paper.objects.standing().get()
    assert (paper.comment, paper.keywords) == ("accepted", ["growth", "papers"])


def test_what_the_own_source_says_later_stands_before_what_was_filled_in():
    read(ARXIV, JOURNAL)
    assert Paper.objects.standing().get().code_url == "https://example.org/code"

    read(Record(ARXIV.id, TITLE, "arxiv", version=2, updated=ARXIV.updated, code_url="https://example.org/own"))

    assert Paper.objects.standing().get().code_url == "https://example.org/own"


@pytest.mark.parametrize(
    "name",
    [
        "2601.00007v2",
        "https://arxiv.org/abs/2601.00007",
        "acl:2026.acl-long.7",
        "https://aclanthology.org/2026.acl-long.7/",
        "10.18653/v1/2026.acl-long.7",
        "https://doi.org/10.1000/GROW.7",
        "doi:10.1000/grow.7",
        "https://openreview.net/forum?id=Grow7",
    ],
)
def test_every_id_and_address_names_the_one_paper(name):
    read(REVIEW, ACL, JOURNAL, ARXIV)

    named = Paper.objects.named(name)

    assert named is not None
    assert named.key == "2601.00007"


def test_an_id_that_only_a_record_told_of_names_its_paper_too():
    read(ARXIV)

    named = Paper.objects.named("10.1000/grow.7")

    assert named is not None
    assert named.key == "2601.00007"
    assert list(Identifier.objects.values_list("key", "source")) == [("doi:10.1000/grow.7", "arxiv")]


def test_two_arxiv_ids_with_one_doi_stay_two_and_go_before_moderators():
    other = Record("2601.00008", f"{TITLE}, Part II", "arxiv", doi=ARXIV.doi)
    read(ARXIV, other)

    assert Paper.objects.standing().count() == 2
    assert [(pair.first.key, pair.second.key, pair.why) for pair in Resemblance.objects.all()] == [
        ("2601.00007", "2601.00008", "doi")
    ]


def test_two_dois_of_one_registrant_are_not_one_paper_by_what_a_record_says():
    read(JOURNAL, Record("doi:10.1000/grow.8", TITLE, "references", other_ids=(JOURNAL.id,)))

    assert Paper.objects.standing().count() == 2
    assert Resemblance.objects.get().why == "id"


def test_papers_that_were_parted_are_not_one_again_by_the_next_reading():
    read(ARXIV, JOURNAL)
    merging.part(Merging.objects.get(parted_at=None, merged__key=JOURNAL.id))

    read(*ALL[::2], *ALL[::2])

    assert set(Paper.objects.standing().values_list("key", flat=True)) == {"2601.00007", JOURNAL.id}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"2601.00001"}, {"2601.00002"}, True),
        ({"2601.00001"}, {"hep-th/9901001"}, True),
        ({"2601.00001", "doi:10.1/a"}, {"doi:10.1/a"}, False),
        ({"doi:10.1/a"}, {"doi:10.1/b"}, True),
        ({"doi:10.1/a"}, {"doi:10.2/b"}, False),
        ({"doi-digest:10.1/a"}, {"doi:10.1/b"}, True),
        ({"acl:P16-1001"}, {"acl:2020.acl-main.1"}, True),
        ({"openreview:abcd"}, {"openreview:efgh"}, True),
        ({"bib:1"}, {"bib:2"}, False),
        ({"2601.00001"}, {"acl:P16-1001", "openreview:abcd"}, False),
    ],
)
def test_ids_of_one_registry_that_differ_clash(first, second, expected):
    assert identities.clash(first, second) is expected
    assert identities.clash(second, first) is expected


def test_a_batch_without_further_ids_costs_two_questions_more(django_assert_max_num_queries):
    records = [Record(f"2602.{number:05}", f"Paper {number}", "arxiv") for number in range(200)]
    store(records)

    with django_assert_max_num_queries(12):
        store(records)
