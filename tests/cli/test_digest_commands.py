"""``broadsheet digest``: what is due is sent, told beforehand, and counted."""

import json
import os
import re
import signal
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from django.utils import timezone
from tests import cast
from tests.mail_rows import choice, delivery, subscription

from broadsheet.cli import main
from broadsheet.mail import ledger, sending
from broadsheet.mail.models import Delivery


@pytest.fixture
def due(db, settings, time_machine):
    """Two subscriptions that are due on a day with papers."""
    now = datetime(2026, 1, 5, 7, 30, tzinfo=UTC)
    time_machine.move_to(now, tick=False)
    settings.DIGEST_WAIT = 0
    for number in range(3):
        cast.paper(f"2601.1{number:04}", f"Paper number {number}")
    facts = {"due": now - timedelta(minutes=30), "covered_day": date(2026, 1, 4)}
    return [subscription(f"{name}@example.org", **facts) for name in ("ada", "bo")]


def run(*arguments):
    return CliRunner().invoke(main, ["digest", *arguments])


def test_sending_says_what_it_did(due, mailoutbox):
    answer = run("send")
    assert answer.exit_code == 0, answer.output
    assert "Digests: 2 sent." in answer.stdout
    assert sorted(to for mail in mailoutbox for to in mail.to) == ["ada@example.org", "bo@example.org"]
    assert "Nothing is due." in run("send").stdout
    assert len(mailoutbox) == 2


def test_sending_as_json(due):
    told = json.loads(run("send", "--json").stdout)
    assert (told["sent"], told["taken"], told["failed"]) == (2, 2, 0)


def test_a_dry_run_prints_who_would_get_what_and_sends_nothing(due, mailoutbox):
    answer = run("send", "--dry-run")
    assert answer.exit_code == 0, answer.output
    lines = answer.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["ada@example.org", "bo@example.org"]
    assert "2026-01-05, 3 papers" in lines[0]
    assert lines[2] == "2 digests would be sent now."
    rows = [json.loads(line) for line in run("send", "--dry-run", "--json").stdout.splitlines()]
    assert [(row["address"], row["edition"], row["papers"]) for row in rows] == [
        ("ada@example.org", "2026-01-05", 3),
        ("bo@example.org", "2026-01-05", 3),
    ]
    assert mailoutbox == []
    assert not Delivery.objects.exists()


def test_a_dry_run_tells_what_is_tried_again(db):
    delivery(subscription(), choice(), tries=2)
    assert "tried 2 times" in run("send", "--dry-run").stdout


def test_the_status_counts(due):
    run("send")
    told = json.loads(run("status", "--json").stdout)
    assert (told["active"], told["sent_in_a_day"], told["due_now"], told["refusals"]) == (2, 2, 0, [])
    assert "Sent in a day: 2" in run("status").stdout
    assert re.search(r"Next due: 2026-01-\d\d \d\d:00 UTC\n", run("status").stdout)


def test_beside_a_running_sender_it_refuses(due, monkeypatch):
    def busy():
        raise ledger._busy()

    monkeypatch.setattr(ledger, "only_sender", busy)
    answer = run("send")
    assert answer.exit_code == 1
    assert "Another process sends digests already." in answer.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_after_the_mail_in_hand(db, mailoutbox, monkeypatch, number):
    chosen = choice()
    for place in range(5):
        delivery(subscription(f"reader-{place}@example.org"), chosen, taken=timezone.now())
    whole = sending.ledger.sent

    def pressed(row, answer, now):
        os.kill(os.getpid(), number)
        return whole(row, answer, now)

    monkeypatch.setattr(sending.ledger, "sent", pressed)
    answer = run("send")
    assert answer.exit_code == 130
    assert "Stopped." in answer.stderr
    assert len(mailoutbox) == 1
    assert list(Delivery.objects.order_by("pk").values_list("progress", flat=True)) == ["sent"] + ["taken"] * 4
    monkeypatch.setattr(sending.ledger, "sent", whole)
    assert run("send").exit_code == 0
    assert len({to for mail in mailoutbox for to in mail.to}) == len(mailoutbox) == 5
