"""What came back, and which addresses are mailed, by commands."""

import json
import mailbox
import subprocess

import pytest
from click.testing import CliRunner
from tests.bounced import about, raw
from tests.conftest import broadsheet
from tests.mail_rows import choice, delivery, subscription

from broadsheet import jobs
from broadsheet.cli import main
from broadsheet.mail import addresses
from broadsheet.mail.models import State
from broadsheet.work import running


@pytest.fixture
def sent(db):
    return delivery(subscription(), choice())


def run(*arguments, data=None):
    return CliRunner().invoke(main, ["mail", *arguments], input=data)


def state(of):
    of.subscription.refresh_from_db()
    return of.subscription.state


def test_messages_are_taken_in_from_files_and_from_the_input(sent, tmp_path):
    (tmp_path / "one.eml").write_bytes(raw("letter"))
    told = run("bounces", str(tmp_path / "one.eml"), "-", data=about("unknown-postfix", sent))
    assert told.exit_code == 0, told.output
    assert told.stdout == "1 about mails of this site, 1 others.\n"
    assert state(sent) == State.SUSPENDED


def test_a_file_that_cannot_be_read_is_named(db, tmp_path):
    (tmp_path / "long.eml").write_bytes(b"x" * 1_000_001)
    told = run("bounces", str(tmp_path / "long.eml"))
    assert told.exit_code == 1
    assert "long.eml" in told.stderr


def test_the_mailbox_is_read_where_one_is_set(sent, tmp_path, settings):
    box = mailbox.Maildir(tmp_path / "mail")
    box.add(about("complaint-abuse", sent))
    settings.BOUNCES = f"maildir:{tmp_path}/mail"
    assert json.loads(run("bounces", "--json").stdout) == {"reports": 1, "others": 0, "broken": 0}
    assert state(sent) == State.ENDED
    assert len(box) == 0


def test_without_a_mailbox_and_files_the_way_out_is_told(db):
    told = run("bounces")
    assert told.exit_code == 1
    assert "BROADSHEET_BOUNCES" in told.stderr


def test_an_address_is_never_mailed_until_it_is_allowed_again(sent):
    assert run("suppress", "Ada@Example.org").exit_code == 0
    assert state(sent) == State.ENDED
    assert addresses.is_suppressed("ada@example.org")
    assert "can subscribe again" in run("allow", "ada@example.org").stdout
    assert not addresses.is_suppressed("ada@example.org")
    assert "neither suppressed nor suspended" in run("allow", "ada@example.org").stdout
    assert run("suppress", "ada").exit_code == 1


def test_a_suspended_address_goes_on(sent):
    run("bounces", "-", data=about("unknown-postfix", sent))
    assert "1 suspended subscription goes on" in run("allow", "ada@example.org").stdout
    assert state(sent) == State.ACTIVE


def test_how_mail_stands_is_shown(sent):
    run("bounces", "-", data=about("full", sent))
    assert json.loads(run("status", "--json").stdout) == {
        "subscriptions": {"active": 1},
        "came_back_in_14_days": {"soft": 1},
        "suppressed_addresses": {},
    }
    told = run("status").stdout
    assert "Subscriptions: 1 active." in told
    assert "Suppressed addresses: none." in told


def test_a_server_reads_the_mailbox_only_where_one_is_set(settings):
    def names():
        return {entry.name for entry in jobs.standing()}

    assert "bounces" not in names()
    settings.BOUNCES = "maildir:/var/mail/bounces"
    assert "bounces" in names()


@pytest.mark.django_db(transaction=True)
def test_the_job_of_a_server_takes_reports_in(sent, tmp_path, settings):
    mailbox.Maildir(tmp_path / "mail").add(about("unknown-postfix", sent))
    settings.BOUNCES = f"maildir:{tmp_path}/mail"
    run = running.run_now(jobs.entry("bounces"), "")
    assert run.result == "1 about mails of this site, 0 others."
    assert state(sent) == State.SUSPENDED


def test_a_wrong_mailbox_is_a_sentence_in_a_process_of_its_own(tmp_path):
    told: subprocess.CompletedProcess[str] = broadsheet(
        tmp_path, "mail", "bounces", BROADSHEET_BOUNCES="imaps://user:hidden@/INBOX"
    )
    assert told.returncode == 1
    assert "is no mailbox" in told.stderr
    assert "hidden" not in told.stderr
