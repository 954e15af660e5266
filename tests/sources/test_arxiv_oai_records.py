"""What a record of arXiv's OAI-PMH becomes: versions, days, withdrawals, deletions, and what cannot be read."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.arxiv_site import MadeUp, envelope, record
from tests.conftest import DATA

from broadsheet.sources.arxiv_oai_records import row_of
from broadsheet.sources.oai_pmh import read
from broadsheet.sources.record import Record, Reject, Withdrawal


def row(paper: MadeUp, form: str = "arXivRaw", old: str = "", new: str = ""):
    text = record(paper, form)
    assert old in text
    (one,) = read(envelope(f"<ListRecords>{text.replace(old, new)}</ListRecords>")).records
    return row_of(one)


def test_records_are_read_in_full():
    rows = [row_of(one) for one in read((DATA / "oai-arxivraw.xml").read_bytes()).records]
    assert rows == [
        Record(
            id="2601.00002",
            title="Made-up Networks & Their Examples",
            source="arxiv",
            abstract="We make networks up, and show that $a < b$ for each of them.",
            authors=("A. Example", "B. Ínstance", "C. Sample"),
            categories=("cs.CL", "stat.ML"),
            version=2,
            announced=date(2026, 1, 6),
            published=datetime(2026, 1, 5, 18, 59, tzinfo=UTC),
            updated=datetime(2026, 1, 14, 9, 30, tzinfo=UTC),
            comment="9 pages, 2 figures",
            doi="10.1000/182",
            journal_ref="J. Ex. 1 (2026) 1-9",
            licence="http://creativecommons.org/licenses/by/4.0/",
            history=(
                (1, datetime(2026, 1, 5, 18, 59, tzinfo=UTC), "112kb"),
                (2, datetime(2026, 1, 14, 9, 30, tzinfo=UTC), "115kb"),
            ),
        ),
        Record(
            id="math/0601001",
            title="An Old Example",
            source="arxiv",
            abstract="An example of old.",
            authors=("C. Sample",),
            categories=("math.GT",),
            version=2,
            announced=date(2006, 1, 3),
            published=datetime(2006, 1, 2, 9, 30, tzinfo=UTC),
            updated=datetime(2026, 1, 15, 10, tzinfo=UTC),
            withdrawn=datetime(2026, 1, 15, 10, tzinfo=UTC),
            history=(
                (1, datetime(2006, 1, 2, 9, 30, tzinfo=UTC), "14kb"),
                (2, datetime(2026, 1, 15, 10, tzinfo=UTC), "0kb"),
            ),
        ),
        Withdrawal("2601.00003", datetime(2026, 1, 17, tzinfo=UTC)),
    ]


def test_a_datestamp_is_no_day_of_submission():
    one = row(MadeUp("2305.00001", date(2026, 1, 20), [datetime(2023, 5, 1, 9, tzinfo=UTC)]))
    assert (one.published.date(), one.updated.date(), one.announced) == (
        date(2023, 5, 1),
        date(2023, 5, 1),
        date(2023, 5, 2),
    )


def test_versions_count_by_their_number_whatever_their_order():
    moments = [datetime(2026, 1, day, 9, tzinfo=UTC) for day in (5, 6, 7)]
    one = row(MadeUp("2601.00001", versions=moments), old='version="v1"', new='version="v11"')
    assert (one.version, one.updated.day) == (11, 5)
    assert (one.published, one.announced) == (None, None), "the first version is not told"


def test_a_withdrawal_that_was_taken_back_is_none():
    moments = [datetime(2026, 1, day, 9, tzinfo=UTC) for day in (5, 6)]
    gone = row(MadeUp("2601.00001", versions=moments, withdrawn=True))
    assert gone.withdrawn == moments[1]
    back = row(MadeUp("2601.00001", versions=[*moments, datetime(2026, 1, 7, 9, tzinfo=UTC)]))
    assert back.withdrawn is None


def test_a_comment_that_says_withdrawn_counts_too():
    one = row(MadeUp("2601.00001"), old="9 pages", new="This paper has been withdrawn by the authors")
    assert one.withdrawn == one.updated


def test_the_format_arxiv_tells_days_and_full_names():
    one = row(MadeUp("2601.00001", versions=[datetime(2026, 1, 19, 12, tzinfo=UTC)]), "arXiv")
    assert one == replace(
        row(MadeUp("2601.00001")),
        authors=("B. Gödel Jr",),
        version=None,
        announced=None,
        published=datetime(2026, 1, 19, 23, 59, 59, tzinfo=UTC),
        updated=None,
        history=(),
    )


@pytest.mark.parametrize("key", ["2305.00001", "math/0601001", "hep-th/9901001"])
def test_a_created_day_of_a_later_version_is_no_publication(key):
    one = row(MadeUp(key, versions=[datetime(2026, 1, 19, 12, tzinfo=UTC)]), "arXiv")
    assert (one.published, one.announced) == (None, None)
    assert one.updated == datetime(2026, 1, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<title>Made-up paper 2601.00001</title>", "", "has no title"),
        ("<id>2601.00001</id>", "<id>nonsense</id>", "not an arXiv id"),
        ("Mon, 19 Jan 2026", "Some day", "date cannot be read"),
        ('version="v1"', 'version="latest"', "has no version"),
        ("arXivRaw", "oai_dc", "format 'oai_dc'"),
        ("metadata>", "nothing>", "format ''"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_reason_and_text(old, new, reason):
    one = row(MadeUp("2601.00001"), old=old, new=new)
    assert isinstance(one, Reject)
    assert reason in one.reason
    assert one.reason.startswith("oai:arXiv.org:2601.00001: ")
    assert "came" in one.raw


def test_a_deletion_without_an_id_or_day_is_rejected():
    gone = MadeUp("2601.00001", deleted=True)
    assert isinstance(row(gone, old="2026-01-20", new=""), Reject)
    assert isinstance(row(gone, old="oai:arXiv.org:2601.00001", new=""), Reject)


@pytest.mark.shared
def test_recorded_records_are_read_without_loss(shared_data):
    rows = {}
    for path in sorted(shared_data("feeds/oai-arxiv").glob("*.xml")):
        for one in read(path.read_bytes()).records:
            found = row_of(one)
            assert isinstance(found, Record), found
            assert found.abstract
            assert found.authors
            assert found.published
            rows[path.stem, found.id] = found
    assert len(rows) == 30
    one = rows["hepcrawl_arxiv-single", "1401.2122"]
    assert one.authors == ("A. Sergyeyev",)
    assert one.categories == ("math.AP", "hep-th", "math-ph", "math.DG", "math.MP", "nlin.SI")
    assert (one.published.date(), one.updated.date()) == (date(2014, 1, 9), date(2017, 10, 23))
    assert one.journal_ref.startswith("Lett. Math. Phys. 108")
