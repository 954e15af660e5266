"""Signing up: who may, what is refused, what nobody is told, and the traps for programs."""

import re
import time
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from tests import cast

from broadsheet.accounts import actions, passwords, trap
from broadsheet.accounts.models import LinkKind, OneTimeLink, Organization, Role, User
from broadsheet.community.models import Vote
from broadsheet.errors import BadInput, Conflict, NotFound, Refused

pytestmark = pytest.mark.django_db

HOUR = 3600
PASSWORD = "plain blue teapot"


def sign_up(client, path="/sign-up", seconds=5, **more):
    """Open the form, wait as a person does, and send it."""
    with time_machine.travel(time.time(), tick=False) as clock:
        page = client.get(path).content.decode()
        stamp = re.search(r'name="stamp" value="([^"]+)"', page)
        clock.shift(seconds)
        given = {"username": "cy", "email": "cy@example.org", "password": PASSWORD, "stamp": stamp[1] if stamp else ""}
        return client.post(path, given | more)


def test_an_account_begins_with_its_mailed_link(client, mailoutbox):
    answer = sign_up(client, username=" Cy ", email="Cy@Example.org")
    assert "Look into your mail" in answer.content.decode()
    assert client.post("/sign-in", {"name": "cy", "password": PASSWORD}).status_code == 400
    assert client.get("/readers/cy").status_code == 404
    (asked,) = mailoutbox
    assert asked.to == ["cy@example.org"]
    assert "cy" not in asked.body.replace(cast.path_in(asked), "").split(), "no word of who asked"
    path = cast.path_in(asked)
    assert "Confirm" in client.get(path).content.decode()
    assert not User.objects.get(username="cy").is_active
    assert client.post(path).headers["Location"] == "/"
    reader = User.objects.get(username="cy")
    assert (reader.email, reader.email_verified, reader.role, reader.is_staff) == (
        "cy@example.org",
        True,
        "reader",
        False,
    )
    assert client.get("/settings").status_code == 200
    assert Client().post(path).status_code == 404


def test_a_taken_address_answers_the_same_and_its_owner_is_told(client, ada, mailoutbox):
    fresh = sign_up(client)
    taken = sign_up(client, username="di", email="ADA@example.org")
    assert fresh.content == taken.content
    assert fresh.status_code == taken.status_code == 200
    assert mailoutbox[1].to == ["ada@example.org"]
    assert "has an account for it already" in mailoutbox[1].body
    again = [sign_up(client, username=name, email="x@example.org").status_code for name in ("cy", "di")]
    assert again == [400, 400], "both names are kept, so that they tell nothing either"


@pytest.mark.parametrize("name", ["ada", "admin", "reader", "a lab", "-a", "lab", "a" * 40, "ада", "<b>"])
def test_a_name_that_cannot_be_had_is_refused_at_its_field(client, ada, name):
    Organization.objects.create(slug="lab", name="Lab")
    answer = sign_up(client, username=name)
    assert answer.status_code == 400
    assert 'id="id_username_error"' in answer.content.decode()


@pytest.mark.parametrize("password", ["short", "password1234567890"[:10], "1234567890", "cy@example.org", "qwertyuiop"])
def test_a_password_that_is_short_known_or_the_address_is_refused(client, password):
    answer = sign_up(client, password=password)
    assert answer.status_code == 400
    assert 'id="id_password_error"' in answer.content.decode()
    assert not User.objects.exists()


def test_nothing_but_the_form_is_taken(client):
    sign_up(client, role="admin", is_staff="1", is_superuser="1", is_active="1", email_verified="1")
    made = User.objects.get()
    assert (made.role, made.is_staff, made.is_superuser, made.is_active) == (Role.READER, False, False, False)


def test_a_name_is_free_again_when_its_link_was_never_opened(client):
    sign_up(client)
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        assert sign_up(client, email="other@example.org").status_code == 200
    assert User.objects.count() == 1


def test_two_who_sign_up_with_one_address_have_one_account(client, mailoutbox):
    sign_up(client)
    sign_up(client, username="di")
    first, second = map(cast.path_in, mailoutbox)
    assert Client().post(second).status_code == 302
    assert Client().post(first).status_code == 404
    assert User.objects.get(email="cy@example.org").username == "di"


def test_the_vote_that_was_meant_is_cast_when_signing_up_is_finished(client, paper, mailoutbox):
    sign_up(client, path=f"/sign-up?vote={paper.key}", vote=paper.key)
    assert not Vote.objects.exists()
    assert client.post(cast.path_in(mailoutbox[0])).headers["Location"] == f"/papers/{paper.key}"
    assert Vote.objects.standing().get().reader.username == "cy"


def test_accounts_of_one_subnet_are_few(client, settings):
    settings.SIGN_UPS_PER_DAY = 2
    statuses = [sign_up(client, username=f"cy{n}", email=f"{n}@example.org").status_code for n in range(3)]
    assert statuses == [200, 200, 429]


# --- Modes --------------------------------------------------------------------------------------------------------


def test_a_closed_site_takes_nobody_without_an_invitation(client, settings):
    settings.MODE = "closed"
    assert "By invitation" in client.get("/sign-up").content.decode()
    with pytest.raises(Refused):
        actions.sign_up("cy", "cy@example.org", PASSWORD)
    assert client.get("/invitation/made-up").status_code == 404


@pytest.mark.parametrize("mode", ["closed", "open"])
def test_an_invitation_makes_an_account_at_once_and_works_once(client, settings, ada, mode, mailoutbox):
    settings.MODE = mode
    path = actions.invite(ada)
    assert sign_up(client, path).status_code == 302
    assert client.get("/settings").status_code == 200
    assert User.objects.get(username="cy").email == "", "until it is confirmed"
    client.post(cast.path_in(mailoutbox[0]))
    assert User.objects.get(username="cy").email == "cy@example.org"
    assert Client().get(path).status_code == 404


def test_an_invitation_mailed_to_an_address_confirms_it(client, ada, mailoutbox):
    assert actions.invite(ada, "cy@example.org") == "", "who invites must not confirm an address that is not theirs"
    sign_up(client, cast.path_in(mailoutbox[0]))
    assert User.objects.get(username="cy").email_verified
    assert len(mailoutbox) == 1, "only the invitation"


def test_an_administrator_sees_the_link_of_a_mailed_invitation(al, mailoutbox):
    assert actions.invite(al, "cy@example.org") == cast.path_in(mailoutbox[0])


def test_an_invited_reader_is_not_told_that_an_address_is_taken(client, ada, bo):
    answer = sign_up(client, actions.invite(ada), email="bo@example.org")
    assert answer.status_code == 302
    assert User.objects.get(username="cy").email == ""
    assert User.objects.get(email="bo@example.org") == bo


def test_an_invitation_refused_for_its_name_stays_good(ada):
    secret = actions.invite(ada).rsplit("/", 1)[1]
    with pytest.raises(Conflict):
        actions.sign_up("ada", "cy@example.org", PASSWORD, invitation=secret)
    actions.sign_up("cy", "cy@example.org", PASSWORD, invitation=secret)
    with pytest.raises(NotFound):
        actions.sign_up("di", "di@example.org", PASSWORD, invitation=secret)


# --- Traps for programs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 1, 25 * HOUR])
def test_a_form_sent_too_fast_or_too_late_is_asked_for_again(client, seconds):
    answer = sign_up(client, seconds=seconds)
    assert answer.status_code == 400
    assert "once more" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("stamp", ["", "made-up", "WzEsMl0:1:1"])
def test_a_stamp_that_was_not_made_here_is_refused(client, stamp):
    assert sign_up(client, stamp=stamp).status_code == 400


def test_who_fills_in_the_hidden_field_is_told_it_worked_and_gets_nothing(client, mailoutbox):
    fresh = sign_up(client)
    assert sign_up(client, username="di", email="d@example.org", homepage="x").content == fresh.content
    assert not User.objects.filter(username="di").exists()
    assert len(mailoutbox) == 1


def test_work_is_asked_for_and_counts_once(settings):
    settings.SIGN_UP_WORK = 8
    with time_machine.travel(time.time(), tick=False) as clock:
        stamp = trap.stamp()
        clock.shift(5)
        number = next(str(n) for n in range(100_000) if trap.done(stamp, str(n), 8))
        for work in ("", "x", "-1", "9" * 16, next(str(n) for n in range(100) if not trap.done(stamp, str(n), 8))):
            with pytest.raises(BadInput):
                trap.check(stamp, work)
        trap.check(stamp, number)
        trap.use(stamp)
        with pytest.raises(BadInput):
            trap.use(stamp)


def test_the_page_loads_the_work_only_where_it_is_asked_for(client, settings):
    assert "work.js" not in client.get("/sign-up").content.decode()
    settings.SIGN_UP_WORK = 12
    page = client.get("/sign-up").content.decode()
    assert 'data-work="12"' in page
    assert "<noscript>" in page


def test_a_link_that_was_never_mailed_opens_nothing(ada, mailoutbox):
    passwords.mail_reset("nobody@example.org")
    assert not mailoutbox
    assert OneTimeLink.objects.get(kind=LinkKind.RESET).reader is None
