"""``broadsheet status`` tells how far the newest announcement is."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from tests import cast

from broadsheet.cli import main
from broadsheet.ledger import keeping
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db


def test_the_status_tells_how_many_papers_of_the_newest_announcement_are_here(time_machine):
    now = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
    time_machine.move_to(now, tick=False)
    day = date(2026, 11, 20)
    answer = json.loads(CliRunner().invoke(main, ["status", "--json"]).stdout)
    assert (answer["announcement"], answer["announcement_state"]) == ("2026-11-20", "")
    keeping.note_total(day, "", 3)
    cast.paper("2611.00001", day=day, announced=day)
    Paper.objects.update(added=now - timedelta(hours=1))
    keeping.recount([day], now)
    answer = json.loads(CliRunner().invoke(main, ["status", "--json"]).stdout)
    told = [answer[f"announcement_{name}"] for name in ("state", "received", "expected", "estimated")]
    assert told == ["partial", 1, 3, False]
    assert "announcement state     partial" in CliRunner().invoke(main, ["status"]).stdout
