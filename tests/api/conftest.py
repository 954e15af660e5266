"""A few made-up papers in the database, and a client that reads them as a program would."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from broadsheet.accounts import limits
from broadsheet.community.votes import rescore
from broadsheet.papers.actions import store
from broadsheet.sources.record import Record

Get = Callable[..., Any]

PAPERS = (
    Record(
        id="2611.00001",
        title="Small Models, Long Days",
        source="arxiv",
        abstract="We measure the days of small models.",
        authors=("A. Example", "B. Sample"),
        categories=("cs.CL",),
        version=2,
        published=datetime(2026, 11, 18, 17, 8, tzinfo=UTC),
        announced=date(2026, 11, 20),
        votes=3,
        code_url="https://github.com/example/days",
        code_stars=12,
    ),
    Record(
        id="2611.00002",
        title="Reading Measured",
        source="arxiv",
        abstract="How readers read.",
        authors=("C. Model",),
        categories=("cs.AI",),
        announced=date(2026, 11, 20),
        votes=9,
        votes_seen=((date(2026, 11, 20), 9),),
    ),
    Record(id="2611.00003", title="A Quiet Thursday", source="list", announced=date(2026, 11, 19)),
    Record(id="2610.00004", title="October Leaves", source="list", announced=date(2026, 10, 30), votes=1),
    Record(id="cs/0601001", title="An Old Paper", source="list", announced=date(2006, 1, 2)),
)


@pytest.fixture(autouse=True)
def unlimited(settings: Settings) -> None:
    settings.API_RATE = 0
    limits.forget()


@pytest.fixture
def papers(db: None) -> tuple[Record, ...]:
    rescore(store(PAPERS).voted)
    return PAPERS


@pytest.fixture
def get(papers: tuple[Record, ...], client: Client) -> Get:
    """Ask an address of the API: its path below /api/, then what stands in the query; headers as ``headers=``."""

    def ask(path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        return client.get(f"/api/{path}", query, headers=headers or {})

    return ask
