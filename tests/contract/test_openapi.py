"""What the OpenAPI description promises, held against the answers to questions that schemathesis makes up."""

import functools
from typing import Any

import hypothesis
import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.checks import negative_data_rejection, not_a_server_error, positive_data_acceptance
from tests.contract.conftest import PAPERS

from broadsheet.accounts import tokens
from broadsheet.accounts.models import User
from broadsheet.community import discussion
from broadsheet.community.models import Comment
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import current
from broadsheet.search.index import Filters, Scored, Tally
from broadsheet.wsgi import application

# The transport does not unpack what it asked to have packed; that compression works is tested with the pages.
PLAIN = {"Accept-Encoding": "identity"}
READING = (
    "/api/daily_papers",
    "/api/papers/search",
    "/api/papers/like",
    "/api/papers",
    "/api/papers/{paper_id}",
    "/api/papers/{paper_id}/facts",
    "/api/arxiv/{paper_id}/repos",
    "/api/agent-harnesses",
    "/api/whoami-v2",
    "/api/users/{name}/overview",
    "/api/users/{name}/followers",
    "/api/users/{name}/following",
    "/api/organizations/{name}/overview",
    "/api/organizations/{name}/members",
    "/api/organizations/{name}/followers",
    "/api/collections",
    "/api/collections/{namespace}/{slug}",
)
WRITING = (
    ("POST", "/api/papers/{paper_id}/vote"),
    ("DELETE", "/api/papers/{paper_id}/vote"),
    ("POST", "/api/papers/{paper_id}/comment"),
    ("POST", "/api/papers/{paper_id}/comment/{comment_id}/reply"),
    ("POST", "/api/papers/{paper_id}/comment/{comment_id}/edit"),
    ("POST", "/api/papers/{paper_id}/comment/{comment_id}/hide"),
    ("POST", "/api/papers/{paper_id}/comment/{comment_id}/react"),
    ("DELETE", "/api/papers/{paper_id}/comment/{comment_id}"),
    ("POST", "/api/papers/{paper_id}/links"),
    ("POST", "/api/papers/submit"),
    ("POST", "/api/papers/index"),
    ("POST", "/api/papers/draft"),
    ("POST", "/api/settings/papers/claim"),
    ("POST", "/api/reports"),
    ("POST", "/api/collections"),
    ("PATCH", "/api/collections/{namespace}/{slug}"),
    ("DELETE", "/api/collections/{namespace}/{slug}"),
    ("POST", "/api/collections/{namespace}/{slug}/items"),
    ("PATCH", "/api/collections/{namespace}/{slug}/items/{item_id}"),
    ("DELETE", "/api/collections/{namespace}/{slug}/items/{item_id}"),
    ("POST", "/oauth/device"),
    ("POST", "/oauth/token"),
)


class Everything:
    """An index in which every paper matches every word, behind the port of search."""

    space = ""

    def words(
        self, text: str, *, limit: int, filters: Filters, alike: object = (), whole: bool = False
    ) -> list[Scored]:
        return [Scored(pk, 1.0 / pk) for pk in Paper.objects.values_list("pk", flat=True)[:limit]]

    def having(self, ids: NDArray[np.int64], needs: object) -> NDArray[np.int64]:
        return ids

    def newest(self, *, limit: int, filters: Filters) -> list[Scored]:
        return [Scored(pk, 739_000.0) for pk in Paper.objects.values_list("pk", flat=True)[:limit]]

    def tally(self, *, filters: Filters, facets: bool = False) -> Tally:
        return Tally(Paper.objects.count())

    def size(self) -> int:
        return Paper.objects.count()


@pytest.fixture
def description(db: None, unlimited: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    store(PAPERS)
    monkeypatch.setattr(current, "searcher", Everything)
    monkeypatch.setattr(current, "embedder", lambda *_, **__: None)
    return described()


@functools.cache
def described() -> Any:
    """Ask for the description once: it is the same for every test, and making it takes longer than most of them."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", application)


@pytest.fixture
def token(description: Any, settings: Settings, mo: User) -> dict[str, str]:
    """The header of a moderator with a token for writing, whom no limit holds back."""
    settings.COMMENTS_PER_HOUR = 1_000_000
    _, secret = tokens.issue(mo, "everything", "write")
    discussion.comment(mo, Paper.objects.get(key="2611.00001"), "A comment.")
    return {"Authorization": f"Bearer {secret}"}


def test_every_address_is_tried(description: Any):
    known = {(one.ok().method.upper(), one.ok().path) for one in description.get_all_operations()}
    assert known == {("GET", address) for address in READING} | set(WRITING)


def hold(operation: Any, mode: GenerationMode, headers: dict[str, str], *, examples: int = 20) -> None:
    """Ask an address with questions of one kind, and hold every check of schemathesis against each answer."""

    @hypothesis.settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def tried(case: Any) -> None:
        asked = case.query or {}
        # What no pattern can say: which years have a week 53, and which cursors have been given out.
        unsaid = asked.get("cursor") or str(asked.get("week", "")).endswith("53")
        # Nothing written is nothing asked, as forms send it; the description leaves that out.
        blank = "" in asked.values()
        excluded = [positive_data_acceptance] * bool(unsaid) + [negative_data_rejection] * blank
        case.call_and_validate(excluded_checks=excluded, headers=headers | PLAIN)

    tried()


@pytest.mark.parametrize("address", READING)
def test_questions_as_described_are_answered_as_described(description: Any, token: dict[str, str], address: str):
    hold(description[address]["GET"], GenerationMode.POSITIVE, token)


@pytest.mark.parametrize("address", ["/api/daily_papers", "/api/papers/search", "/api/papers"])
def test_other_questions_are_refused_as_described(description: Any, address: str):
    hold(description[address]["GET"], GenerationMode.NEGATIVE, {})


@pytest.mark.parametrize(("method", "address"), WRITING)
def test_what_writes_answers_as_described(description: Any, token: dict[str, str], method: str, address: str):
    """Half of the papers and comments named are there; which texts a verb takes, no description can say."""
    comment = Comment.objects.get().public_id

    @hypothesis.settings(
        max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=description[address][method].as_strategy(), known=st.booleans())
    def tried(case: Any, known: bool) -> None:
        if known and "paper_id" in (case.path_parameters or {}):
            case.path_parameters["paper_id"] = "2611.00001"
            if "comment_id" in case.path_parameters:
                case.path_parameters["comment_id"] = comment
        excluded = [positive_data_acceptance]
        if address in ("/api/papers/submit", "/api/papers/index"):
            excluded.append(not_a_server_error)  # 502: there is no network in the suite
        answer = case.call_and_validate(excluded_checks=excluded, headers=token | PLAIN)
        assert answer.status_code != 500

    tried()
