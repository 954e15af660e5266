"""Answers of OAI-PMH: recorded ones whole, protocol errors, and XML that breaks off, is spoilt or means harm."""

import pytest
from tests.arxiv_site import Out, cut, envelope, error, papers, record
from tests.conftest import DATA

from broadsheet.errors import Upstream
from broadsheet.sources.arxiv_oai_records import stamp_of
from broadsheet.sources.oai_pmh import read

TWIN = (DATA / "oai-arxivraw.xml").read_bytes()


def listed(*records: str) -> bytes:
    return envelope(f"<ListRecords>{''.join(records)}<resumptionToken>next</resumptionToken></ListRecords>")


def ids(page):
    return [stamp_of(one)[0].removeprefix("oai:arXiv.org:") for one in page.records]


def test_a_whole_answer_gives_records_token_and_the_servers_own_date():
    page = read(TWIN)
    assert ids(page) == ["2601.00002", "math/0601001", "2601.00003"]
    assert page.token.startswith("verb%3DListRecords%26")
    assert page.answered.isoformat() == "2026-01-20T02:00:05+00:00"
    assert (page.errors, page.rejected, page.broken) == ([], [], "")


@pytest.mark.parametrize(
    "code",
    [
        "badArgument",
        "badResumptionToken",
        "badVerb",
        "cannotDisseminateFormat",
        "idDoesNotExist",
        "noRecordsMatch",
        "noMetadataFormats",
        "noSetHierarchy",
    ],
)
def test_every_error_of_the_protocol_is_told_with_its_words(code):
    assert read(error(code, "Because\n of it.")).errors == [(code, "Because of it.")]


def test_what_stands_before_a_break_is_kept():
    body = listed(*map(record, papers(10)))
    page = read(cut(Out(body)).body)
    assert 0 < len(page.records) < 10
    assert page.broken
    assert page.token == ""


def test_every_cut_of_an_answer_is_told_and_gives_only_whole_records():
    body = listed(*map(record, papers(3))).rstrip()
    for length in range(0, len(body), 7):
        page = read(body[:length])
        assert page.broken, length
        assert ids(page) == ["2601.00001", "2601.00002", "2601.00003"][: len(page.records)]


def test_signs_that_xml_forbids_are_dropped():
    spoilt = listed(*map(record, papers(2))).replace(b"9 pages", b"9\x0bpages&#x08;&#12;\x00 &#9;\xffend", 1)
    page = read(spoilt)
    assert ids(page) == ["2601.00001", "2601.00002"]
    assert page.broken == ""
    assert "9pages \t\ufffdend" in "".join(page.records[0].itertext())


def test_one_record_that_is_no_xml_is_rejected_with_its_text_and_the_others_go_in():
    one, two, three = map(record, papers(3))
    page = read(listed(one, two.replace("9 pages", "a <b and & c"), three))
    assert ids(page) == ["2601.00001", "2601.00003"]
    assert "a <b and & c" in page.rejected[0]
    assert (page.token, page.broken) == ("next", "")
    assert page.answered


def test_what_is_no_xml_at_all_is_told():
    assert read(b"").broken
    assert read(b"<html><p>Too busy</html>").broken


@pytest.mark.parametrize(
    "harm",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><OAI-PMH>&b;</OAI-PMH>',
        b'<!DOCTYPE a SYSTEM "http://192.0.2.1/x"><OAI-PMH/>',
        b'<?xml version="1.0" encoding="no-such"?><OAI-PMH/>',
    ],
)
def test_xml_that_means_harm_is_refused(harm):
    with pytest.raises(Upstream, match="not XML that is read"):
        read(harm)


@pytest.mark.shared
def test_recorded_answers_are_read_without_loss(shared_data):
    counted = {}
    for name in ("oai-arxiv", "oai-dc", "oai-generic"):
        for path in sorted(shared_data(f"feeds/{name}").glob("*.xml")):
            body = path.read_bytes()
            page = read(body)
            counted[path.stem] = len(page.records)
            assert len(page.records) == body.count(b"<record>"), path.name
            assert bool(page.errors) == (b"<error" in body), path.name
            assert bool(page.broken) == (path.stem == "sickle_ListRecordsBroken"), path.name
    assert counted["hepcrawl_sample_arxiv_record"] == 12
    assert len(counted) > 35
