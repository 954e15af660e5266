"""What the OpenAPI description promises, held against the answers to questions that schemathesis makes up."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from tests.contract.conftest import PAPERS

from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import current
from broadsheet.search.index import Filters, Scored
from broadsheet.wsgi import application

ADDRESSES = (
    "/api/daily_papers",
    "/api/papers/search",
    "/api/papers",
    "/api/papers/{paper_id}",
    "/api/arxiv/{paper_id}/repos",
    "/api/agent-harnesses",
    "/api/whoami-v2",
)


class Everything:
    """An index in which every paper matches every word, behind the port of search."""

    def words(self, text: str, *, limit: int, filters: Filters) -> list[Scored]:
        return [Scored(pk, 1.0 / pk) for pk in Paper.objects.values_list("pk", flat=True)[:limit]]


@pytest.fixture
def description(db: None, unlimited: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    store(PAPERS)
    monkeypatch.setattr(current, "searcher", Everything)
    monkeypatch.setattr(current, "embedder", lambda: None)
    return schemathesis.openapi.from_wsgi("/api/openapi.json", application)


def test_every_address_is_tried(description: Any):
    assert {operation.ok().path for operation in description.get_all_operations()} == set(ADDRESSES)


def hold(operation: Any, mode: GenerationMode) -> None:
    """Ask an address with questions of one kind, and hold every check of schemathesis against each answer."""

    @settings(max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def tried(case: Any) -> None:
        asked = case.query or {}
        # What no pattern can say: which years have a week 53, and which cursors have been given out.
        unsaid = asked.get("cursor") or str(asked.get("week", "")).endswith("53")
        # Nothing written is nothing asked, as forms send it; the description leaves that out.
        blank = "" in asked.values()
        excluded = [positive_data_acceptance] * bool(unsaid) + [negative_data_rejection] * blank
        case.call_and_validate(excluded_checks=excluded)

    tried()


@pytest.mark.parametrize("address", ADDRESSES)
def test_questions_as_described_are_answered_as_described(description: Any, address: str):
    hold(description[address]["GET"], GenerationMode.POSITIVE)


@pytest.mark.parametrize("address", ["/api/daily_papers", "/api/papers/search", "/api/papers"])
def test_other_questions_are_refused_as_described(description: Any, address: str):
    hold(description[address]["GET"], GenerationMode.NEGATIVE)
