"""An index of the test's own, and a week of papers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from tests import cast

from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.index import Index
from broadsheet.search.keeping import upkeep

MONDAY = datetime(2026, 1, 5, 7, tzinfo=UTC)


@pytest.fixture
def index(tmp_path, settings) -> Iterator[Index]:
    """The index of this process, empty, searched by words alone."""
    settings.INDEX_DIR = tmp_path / "index"
    settings.MODEL = "none"
    current.release()
    current.forget_model()
    yield current.own()
    current.release()
    current.forget_model()
    state.read(now=True)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The clock of the test: Monday, 5 January 2026, 7:00, until it is moved."""
    with time_machine.travel(MONDAY, tick=False) as moved:
        yield moved


@pytest.fixture
def day_of(db, clock):
    """A function that takes in papers for an edition at six in the morning of it; the clock stays at that moment."""

    def take_in(days: int, *numbers: int, late: timedelta = timedelta(0), **more: object) -> list[Paper]:
        morning = MONDAY + timedelta(days=days) - timedelta(hours=1)
        clock.move_to(morning + late)
        made: list[Paper] = []
        for number in numbers:
            made.append(cast.paper(f"2601.{number:05}", f"Paper {number}", **({"day": morning.date()} | more)))
            clock.shift(1)
        return made

    return take_in


@pytest.fixture
def indexed(index):
    """A function that tells the index of all papers."""

    def tell() -> None:
        index.add([upkeep.document_of(paper) for paper in Paper.objects.all()])
        index.flush()

    return tell
