"""Papers of other places taken in: from files and addresses, under one key each, and found again by their ids."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.urls import reverse

from broadsheet import pipeline, places
from broadsheet.errors import BadInput, Refused
from broadsheet.papers.models import Paper, Run

pytestmark = pytest.mark.django_db
PLACES = Path(__file__).parent / "data" / "places"
FILES = sorted(PLACES.iterdir())


def take(place: object) -> Run:
    opened = places.open_place(str(place))
    return pipeline.take_in(opened.source, place=str(place), fingerprint=opened.fingerprint)


@pytest.fixture
def host() -> Iterator[str]:
    """A server on this machine that serves the files of tests/data/places."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (PLACES / self.path.strip("/")).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_files_of_every_place_go_in_and_again_change_nothing():
    runs = [take(path) for path in FILES]
    assert sum(run.added for run in runs) == Paper.objects.count()
    assert sum(run.rejected for run in runs) == 8
    again = [take(path) for path in FILES]
    assert sum(run.added for run in again) == 0


def test_one_paper_that_three_places_name_is_one():
    for name in ("references.bib", "biorxiv.json", "feed.rss"):
        take(PLACES / name)
    assert Paper.objects.filter(key="acl:2024.example-long.7").count() == 1
    assert Paper.objects.filter(key="doi:10.64898/2026.07.31.000001").count() == 1
    preprint = Paper.objects.get(key="doi:10.64898/2026.07.31.000001")
    assert (preprint.version, preprint.earlier.count()) == (2, 1)
    assert preprint.title == "Examples in mice, men and moles", (
        "a feed's text does not replace that of the place itself"
    )


@pytest.mark.parametrize("name", ["feed.atom", "biorxiv.json", "acl.xml"])
def test_an_address_is_taken_in(host, settings, name):
    settings.OFFLINE, settings.ARXIV_DELAY = False, 0
    run = take(f"{host}/{name}")
    assert run.added > 0
    assert run.finished


def test_nothing_is_asked_while_the_network_is_switched_off(settings):
    settings.OFFLINE = True
    for place in ("https://example.org/feed", "biorxiv", "medrxiv"):
        with pytest.raises(Refused, match="switched off"):
            places.open_place(place)


def test_what_is_no_place_is_refused_with_those_that_are():
    with pytest.raises(BadInput, match="There is no file") as caught:
        places.open_place("ftp://example.org/feed")
    assert "biorxiv" in caught.value.hint


def test_papers_of_other_places_are_found_by_their_addresses_and_have_a_page(client):
    for path in FILES:
        take(path)
    for name, key in {
        "https://aclanthology.org/2025.example-long.1/": "acl:2025.example-long.1",
        "https://openreview.net/forum?id=-wItHd_0-2": "openreview:-wItHd_0-2",
        "https://doi.org/10.1000/Annals.1": "doi:10.1000/annals.1",
        "10.1000/rdf.1": "doi:10.1000/rdf.1",
        "doi:10.1000/EXAMPLE(2025).42": "doi:10.1000/example(2025).42",
    }.items():
        found = Paper.objects.named(name)
        assert found is not None, name
        assert found.key == key
    for key in Paper.objects.values_list("key", flat=True):
        assert client.get(reverse("paper", args=[key])).status_code == 200, key
