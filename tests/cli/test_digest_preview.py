"""``broadsheet digest preview``: the next digest on the terminal, in a file, of one who is or is not subscribed."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from click.testing import CliRunner
from django.utils import timezone
from tests import cast

from broadsheet.cli import main
from broadsheet.mail.models import Choice, State, Subscription
from broadsheet.mail.preferences import Preferences, preferences_key


@pytest.fixture
def today(db):
    day = timezone.now().date()
    return cast.paper(title="Today's Paper \x1b[31m", day=day, announced=day, imported_votes=4)


def subscribe(address, kind, paper, value="", reader=None):
    now = timezone.now()
    return Subscription.objects.create(
        address=address,
        kind=kind,
        value=value,
        reader=reader,
        state=State.ACTIVE,
        due=now,
        preferences=preferences_key(kind, value, Preferences()),
        covered_day=now.date() - timedelta(days=1),
        covered_paper=paper.pk,
        covered_until=now - timedelta(days=1),
    )


def run(*arguments):
    return CliRunner().invoke(main, ["digest", "preview", *arguments])


def test_the_text_is_printed_without_what_rewrites_a_terminal(today):
    subscribe("ada@example.org", "day", today)
    answer = run("--for", "Ada@Example.org")
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("Subject: The papers of the day, ")
    assert "1. Today's Paper" in answer.output
    assert "\x1b" not in answer.output
    assert not Choice.objects.exists()


def test_a_reader_is_found_by_name(today, ada):
    subscribe("ada@example.org", "day", today, reader=ada)
    assert "Today's Paper" in run("--for", "ada").output


def test_an_address_that_is_not_subscribed_sees_a_list_as_it_would_be(today):
    answer = run("--for", "new@example.org", "--listing", "category:cs.CL")
    assert answer.exit_code == 0, answer.output
    assert "Papers in cs.CL" in answer.output
    assert "new@example.org" in answer.output


def test_who_has_several_chooses_one(today, ada):
    subscribe("ada@example.org", "day", today)
    subscribe("ada@example.org", "category", today, "cs.CL")
    subscribe("ada@example.org", "following", today, ada.public_id, reader=ada)
    answer = run("--for", "ada@example.org")
    assert answer.exit_code == 1
    assert "--listing: day, category:cs.CL, following." in answer.output
    assert run("--for", "ada@example.org", "--listing", "following").exit_code == 0
    assert "Papers in cs.CL" in run("--for", "ada@example.org", "--listing", "category:cs.CL").output


@pytest.mark.parametrize("whose", ["nobody@example.org", "nobody"])
def test_who_is_not_here_is_told_the_way_out(today, whose):
    answer = run("--for", whose)
    assert answer.exit_code == 1
    assert "broadsheet: " in answer.output


def test_files_hold_the_page_the_text_or_the_whole_mail(today, tmp_path):
    subscribe("ada@example.org", "day", today)
    made = {name: tmp_path / name for name in ("digest.html", "digest.txt", "digest.eml")}
    for name, path in made.items():
        more = ["--text"] if name.endswith(".txt") else []
        assert run("--for", "ada@example.org", "--out", str(path), *more).exit_code == 0
    assert made["digest.html"].read_text().startswith("<!DOCTYPE html>")
    assert made["digest.txt"].read_text().startswith("BROADSHEET")
    mail = message_from_bytes(made["digest.eml"].read_bytes(), policy=policy.default)
    assert mail["To"] == "ada@example.org"
    assert mail.get_body(("html",)) is not None


def test_an_empty_edition_is_said_to_be_none(today):
    Subscription.objects.filter(pk=subscribe("ada@example.org", "day", today).pk).update(
        covered_day=timezone.now().date()
    )
    assert "nothing to send" in run("--for", "ada@example.org").output
