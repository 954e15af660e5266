"""What readers do by commands, and how the operator looks after accounts."""

import json
import re

import pytest
from click.testing import CliRunner
from tests import cast
from tests.conftest import DATA, broadsheet

from broadsheet.accounts import tokens
from broadsheet.accounts.models import Role, User
from broadsheet.cli import main
from broadsheet.community.models import Comment, ListItem, ModerationEntry, ReadingList, Vote


def run(*arguments, text=None):
    """Run a command within the suite's own database."""
    return CliRunner().invoke(main, list(arguments), input=text)


def done(*arguments, text=None):
    answer = run(*arguments, text=text)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


# --- The operator -------------------------------------------------------------------------------------------------


def test_an_account_made_without_a_password_signs_in_by_its_link(db, client):
    told = done("reader", "add", "zed", "--email", "Zed@Example.org", "--name", "Zed Example", "--role", "trusted")
    made = User.objects.get(username="zed")
    assert (made.email, made.name, made.role) == ("zed@example.org", "Zed Example", Role.TRUSTED)
    assert not made.has_usable_password()
    path = re.search(r"http://localhost:8000(/sign-in/link/\S+)", told)[1]
    assert client.get(path).status_code == 200
    client.post(path)
    assert client.session["_auth_user_id"] == str(made.pk)


def test_an_account_takes_its_password_from_a_file(db, tmp_path):
    path = tmp_path / "password"
    path.write_text(f"{cast.PASSWORD}\n")
    assert "sign-in/link" not in done("reader", "add", "zed", "--password-file", str(path))
    assert User.objects.get(username="zed").check_password(cast.PASSWORD)


def test_the_list_of_readers_leaves_the_operator_out(ada, mo):
    done("reader", "role", "ada", "trusted")
    assert [row["name"] for row in json.loads(done("reader", "list", "--json"))] == ["mo", "ada"]
    assert re.search(r"(?m)^ada +trusted +ada@example.org", done("reader", "list"))


def test_a_role_is_given_by_the_operator_and_logged(ada):
    done("reader", "role", "ada", "moderator", "--reason", "Has time.")
    ada.refresh_from_db()
    assert ada.role == Role.MODERATOR
    entry = ModerationEntry.objects.get()
    assert (entry.moderator, entry.account, entry.reason) == ("operator", "ada", "Has time.")


def test_a_suspension_and_its_end(ada):
    done("reader", "suspend", "ada", "--days", "3", "--reason", "Too loud.")
    ada.refresh_from_db()
    assert ada.is_suspended
    done("reader", "lift", "ada@example.org")
    ada.refresh_from_db()
    assert not ada.is_suspended
    assert set(ModerationEntry.objects.values_list("moderator", "verb")) == {
        ("operator", "suspend"),
        ("operator", "lift"),
    }


def test_a_token_is_printed_alone(ada):
    secret = done("reader", "token", "ada", "--name", "cron", "--scope", "write", "--days", "9").strip()
    assert tokens.reader_of(secret).reader == ada
    assert tokens.reader_of(secret).expires


def test_an_invitation_of_the_operator_works(client, db, settings):
    settings.MODE = "closed"
    path = done("reader", "invite").strip().removeprefix("http://localhost:8000")
    assert client.get(path, follow=True).status_code == 200


def test_closing_asks_first(ada):
    assert run("reader", "close", "ada", text="n\n").exit_code == 1
    assert User.objects.filter(username="ada").exists()
    done("reader", "close", "ada", "--yes")
    assert not User.objects.filter(username="ada").exists()


def test_nobody_signs_in_as_the_operator(client, ada):
    done("reader", "role", "ada", "trusted")
    operator = User.objects.get(username="operator")
    assert not operator.is_active
    assert not operator.has_usable_password()
    assert run("reader", "link", "operator").exit_code == 1
    assert run("reader", "add", "operator").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("reader", "role", "nobody-here", "admin"), ("nobody-here", "broadsheet reader list")),
        (("reader", "add", "Not A Name"), ("Not A Name", "small letters")),
        (("reader", "add", "ada"), ("ada is taken",)),
        (("reader", "lift", "ada"), ("not suspended",)),
        (("reader", "role", "al", "reader"), ("only administrator", "another")),
        (("reader", "close", "al", "--yes"), ("last administrator", "broadsheet reader role")),
        (("vote", "2601.00001"), ("--as NAME",)),
        (("vote", "2601.99999", "--as", "ada"), ("2601.99999", "broadsheet ingest")),
        (("comment", "2601.00001", " ", "--as", "ada"), ("empty",)),
        (("list", "show", "no-such", "--as", "ada"), ("no-such", "broadsheet list ls")),
        (("list", "delete", "saved", "--yes", "--as", "ada"), ("saved",)),
    ],
)
def test_errors_name_the_thing_and_the_way_out(ada, al, paper, arguments, words):
    answer = run(*arguments)
    assert answer.exit_code == 1
    for word in words:
        assert word in answer.stderr


# --- Readers ------------------------------------------------------------------------------------------------------


def test_a_vote_and_its_undoing(ada, paper):
    assert "vote counted, 1 now" in done("vote", "arXiv:2601.00001v2", "--as", "ada")
    assert json.loads(done("vote", paper.key, "--as", "ada", "--json")) == {
        "id": paper.key,
        "votes": 1,
        "changed": False,
    }
    assert "taken back, 0 now" in done("vote", paper.key, "--undo", "--as", "ada")
    assert not Vote.objects.standing().exists()


def test_a_comment_from_the_input_and_a_reply(ada, bo, paper):
    first = done("comment", paper.key, "-", "--as", "ada", text="Does it **hold**?\n").strip()
    told = json.loads(done("comment", paper.key, "It does.", "--reply-to", first, "--as", "bo", "--json"))
    reply = Comment.objects.get(public_id=told["id"])
    assert reply.parent.public_id == first
    assert reply.parent.text == "Does it **hold**?"
    assert told["comments"] == 2


def test_submitting_with_a_first_comment(ada, paper, settings):
    settings.SUBMIT_DAYS, settings.SUBMIT_WEEKENDS = 0, True
    assert "submitted to the edition of" in done("submit", paper.key, "--comment", "Read this.", "--as", "ada")
    assert Comment.objects.get().text == "Read this."
    again = run("submit", paper.key, "--as", "ada")
    assert again.exit_code == 1


def test_a_list_from_making_to_deleting(ada, paper, tmp_path):
    other = cast.paper("2601.00002", "Second \x1b[31mPaper")
    slug = done("list", "create", "To cite", "--public", "--as", "ada").strip()
    assert "2 added" in done("list", "add", slug, paper.key, other.key, "--note", "good", "--as", "ada")
    shown = done("list", "show", slug, "--as", "ada")
    assert "(good)" in shown
    assert "\x1b" not in shown, "what a title holds cannot rewrite the terminal"
    assert "1 removed" in done("list", "remove", slug, other.key, "--as", "ada")
    assert [row["papers"] for row in json.loads(done("list", "ls", "--json", "--as", "ada"))] == [1]
    for kind, mark in (("bibtex", "@"), ("ris", "TY  -"), ("csl-json", "[")):
        text = done("list", "export", slug, "--format", kind, "--as", "ada")
        assert text.startswith(mark)
        (tmp_path / kind).write_text(text)
        ListItem.objects.filter(list__slug="saved").delete()
        assert "1 added" in done("list", "import", str(tmp_path / kind), "--as", "ada")
    assert json.loads(done("list", "show", "--json", "--as", "ada"))[0]["id"] == paper.key
    done("list", "delete", slug, "--yes", "--as", "ada")
    assert not ReadingList.objects.filter(slug=slug).exists()


def test_saving_and_taking_it_back(ada, paper):
    assert "saved" in done("save", paper.key, "--as", "ada")
    assert "not saved any more" in done("save", paper.key, "--undo", "--as", "ada")
    assert not ListItem.objects.exists()


def test_another_readers_list_cannot_be_changed(ada, bo, paper):
    slug = done("list", "create", "Mine", "--as", "ada").strip()
    assert run("list", "add", slug, paper.key, "--as", "bo").exit_code == 1


def test_a_site_of_one_reader_needs_no_name(tmp_path):
    words = {"BROADSHEET_MODEL": "none"}
    assert broadsheet(tmp_path, "ingest", str(DATA / "day.jsonl"), "--no-index", **words).returncode == 0
    told = broadsheet(tmp_path, "vote", "2601.00001", "--json", **words)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["changed"] is True
    assert broadsheet(tmp_path, "reader", "add", "zed", **words).returncode == 0
    unsure = broadsheet(tmp_path, "vote", "2601.00001", **words)
    assert unsure.returncode == 1
    assert "--as NAME" in unsure.stderr
