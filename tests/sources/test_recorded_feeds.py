"""Every recorded answer of every source, walked whole: each record is taken, withdrawn, or set aside with a reason.

No text of a record is dropped, but for the fields that are named here.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import pytest
from defusedxml.ElementTree import fromstring

from broadsheet.errors import BadInput, Upstream
from broadsheet.sources import arxiv_api, arxiv_oai_records, feed, oai_pmh
from broadsheet.sources.hf_daily import HfDaily
from broadsheet.sources.oai_pmh import local
from broadsheet.sources.record import Record, Reject, Withdrawal

PASSED_OVER = {
    "submitter": "who sent it in is not shown",
    "report-no": "a library's number",
    "msc-class": "the mathematicians' classes; arXiv's categories are kept",
    "acm-class": "the same of computing",
    "proxy": "through whom it was sent in",
    "source_type": "how the source is packed; only that of a withdrawal counts",
    "affiliation": "institutes of authors, as the API does not tell them",
}
"""Fields of arXiv's OAI-PMH that hold text and are not kept, and why."""

AUTHORS = {"authors", "author", "keyname", "forenames", "suffix"}
"""Names are brought to one form; that every author is there is counted."""

HUB_PASSED_OVER = {
    "_id", "user", "hidden", "status", "statusLastChangedAt", "statuslastchangedat", "avatarUrl", "isPro", "fullname",
    "type", "followerCount", "isHf", "isHfAdmin", "isMod", "isUserFollowing", "submittedBy", "submittedOnDailyBy",
    "discussionId", "thumbnail", "mediaUrl", "mediaUrls", "isAuthorParticipating", "githubRepoAddedBy", "avatar",
    "isOwner", "upvoted", "ai_summary_model",
    "followers", "claimed", "reviewed", "name", "publishedAt", "submittedOnDailyAt",
}  # fmt: skip
"""Keys of daily_papers that are accounts, pictures or states of that site; days are read and compared elsewhere."""


def said(element: Element) -> Iterator[tuple[str, str]]:
    """Yield every field of a record that holds text, with it."""
    for one in element.iter():
        if text := " ".join((one.text or "").split()):
            yield local(one), text


def name_in(author: Element) -> str:
    return "".join(text for name, text in said(author) if name != "affiliation")


def kept(row: Record) -> str:
    """Return all that is kept of a paper, as one text to look for pieces in."""
    days = [moment.isoformat() for moment in (row.published, row.updated, row.withdrawn) if moment]
    versions = [f"v{number} {at:%a, %d %b %Y %H:%M:%S} GMT {size}" for number, at, size in row.history]
    texts = [row.title, row.abstract, row.comment, row.doi, row.journal_ref, row.licence, row.id, *row.categories]
    return "\n".join([*texts, " ".join(row.categories), *days, *versions])


def dropped(record: Element, row: Record) -> set[str]:
    """Return the names of fields whose text is not among what is kept of a record."""
    metadata = oai_pmh.child(record, "metadata")
    assert metadata is not None
    text = kept(row)
    return {name for name, value in said(metadata) if name not in AUTHORS and value not in text}


@pytest.mark.shared
def test_arxivs_records_are_taken_whole(shared_data):
    paths = sorted(shared_data("feeds/oai-arxiv").glob("*.xml"))
    taken = 0
    for path in paths:
        page = oai_pmh.read(path.read_bytes())
        assert (page.broken, page.rejected) == ("", []), path.name
        assert len(page.records) == len(re.findall(rb"<record[ >]", path.read_bytes())), path.name
        for record in page.records:
            row = arxiv_oai_records.row_of(record)
            assert isinstance(row, Record), (path.name, row)
            assert dropped(record, row) <= PASSED_OVER.keys(), path.name
            # "Keck Array, BICEP2 Collaborations:" came with an author named ":", who is none.
            named = [one for one in record.iter() if local(one) == "author" and any(map(str.isalnum, name_in(one)))]
            assert len(row.authors) == len(named) or not named, path.name
            taken += 1
    assert (len(paths), taken) == (15, 30)


@pytest.mark.shared
def test_records_of_another_format_are_set_aside_with_their_text(shared_data):
    paths = sorted(shared_data("feeds/oai-dc").glob("*.xml"))
    asides = 0
    for path in paths:
        for record in oai_pmh.read(path.read_bytes()).records:
            row = arxiv_oai_records.row_of(record)
            assert isinstance(row, Reject), path.name
            assert "arXivRaw and arXiv are read" in row.reason
            assert "creator" in row.raw
            asides += 1
    assert asides >= len(paths) >= 5


WHAT_GENERIC_ANSWERS_TELL = {
    "GetRecord": (0, 0, 1),
    "GetRecord_utf8test": (0, 0, 1),
    "badArgument": "badArgument",
    "badResumptionToken": "badResumptionToken",
    "cannotDisseminateFormat": "cannotDisseminateFormat",
    "idDoesNotExist": "idDoesNotExist",
    "noRecordsMatch": "noRecordsMatch",
    "noSetHierarchy": "noSetHierarchy",
    "undefinedError": "undefinedError",
}


@pytest.mark.shared
def test_answers_of_other_servers_are_accounted_for(shared_data):
    paths = sorted(shared_data("feeds/oai-generic").glob("*.xml"))
    assert len(paths) >= 19
    for path in paths:
        name = path.stem.removeprefix("sickle_")
        page = oai_pmh.read(path.read_bytes())
        if name == "ListRecordsBroken":
            assert (page.broken != "", page.records) == (True, [])
            continue
        assert not page.broken, path.name
        assert page.answered, path.name
        held = [one for one in fromstring(path.read_bytes()).iter() if local(one) == "record"]
        rows = [arxiv_oai_records.row_of(one) for one in page.records]
        assert len(rows) == len(held), path.name
        assert all(row.reason and row.raw for row in rows if isinstance(row, Reject)), path.name
        told = WHAT_GENERIC_ANSWERS_TELL.get(name)
        kinds = Counter(type(row) for row in rows)
        if isinstance(told, str):
            assert [code for code, _ in page.errors] == [told]
        elif told:
            assert (kinds[Record], kinds[Withdrawal], kinds[Reject]) == told


@pytest.mark.shared
def test_arxivs_feeds_are_taken_or_refused_with_a_reason(shared_data):
    counts: Counter[str] = Counter()
    for path in sorted(shared_data("feeds/atom").glob("*.xml")):
        if "status400" in path.name:
            with pytest.raises(Upstream, match="incorrect id format"):
                arxiv_api.parse(path.read_bytes())
            counts["refused"] += 1
            continue
        rows, _ = arxiv_api.parse(path.read_bytes())
        assert all(isinstance(row, Record) for row in rows), path.name
        entries = fromstring(path.read_bytes()).findall("{http://www.w3.org/2005/Atom}entry")
        for row, entry in zip(rows, entries, strict=True):
            lost = {name for name, text in said(entry) if text not in _of_atom(row)}
            assert lost <= {"affiliation"}, (path.name, lost)
            counts["taken"] += 1
    assert counts["refused"] == 1
    assert counts["taken"] >= 100


def _of_atom(row: Record | Reject) -> str:
    assert isinstance(row, Record)
    address = f"http://arxiv.org/abs/{row.id}v{row.version}"
    return f"{kept(row)}\n{address}\n{'\n'.join(row.authors)}\n" + kept(row).replace("+00:00", "Z")


@pytest.mark.shared
def test_daily_papers_are_taken_with_every_text(shared_data):
    taken = 0
    for path in sorted(shared_data("feeds/hf-api").glob("*.json")):
        items = list(HfDaily(path).fetch())
        for item in items:
            assert isinstance(item.row, Record), (path.name, item.row)
            taken += 1
        answer = json.loads(path.read_bytes())
        assert len(items) == len(answer)
        for row, item in zip(answer, items, strict=True):
            if isinstance(row, dict):
                # Title and abstract are told twice; where the two differ in their TeX, that of the paper counts.
                once = {name: part for name, part in row.items() if name not in ("title", "summary")}
                lost = {name for name, text in _texts(once) if text not in _of_hub(item.row)}
                assert lost <= HUB_PASSED_OVER, (path.name, lost)
    assert taken >= 57


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a row with the key it stands under, but those of accounts."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key not in ("submittedBy", "submittedOnDailyBy", "user"):
                yield from _texts(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, name)
    elif isinstance(value, str) and value.strip():
        yield name, " ".join(value.split())


def _of_hub(row: Any) -> str:
    more = [*row.authors, *row.keywords, row.machine_summary, row.code_url, row.project_url, *row.organization]
    return kept(row) + "\n" + "\n".join(" ".join(text.split()) for text in more)


@pytest.mark.shared
def test_feeds_made_by_others_are_taken(shared_data):
    taken = 0
    for path in sorted(shared_data("feeds/rss").glob("*.xml")):
        try:
            rows = list(feed.read(feed.parsed(path.read_bytes()), "feed"))
        except (BadInput, ParseError) as error:
            pytest.fail(f"{path.name}: {error}")
        assert len(rows) == len(re.findall(rb"<item[ >]", path.read_bytes())), path.name
        assert all(isinstance(row, Record | Reject) for row in rows)
        assert all(row.reason for row in rows if isinstance(row, Reject)), path.name
        taken += sum(isinstance(row, Record) for row in rows)
    assert taken >= 20
