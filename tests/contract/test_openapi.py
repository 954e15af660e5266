"""What the OpenAPI description promises, held against the answers to questions that schemathesis makes up."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import current
from broadsheet.search.index import Filters, Scored
from broadsheet.wsgi import application
from tests.contract.conftest import PAPERS

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


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("address", ADDRESSES)
def test_the_description_is_kept(description: Any, address: str, mode: GenerationMode):
    operation = description[address]["GET"]

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=mode))
    def tried(case: Any) -> None:
        case.call_and_validate()

    tried()
