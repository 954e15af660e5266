"""Lists of ids over OAI-PMH: pages, tokens that die, broken answers, deleted records, refusals."""

from datetime import date

import pytest

from broadsheet.errors import Upstream
from broadsheet.sources import arxiv_oai_ids
from broadsheet.sources.http import Answer

HEADER = "<header{status}><identifier>oai:arXiv.org:{id}</identifier><datestamp>2026-01-20</datestamp></header>"


def page(*ids, token="", error="", deleted=()):
    headers = "".join(HEADER.format(id=one, status=' status="deleted"' if one in deleted else "") for one in ids)
    inside = f"<error code='{error}'>so it is</error>" if error else f"<ListIdentifiers>{headers}"
    inside += "" if error else f"<resumptionToken>{token}</resumptionToken></ListIdentifiers>"
    return f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{inside}</OAI-PMH>'.encode()


class Told:
    """A client that answers in turn."""

    def __init__(self, *bodies):
        self.bodies, self.asked = list(bodies), []

    def get(self, url, params):
        self.asked.append(dict(params))
        body = self.bodies.pop(0)
        return Answer(url, 404 if body == b"" else 200, body, {})


def ids(client):
    days = date(2026, 1, 13), date(2026, 1, 20)
    return set().union(*arxiv_oai_ids.changed(client, "http://127.0.0.1/oai", "cs:cs:LG", *days))


def test_all_pages_are_read_and_deleted_records_left_out():
    client = Told(page("2601.00001", "2601.00002", token="next", deleted=["2601.00002"]), page("math/0309136"))
    assert ids(client) == {"2601.00001", "math/0309136"}
    assert client.asked[0] == {
        "verb": "ListIdentifiers",
        "metadataPrefix": "arXivRaw",
        "from": "2026-01-13",
        "until": "2026-01-20",
        "set": "cs:cs:LG",
    }
    assert client.asked[1] == {"verb": "ListIdentifiers", "resumptionToken": "next"}


def test_where_nothing_has_changed_there_are_none():
    assert ids(Told(page(error="noRecordsMatch"))) == set()


def test_a_token_that_dies_begins_the_list_again():
    client = Told(page("2601.00001", token="a"), page(error="badResumptionToken"), page("2601.00001", "2601.00002"))
    assert ids(client) == {"2601.00001", "2601.00002"}


def test_a_broken_page_is_asked_for_again_and_what_stood_before_the_break_counts():
    whole = page("2601.00001", "2601.00002")
    assert ids(Told(whole[:200], whole)) == {"2601.00001", "2601.00002"}
    with pytest.raises(Upstream, match="stays broken"):
        ids(Told(*[whole[:200]] * 3))


@pytest.mark.parametrize("body", [page(error="badArgument"), page(error="idDoesNotExist")])
def test_a_refusal_is_told(body):
    with pytest.raises(Upstream, match="refused to list ids: so it is"):
        ids(Told(body))


def test_a_server_that_goes_round_in_circles_is_left():
    with pytest.raises(Upstream, match="for ever"):
        ids(Told(*[page("2601.00001", token="a")] * 3))
