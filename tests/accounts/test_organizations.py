"""Organisations: founded, joined by asking and being admitted, left, and never without an owner."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from tests import cast

from broadsheet.accounts import organizations
from broadsheet.accounts.models import JoinRequest, Membership, Organization
from broadsheet.errors import BadInput, BroadsheetError, Conflict, NotFound, Refused, SignInNeeded

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab(ada):
    return organizations.found(ada, "example-lab", "Example  Lab")


def test_who_founds_an_organisation_owns_it(ada, lab):
    assert (lab.slug, lab.name, lab.verified) == ("example-lab", "Example Lab", False)
    own = organizations.membership(ada, lab)
    assert own is not None
    assert own.owner


@pytest.mark.parametrize("slug", ["", "-lab", "lab-", "Lab", "a b", "a/b", "ümlaut", "x" * 40, "admin", "settings"])
def test_a_short_name_that_cannot_stand_in_addresses_is_refused(ada, slug):
    with pytest.raises(BadInput, match="short name"):
        organizations.found(ada, slug, "A Lab")


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\u0000b", "a\u202eb"])
def test_a_name_that_cannot_be_shown_is_refused(ada, name):
    with pytest.raises(BadInput, match="name of an organisation"):
        organizations.found(ada, "a-lab", name)


def test_readers_and_organisations_share_one_namespace(ada, bo, lab):
    assert organizations.name_is_taken("bo")
    assert organizations.name_is_taken("Example-LAB")
    assert not organizations.name_is_taken("nobody")
    with pytest.raises(Conflict, match="bo is taken"):
        organizations.found(ada, "bo", "The Lab of Bo")
    with pytest.raises(Conflict, match="example-lab is taken"):
        organizations.found(bo, "example-lab", "Another Lab")


def test_visitors_new_accounts_and_those_who_own_three_found_none(ada, lab):
    with pytest.raises(SignInNeeded):
        organizations.found(AnonymousUser(), "a-lab", "A Lab")
    with pytest.raises(Refused, match="new account"):
        organizations.found(cast.reader("new", days=0), "a-lab", "A Lab")
    organizations.found(ada, "lab-2", "Lab 2")
    organizations.found(ada, "lab-3", "Lab 3")
    with pytest.raises(Refused, match="can own 3"):
        organizations.found(ada, "lab-4", "Lab 4")


def test_a_reader_asks_and_an_owner_admits(ada, bo, lab):
    assert organizations.ask_to_join(bo, lab)
    assert not organizations.ask_to_join(bo, lab), "once is enough"
    assert organizations.membership(bo, lab) is None
    assert not organizations.admit(ada, lab, bo).owner
    assert not JoinRequest.objects.exists()
    assert [row.reader for row in organizations.members(lab)] == [ada, bo]
    with pytest.raises(Conflict, match="member of Example Lab already"):
        organizations.ask_to_join(bo, lab)


def test_nobody_is_made_a_member_who_has_not_asked(ada, bo, lab):
    with pytest.raises(Refused, match="has not asked"):
        organizations.admit(ada, lab, bo)
    assert organizations.membership(bo, lab) is None


def test_only_owners_admit_dismiss_and_describe(ada, bo, mo, lab):
    cy = cast.reader("cy")
    organizations.ask_to_join(bo, lab)
    for stranger in (bo, cy, mo):
        with pytest.raises(Refused, match="Only the owners"):
            organizations.admit(stranger, lab, bo)
    organizations.admit(ada, lab, bo)
    for no_owner in (bo, cy):
        with pytest.raises(Refused):
            organizations.dismiss(no_owner, lab, ada)
        with pytest.raises(Refused):
            organizations.describe(no_owner, lab, name="Mine")
        with pytest.raises(Refused):
            organizations.make_owner(no_owner, lab, no_owner)


def test_the_last_owner_stays_until_another_is_made(ada, bo, lab):
    with pytest.raises(Conflict, match="last owner"):
        organizations.leave(ada, lab)
    organizations.ask_to_join(bo, lab)
    organizations.admit(ada, lab, bo)
    organizations.make_owner(ada, lab, bo)
    organizations.leave(ada, lab)
    assert [row.reader for row in organizations.members(lab)] == [bo]
    with pytest.raises(NotFound):
        organizations.leave(ada, lab)


def test_a_wish_to_join_is_taken_back_or_turned_down(ada, bo, lab):
    organizations.ask_to_join(bo, lab)
    organizations.leave(bo, lab)
    assert not JoinRequest.objects.exists()
    organizations.ask_to_join(bo, lab)
    organizations.dismiss(ada, lab, bo)
    assert not JoinRequest.objects.exists()
    with pytest.raises(NotFound):
        organizations.dismiss(ada, lab, bo)


def test_a_member_is_dismissed(ada, bo, lab):
    organizations.ask_to_join(bo, lab)
    organizations.admit(ada, lab, bo)
    organizations.dismiss(ada, lab, bo)
    assert Membership.objects.count() == 1


def test_an_administrator_helps_an_organisation_whose_owner_has_left(ada, bo, al, lab):
    organizations.ask_to_join(bo, lab)
    organizations.admit(ada, lab, bo)
    ada.delete()
    organizations.make_owner(al, lab, bo)
    assert organizations.members(lab)[0].owner


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": "A", "about": "x" * 501},
        {"name": "A", "website": "javascript:alert(1)"},
        {"name": "A", "website": "ftp://example.org"},
        {"name": "A", "website": "https://example.org/" + "x" * 200},
    ],
)
def test_a_description_that_cannot_be_shown_is_refused(ada, lab, given):
    with pytest.raises(BadInput):
        organizations.describe(ada, lab, **given)


def test_an_owner_describes_it(ada, lab):
    organizations.describe(ada, lab, name="Example Lab", about=" We write. ", website="https://example.org")
    held = Organization.objects.get()
    assert (held.about, held.website) == ("We write.", "https://example.org")


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_once_one_stays(ada, bo):
    lab = organizations.found(ada, "example-lab", "Example Lab")
    organizations.ask_to_join(bo, lab)
    organizations.admit(ada, lab, bo)
    organizations.make_owner(ada, lab, bo)

    def go(reader):
        try:
            organizations.leave(reader, lab)
        except BroadsheetError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        given = list(pool.map(go, [ada, bo]))
    assert sum(isinstance(one, Conflict) for one in given) == 1
    assert Membership.objects.get().owner
