"""arXiv's answers: entries in full, errors, empty slices, paging, withdrawals, and XML that is meant to do harm."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import httpx2
import pytest
from tests.gates import polite

from broadsheet.errors import BadInput, Upstream
from broadsheet.sources.arxiv_api import EMPTY_TRIES, SLICE, ArxivApi, parse
from broadsheet.sources.record import Record, Reject

DATA = Path(__file__).parents[1] / "data"
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
ATOM, ARXIV = "{http://www.w3.org/2005/Atom}", "{http://arxiv.org/schemas/atom}"


def entry(number: int = 1, **given: str) -> str:
    facts = {
        "id": f"http://arxiv.org/abs/2601.{number:05}v1",
        "title": f"Paper {number}",
        "summary": "We study it.",
        "published": "2026-01-05T10:00:00Z",
        "updated": "2026-01-06T10:00:00Z",
        "comment": "",
    } | given
    inner = "".join(
        f"<{'arxiv:' if name == 'comment' else ''}{name}>{escape(text)}</{'arxiv:' if name == 'comment' else ''}{name}>"
        for name, text in facts.items()
    )
    return f"<entry>{inner}<author><name>A. Example</name></author><category term='cs.CL'/></entry>"


def feed(*entries: str, total: int | str | None = None) -> bytes:
    told = "" if total is None else f"<os:totalResults>{total}</os:totalResults>"
    names = 'xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"'
    more = 'xmlns:os="http://a9.com/-/spec/opensearch/1.1/"'
    return f"<?xml version='1.0'?><feed {names} {more}>{told}{''.join(entries)}</feed>".encode()


class Asked:
    """An API whose answers are given, and what it was asked."""

    def __init__(self, answer: Callable[[dict[str, str]], httpx2.Response | bytes]) -> None:
        self.params: list[dict[str, str]] = []

        def handle(request: httpx2.Request) -> httpx2.Response:
            params = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
            self.params.append(params)
            given = answer(params)
            return httpx2.Response(200, content=given) if isinstance(given, bytes) else given

        client = polite(transport=httpx2.MockTransport(handle))
        self.api = ArxivApi(client, "http://127.0.0.1/api/query")


def listing(papers: int, params: dict[str, str]) -> bytes:
    """Answer as arXiv does from a list of papers, newest first, one a minute."""
    first = int(params["start"])
    numbers = range(first + 1, min(first + int(params["max_results"]), papers) + 1)
    return feed(*(entry(number) for number in numbers), total=papers)


def test_two_papers_are_read_in_full():
    rows, total = parse((DATA / "atom-two-papers.xml").read_bytes())
    assert total == 2
    assert rows == [
        Record(
            id="2601.00002",
            title="Made-up Networks & Their Examples",
            source="arxiv",
            abstract="We make networks up, and show that $a < b$ for each of them.",
            authors=("A. Example", "B. Ínstance"),
            categories=("cs.CL", "cs.AI", "stat.ML"),
            version=2,
            announced=date(2026, 1, 6),
            published=datetime(2026, 1, 5, 18, 59, tzinfo=UTC),
            updated=datetime(2026, 1, 7, 9, 30, tzinfo=UTC),
            comment="9 pages, 2 figures",
            doi="10.1000/182",
            journal_ref="J. Ex. 1 (2026) 1-9",
        ),
        Record(
            id="math/0601001",
            title="An Old Example",
            source="arxiv",
            abstract="This paper has been withdrawn by the author.",
            authors=("C. Sample",),
            categories=("math.GT",),
            version=1,
            announced=date(2006, 1, 3),
            published=datetime(2006, 1, 2, 9, 30, tzinfo=UTC),
            updated=datetime(2006, 1, 2, 9, 30, tzinfo=UTC),
            withdrawn=datetime(2006, 1, 2, 9, 30, tzinfo=UTC),
        ),
    ]


def test_a_broken_entry_is_rejected_and_the_rest_goes_in():
    rows, _ = parse(
        feed(
            entry(1),
            entry(2, id="http://arxiv.org/abs/nonsense"),
            entry(3, title=""),
            entry(4, published="soon"),
            entry(5, updated="0001-01-01T00:00:00+10:00"),
            "<entry/>",
            entry(7),
        )
    )
    assert [type(row) for row in rows] == [Record, Reject, Reject, Reject, Reject, Reject, Record]
    reasons = [row.reason for row in rows if isinstance(row, Reject)]
    assert "is not an arXiv id" in reasons[0]
    assert "http://arxiv.org/abs/2601.00003v1: The row has no title." in reasons[1]
    assert "soon" in reasons[2]
    assert "updated is '0001" in reasons[3]
    assert all("Paper 2" in row.raw for row in rows[1:2] if isinstance(row, Reject))


@pytest.mark.parametrize("total", [None, "", "many", "-1", "²", "9" * 5000])
def test_a_total_that_is_no_number_is_the_number_of_entries(total):
    assert parse(feed(entry(1), entry(2), total=total))[1] == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Rate exceeded.</body></html>",
        b"Rate exceeded.",
        b'{"error": "x"}',
        b"<feed/>",
        b"<rss><channel/></rss>",
        b"<?xml version='1.0' encoding='made-up'?><feed/>",
        b"<?xml version='1.0' encoding='shift_jis'?><feed/>",
        b"\xff\xfe\x00",
        feed(entry(1))[:-20],
        feed("<entry>\x00</entry>"),
    ],
)
def test_what_is_no_atom_feed_is_told(body):
    with pytest.raises(Upstream, match=r"arXiv's answer is not (XML|an Atom feed)"):
        parse(body)


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE f [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        '<!DOCTYPE f [<!ENTITY c SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE f [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p; <!ENTITY c "x">]>',
        '<!DOCTYPE f SYSTEM "http://127.0.0.1:1/x.dtd">',
    ],
    ids=["billion laughs", "a file", "a parameter entity", "a DTD elsewhere"],
)
def test_xml_that_declares_anything_is_refused(declaration):
    body = feed(entry(1)).decode().replace("?>", f"?>{declaration}", 1)
    with pytest.raises(Upstream, match="arXiv's answer is not XML"):
        parse(body.encode())
    with pytest.raises(Upstream, match="arXiv's answer is not XML"):
        parse(body.replace("We study it.", "&c;").encode())


def test_xml_nested_without_end_does_no_harm():
    assert parse(feed("<x>" * 50_000 + "</x>" * 50_000)) == ([], 0)


WITHDRAWALS = [
    ("This paper has been withdrawn by the author due to an error in Lemma 3.", ""),
    ("The paper has been temporarily withdrawn.", ""),
    ("This submission was withdrawn by arXiv administrators.", ""),
    ("This article is being withdrawn.", ""),
    ("The authors have withdrawn this manuscript.", ""),
    ("This paper has been withdrawn from arXiv.", ""),
    ("We study it.", "Withdrawn"),
    ("We study it.", "[withdrawn by the authors]"),
    ("We study it.", "Paper withdrawn"),
    ("We study it.", "has been withdrawn due to errors"),
    ("We study it.", "12 pages. This paper has been withdrawn pending review"),
    ("We study it.", "This paper is withdrawn pending additional internal review"),
]
NO_WITHDRAWALS = [
    ("We study how drugs are withdrawn from the market.", ""),
    ("This paper discusses withdrawn consent.", ""),
    ("The article on withdrawn drugs was retracted.", ""),
    ("Utilizing papers withdrawn from arXiv, we validated our method.", ""),
    ("Heat is withdrawn from a cold subsystem; the work is small.", ""),
    ("We study it.", "Withdrawn from ICLR 2025; 12 pages"),
    ("We study it.", "9 pages. This paper was withdrawn from the proceedings due to costs"),
    ("We study it.", "Accepted to a workshop (withdrawn before presentation due to lack of travel funding)"),
    ("We study it.", "9 pages, 2 figures"),
    ("We study it.", ""),
]


@pytest.mark.parametrize(("abstract", "comment"), WITHDRAWALS)
def test_a_paper_that_says_it_is_withdrawn_is(abstract, comment):
    [row], _ = parse(feed(entry(summary=abstract, comment=comment)))
    assert isinstance(row, Record)
    assert row.withdrawn == row.updated == datetime(2026, 1, 6, 10, tzinfo=UTC)


@pytest.mark.parametrize(("abstract", "comment"), NO_WITHDRAWALS)
def test_a_paper_that_speaks_of_withdrawing_is_not_withdrawn(abstract, comment):
    [row], _ = parse(feed(entry(summary=abstract, comment=comment)))
    assert isinstance(row, Record)
    assert row.withdrawn is None


def test_papers_are_asked_for_by_their_ids():
    asked = Asked(lambda _: feed(entry(1), entry(2), total=2))
    items = list(asked.api.by_ids(["2601.00001", "math/0601001", "2601.00002"]))
    assert [(item.position, item.row.id) for item in items] == [(1, "2601.00001"), (2, "2601.00002")]
    assert asked.params == [{"id_list": "2601.00001,math/0601001,2601.00002", "start": "0", "max_results": "3"}]


def test_an_unknown_paper_gives_nothing():
    asked = Asked(lambda _: feed(total=0))
    assert list(asked.api.by_ids(["2601.99999"])) == []


def test_a_refusal_names_arxivs_reason():
    error = (DATA / "atom-error.xml").read_bytes()
    asked = Asked(lambda _: httpx2.Response(400, content=error))
    with pytest.raises(BadInput, match="arXiv refused the request: incorrect id format for nonsense"):
        list(asked.api.by_ids(["nonsense"]))
    asked = Asked(lambda _: httpx2.Response(400, content=b"<html>"))
    with pytest.raises(BadInput, match="no reason given"):
        list(asked.api.by_ids(["nonsense"]))


def test_an_error_that_comes_as_a_feed_is_told():
    asked = Asked(lambda _: (DATA / "atom-error.xml").read_bytes())
    with pytest.raises(Upstream, match="arXiv answered an error: incorrect id format for nonsense"):
        list(asked.api.by_ids(["nonsense"]))


@pytest.mark.parametrize("status", [403, 404, 418])
def test_another_status_is_told(status):
    asked = Asked(lambda _: httpx2.Response(status, content=feed(entry(1))))
    with pytest.raises(Upstream, match=rf"/api/query answered {status}\."):
        list(asked.api.by_ids(["2601.00001"]))


def test_the_newest_of_categories_come_page_by_page():
    asked = Asked(lambda params: listing(450, params))
    items = list(asked.api.newest(["cs.CL", "stat.ML"], since=SINCE, limit=10_000))
    assert [item.position for item in items] == list(range(1, 451))
    assert [item.row.id for item in items] == [f"2601.{number:05}" for number in range(1, 451)]
    assert [(params["start"], params["max_results"]) for params in asked.params] == [
        ("0", str(SLICE)),
        (str(SLICE), str(SLICE)),
        (str(2 * SLICE), str(SLICE)),
    ]
    assert asked.params[0]["search_query"] == "cat:cs.CL OR cat:stat.ML"
    assert (asked.params[0]["sortBy"], asked.params[0]["sortOrder"]) == ("submittedDate", "descending")


@pytest.mark.parametrize("limit", [1, SLICE, SLICE + 50])
def test_paging_stops_at_the_limit(limit):
    asked = Asked(lambda params: listing(5000, params))
    assert len(list(asked.api.newest(["cs.CL"], since=SINCE, limit=limit))) == limit
    assert sum(int(params["max_results"]) for params in asked.params) == limit


def test_paging_stops_at_the_first_paper_before_since():
    rows = [
        entry(1),
        entry(2, id="http://arxiv.org/abs/nonsense"),
        entry(3, published="2025-12-31T10:00:00Z"),
        entry(4),
    ]
    asked = Asked(lambda _: feed(*rows, total=9000))
    items = list(asked.api.newest(["cs.CL"], since=datetime(2026, 1, 1, tzinfo=UTC), limit=9000))
    assert [item.position for item in items] == [1, 2]
    assert isinstance(items[1].row, Reject)
    assert len(asked.params) == 1


def test_an_empty_slice_in_the_midst_is_asked_again():
    answers = [listing(300, {"start": "0", "max_results": "200"}), feed(total=300), feed(total=300)]
    answers.append(listing(300, {"start": "200", "max_results": "200"}))
    asked = Asked(lambda _: answers.pop(0))
    assert len(list(asked.api.newest(["cs.CL"], since=SINCE, limit=1000))) == 300
    assert [params["start"] for params in asked.params] == ["0", "200", "200", "200"]


def test_slices_that_stay_empty_are_told_after_what_came_before():
    asked = Asked(lambda params: listing(300, params) if params["start"] == "0" else feed(total=300))
    rows = asked.api.newest(["cs.CL"], since=SINCE, limit=1000)
    assert [next(rows).position for _ in range(SLICE)] == list(range(1, SLICE + 1))
    with pytest.raises(Upstream, match="arXiv sent nothing for results from 200 of 300"):
        next(rows)
    assert len(asked.params) == 1 + EMPTY_TRIES


def test_a_slice_shorter_than_asked_is_carried_on_from_where_it_ended():
    asked = Asked(lambda params: listing(120, params | {"max_results": "50"}))
    assert len(list(asked.api.newest(["cs.CL"], since=SINCE, limit=1000))) == 120
    assert [params["start"] for params in asked.params] == ["0", "50", "100"]


def test_nothing_new_is_nothing():
    asked = Asked(lambda _: feed(total=0))
    assert list(asked.api.newest(["cs.CL"], since=SINCE, limit=1000)) == []
    assert len(asked.params) == 1


def test_the_total_of_a_category_in_a_time_is_asked_in_utc():
    asked = Asked(lambda _: feed(entry(1), total=731))
    eastern = ZoneInfo("America/New_York")
    first, last = datetime(2026, 1, 5, 14, tzinfo=eastern), datetime(2026, 1, 6, 13, 59, tzinfo=eastern)
    assert asked.api.total("cs.LG", first, last) == 731
    assert asked.params[0]["search_query"] == "cat:cs.LG AND submittedDate:[202601051900 TO 202601061859]"
    assert asked.params[0]["max_results"] == "1"


@pytest.mark.parametrize(
    ("body", "total"),
    [
        (feed(total=0), 0),
        (feed(entry(1)), None),
        (feed(), None),
        (feed(entry(1), total="many"), None),
        (feed(entry(1), total=0), None),
    ],
    ids=["none at all", "not told", "an empty answer without it", "no number", "a row beside a total of nothing"],
)
def test_a_total_that_is_not_told_is_none(body, total):
    asked = Asked(lambda _: body)
    assert asked.api.total("cs.LG", SINCE, SINCE) == total


def test_a_total_is_never_taken_from_an_error():
    asked = Asked(lambda _: (DATA / "atom-error.xml").read_bytes())
    with pytest.raises(Upstream, match="arXiv answered an error"):
        asked.api.total("cs.LG", SINCE, SINCE)


def test_a_search_gives_its_results_and_how_many_there_are():
    asked = Asked(lambda _: feed(entry(1), entry(2), total=40))
    rows, total = asked.api.search('ti:"made up"', start=20, limit=2)
    assert ([row.title for row in rows if isinstance(row, Record)], total) == (["Paper 1", "Paper 2"], 40)
    order = {"sortBy": "relevance", "sortOrder": "descending"}
    assert asked.params == [{"search_query": 'ti:"made up"', "start": "20", "max_results": "2"} | order]
    asked.api.search("all:up", newest=True)
    assert asked.params[1]["sortBy"] == "submittedDate"


@pytest.mark.shared
def test_every_recorded_answer_is_read_without_loss(shared_data):
    paths = sorted(shared_data("feeds/atom").glob("*_status200.xml"))
    assert len(paths) >= 15
    for path in paths:
        rows, total = parse(path.read_bytes())
        entries = ET.fromstring(path.read_bytes()).findall(f"{ATOM}entry")
        assert len(rows) == len(re.findall(rb"<entry[ >]", path.read_bytes())) == len(entries), path.name
        assert total >= len(rows)
        for row, element in zip(rows, entries, strict=True):
            assert isinstance(row, Record), (path.name, row)
            assert _said(row) == _written(element), path.name


@pytest.mark.shared
def test_the_recorded_refusal_is_read(shared_data):
    [path] = shared_data("feeds/atom").glob("*_status400.xml")
    asked = Asked(lambda _: httpx2.Response(400, content=path.read_bytes()))
    with pytest.raises(BadInput, match="incorrect id format for abc"):
        list(asked.api.by_ids(["abc"]))


def _said(row: Record) -> tuple[object, ...]:
    texts = (row.title, row.abstract, row.comment, row.doi, row.journal_ref)
    times = (row.published, row.updated)
    return (row.id, row.version, texts, times, list(row.authors), row.categories[0], set(row.categories))


def _written(element: ET.Element) -> tuple[object, ...]:
    """Return what an entry says, read without the code under test."""

    def text(name: str) -> str:
        return " ".join((element.findtext(name) or "").split())

    found = re.fullmatch(r"http://arxiv\.org/abs/(.+)v(\d+)", text(f"{ATOM}id"))
    assert found
    texts = [text(name) for name in (f"{ATOM}title", f"{ATOM}summary", f"{ARXIV}comment", f"{ARXIV}doi")]
    times = [datetime.fromisoformat(text(f"{ATOM}{name}")) for name in ("published", "updated")]
    primary = element.find(f"{ARXIV}primary_category")
    assert primary is not None
    return (
        found[1],
        int(found[2]),
        (*texts, text(f"{ARXIV}journal_ref")),
        tuple(times),
        [" ".join(str(name.text).split()) for name in element.findall(f"{ATOM}author/{ATOM}name")],
        primary.get("term"),
        {category.get("term") for category in element.findall(f"{ATOM}category")},
    )
