"""Submitting what is not here yet: fetched from an imitation of arXiv on this machine, or refused in plain words."""

import socket
from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from tests import cast
from tests.arxiv_imitation import Imitation

from broadsheet import pipeline
from broadsheet.community.models import Claim, Comment, Submission
from broadsheet.errors import BadInput, Conflict, NotFound, Refused, SignInNeeded, TooMany, Upstream
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db

# The imitation says of every paper it is asked for that it is of Friday, 19 May 2023.
MONDAY = datetime(2023, 5, 22, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def a_monday():
    with time_machine.travel(MONDAY, tick=True) as clock:
        yield clock


@pytest.fixture(scope="module")
def server():
    running = Imitation(0)
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def arxiv(server, settings, tmp_path):
    server.asked.clear()
    settings.OFFLINE, settings.ARXIV_API, settings.ARXIV_DELAY, settings.HOME = False, server.url, 0, tmp_path
    return server


@pytest.mark.parametrize(
    "name",
    [
        "2305.12102",
        " arXiv:2305.12102v1 ",
        "https://arxiv.org/pdf/2305.12102",
        "https://doi.org/10.48550/arXiv.2305.12102",
    ],
)
def test_an_unknown_paper_is_fetched_by_any_spelling_of_its_id(ada, arxiv, name):
    made = pipeline.submit(ada, name, "Worth a look.")
    paper = Paper.objects.get()
    assert (paper.key, paper.title, paper.source) == ("2305.12102", "Asked by Id", "arxiv")
    assert (made.paper, made.reader, made.day) == (paper, ada, paper.day)
    assert paper.votes == 1
    assert Comment.objects.get().text == "Worth a look."
    assert [asked[2]["id_list"] for asked in arxiv.asked] == [["2305.12102"]]


def test_arxiv_is_asked_outside_of_any_transaction(ada, arxiv, monkeypatch):
    depths = []
    fetch = pipeline._asked

    def watched(ask):
        depths.append(len(connection.savepoint_ids))
        return fetch(ask)

    monkeypatch.setattr(pipeline, "_asked", watched)
    before = len(connection.savepoint_ids)
    pipeline.submit(ada, "2305.12102")
    assert depths == [before]


def test_a_known_paper_is_not_fetched(ada, arxiv):
    cast.paper("2305.12102", published=MONDAY, announced=None)
    pipeline.submit(ada, "2305.12102")
    assert not arxiv.asked


def test_a_paper_that_is_no_arxiv_paper_is_submitted_by_its_key(ada, arxiv):
    cast.paper("local:report-7", published=MONDAY, announced=None)
    assert pipeline.submit(ada, "local:report-7").paper.key == "local:report-7"


def test_a_version_that_is_newer_than_the_one_here_is_read_first(ada, arxiv):
    cast.paper("2305.12102", title="Asked by Id", published=MONDAY, announced=None, version=1)
    pipeline.submit(ada, "2305.12102v1")
    assert not arxiv.asked
    with pytest.raises(Conflict, match="submitted by ada"):  # arXiv itself knows of no second version
        pipeline.submit(ada, "2305.12102v2")
    assert len(arxiv.asked) == 1


def test_a_weekend_is_told_before_arxiv_is_asked(ada, arxiv, a_monday):
    a_monday.move_to(datetime(2023, 5, 20, 15, tzinfo=UTC))
    with pytest.raises(Refused, match="weekends"):
        pipeline.submit(ada, "2305.12102")
    assert not arxiv.asked
    assert not Paper.objects.exists()


def test_a_paper_outside_its_window_is_here_afterwards_and_not_submitted(ada, arxiv, a_monday):
    a_monday.move_to(datetime(2023, 7, 5, 15, tzinfo=UTC))
    with pytest.raises(Refused, match="14 days"):
        pipeline.submit(ada, "2305.12102")
    assert Paper.objects.exists()
    assert not Submission.objects.exists()


def test_what_names_no_paper_is_told(ada, arxiv):
    with pytest.raises(BadInput, match="not an arXiv id"):
        pipeline.submit(ada, "my favourite paper")
    with pytest.raises(BadInput):
        pipeline.index_paper(ada, "")
    assert not arxiv.asked


def test_visitors_are_asked_to_sign_in(arxiv):
    for act in (pipeline.submit, pipeline.index_paper):
        with pytest.raises(SignInNeeded):
            act(AnonymousUser(), "2305.12102")
    assert not arxiv.asked


def test_without_a_network_it_is_said_that_the_paper_can_be_submitted_once_it_is_here(ada, settings):
    settings.OFFLINE = True
    with pytest.raises(Refused, match="network is switched off") as refusal:
        pipeline.submit(ada, "2305.12102")
    assert "once it is here" in refusal.value.hint


def test_an_arxiv_that_cannot_be_reached_is_told_too(ada, settings, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.OFFLINE, settings.ARXIV_DELAY, settings.HOME = False, 0, tmp_path
    settings.ARXIV_API = f"http://127.0.0.1:{port}/api"
    with pytest.raises(Upstream, match=r"2305\.12102 could not be fetched") as refusal:
        pipeline.submit(ada, "2305.12102")
    assert "once it is here" in refusal.value.hint


def test_an_arxiv_that_accepts_and_never_answers_holds_nobody_for_long(ada, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "FIRST_LOOK", 0.3)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        settings.OFFLINE, settings.ARXIV_DELAY, settings.HOME = False, 0, tmp_path
        settings.ARXIV_API = f"http://127.0.0.1:{deaf.getsockname()[1]}/api"
        with pytest.raises(Upstream, match="did not answer within"):
            pipeline.index_paper(ada, "2305.12102")


def test_a_paper_that_arxiv_does_not_know_is_told(ada, arxiv, monkeypatch):
    monkeypatch.setattr("tests.arxiv_imitation.ENTRY", "")
    with pytest.raises(NotFound, match="does not know a paper"):
        pipeline.index_paper(ada, "2305.12102")


def test_a_paper_is_brought_here_without_being_submitted(ada, arxiv):
    paper = pipeline.index_paper(ada, "https://arxiv.org/abs/2305.12102v3")
    assert paper.key == "2305.12102"
    assert not Submission.objects.exists()
    assert paper.votes == 0


def test_a_paper_that_is_here_is_read_anew_for_its_authors_only(ada, bo, arxiv):
    paper = cast.paper("2305.12102")
    pipeline.index_paper(bo, "2305.12102")
    assert not arxiv.asked
    Claim.objects.create(paper=paper, reader=ada, author_name="Ada Example", proof="moderator", state="verified")
    assert pipeline.index_paper(ada, "2305.12102").pk == paper.pk
    assert len(arxiv.asked) == 1


def test_one_reader_has_so_many_papers_fetched_an_hour(arxiv):
    newcomer = cast.reader("new", days=0)
    pipeline.index_paper(newcomer, "2305.00001")
    pipeline.index_paper(newcomer, "2305.00002")
    with pytest.raises(TooMany):
        pipeline.index_paper(newcomer, "2305.00003")
    assert len(arxiv.asked) == 2
