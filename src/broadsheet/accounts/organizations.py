"""Organisations: founded by readers, joined by asking and being admitted. Their papers live in the rooms above.

Nobody becomes a member without both sides: the reader asks, an owner admits. Readers and organisations share one
namespace, so that a name in an address or a mention means one thing.
"""

import re

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from broadsheet.accounts import limits, readers
from broadsheet.accounts.actions import RESERVED
from broadsheet.accounts.models import NAME, JoinRequest, Membership, Organization, User
from broadsheet.errors import BadInput, Conflict, NotFound, Refused

MOST_FOUNDED = 3
"""Organisations that one reader can own."""

ASKED_PER_DAY = 10


def name_is_taken(name: str) -> bool:
    """Whether a reader or an organisation has a name already, in whatever case it is written.

    Two who take one name in the same instant, one as a reader and one as an organisation, are not kept apart: the
    tables' own constraints guard each kind alone.
    """
    return (
        User.objects.filter(username__iexact=name).exists() or Organization.objects.filter(slug__iexact=name).exists()
    )


@transaction.atomic
def found(visitor: readers.Visitor, slug: str, name: str) -> Organization:
    """Found an organisation and become its owner.

    slug: its name in addresses, as readers' names are. name: in full, at most 120 characters.
    Raises BadInput for names that cannot be, Conflict for one that is taken, Refused for a new account or a fourth.
    """
    reader = readers.active(visitor, "found an organisation")
    if not re.fullmatch(NAME, slug, re.ASCII) or slug in RESERVED:
        raise BadInput(
            f"{slug[:60]!r} cannot be the short name of an organisation.",
            "It takes 1 to 39 small letters, digits and hyphens inside, such as example-lab.",
        )
    name = _full_name(name)
    if limits.is_new(reader):
        raise Refused("A new account cannot found an organisation yet.", "It can in a few days.")
    if Membership.objects.filter(reader=reader, owner=True).count() >= MOST_FOUNDED:
        raise Refused(f"One reader can own {MOST_FOUNDED} organisations.", "Leave one first.")
    if name_is_taken(slug):
        raise Conflict(f"The name {slug} is taken.", "Choose another one.")
    try:
        with transaction.atomic():
            made = Organization.objects.create(slug=slug, name=name)
    except IntegrityError:  # another request was first
        raise Conflict(f"The name {slug} is taken.", "Choose another one.") from None
    Membership.objects.create(organization=made, reader=reader, owner=True)
    return made


@transaction.atomic
def describe(
    visitor: readers.Visitor, organization: Organization, *, name: str, about: str = "", website: str = ""
) -> Organization:
    """Rename and describe an organisation. For its owners; a new name must be looked at again by a moderator.

    What follows for its papers is done in ``community.groups``, which calls this.

    Raises BadInput for texts that are too long or an address that is no web address.
    """
    reader = check_owner(visitor, organization)
    name, about, website = _full_name(name), about.strip(), website.strip()
    if len(about) > 500:
        raise BadInput(f"The text about it has {len(about)} characters.", "It takes 500.")
    if website:
        try:
            URLValidator(schemes=["http", "https"])(website)
        except ValidationError:
            raise BadInput(f"{website[:100]!r} is not a web address.", "It begins with https://.") from None
        if len(website) > 200:
            raise BadInput("The address of the website is too long.", "It takes 200 characters.")
    held = _held(organization)
    if held.name != name and not reader.is_admin:
        held.verified = False
    held.name, held.about, held.website = name, about, website
    held.save(update_fields=["name", "about", "website", "verified"])
    return held


@transaction.atomic
def ask_to_join(visitor: readers.Visitor, organization: Organization) -> bool:
    """Ask an organisation's owners to be admitted; False where it was asked already. Raises Conflict for a member."""
    reader = readers.active(visitor, "join an organisation")
    if membership(reader, organization):
        raise Conflict(f"You are a member of {organization.name} already.")
    if JoinRequest.objects.filter(organization=organization, reader=reader).exists():
        return False
    limits.spend(f"join:{reader.pk}", capacity=limits.share(reader, ASKED_PER_DAY), seconds=86400)
    return JoinRequest.objects.get_or_create(organization=organization, reader=reader)[1]


@transaction.atomic
def admit(visitor: readers.Visitor, organization: Organization, reader: User) -> Membership:
    """Admit a reader who has asked. For owners. Raises Refused where the reader has not asked."""
    check_owner(visitor, organization)
    if not JoinRequest.objects.filter(organization=organization, reader=reader).delete()[0]:
        if known := membership(reader, organization):
            return known
        raise Refused(
            f"{reader} has not asked to join {organization.name}.",
            "Members come by their own wish: they press “Ask to join” on the organisation's page.",
        )
    return Membership.objects.get_or_create(organization=organization, reader=reader)[0]


@transaction.atomic
def dismiss(visitor: readers.Visitor, organization: Organization, reader: User) -> None:
    """End a reader's membership or wish to join. For owners; whoever goes by themselves leaves.

    Raises NotFound for a reader who is no member, Conflict for the last owner.
    """
    check_owner(visitor, organization)
    _part(organization, reader)


@transaction.atomic
def leave(visitor: readers.Visitor, organization: Organization) -> None:
    """Leave an organisation, or take the wish to join back. Raises Conflict for its last owner, NotFound for others."""
    reader = readers.active(visitor, "leave an organisation")
    _part(organization, reader)


@transaction.atomic
def make_owner(visitor: readers.Visitor, organization: Organization, reader: User) -> None:
    """Make a member an owner too. For owners. Raises NotFound for a reader who is no member."""
    check_owner(visitor, organization)
    if not Membership.objects.filter(organization=organization, reader=reader).update(owner=True):
        raise NotFound(f"{reader} is not a member of {organization.name}.")


def membership(reader: readers.Visitor, organization: Organization) -> Membership | None:
    """Return a reader's membership, None for who is no member."""
    if not reader.is_authenticated:
        return None
    return Membership.objects.filter(organization=organization, reader=reader).first()


def members(organization: Organization) -> QuerySet[Membership]:
    """Return the members of an organisation, owners first, then by how long they have been."""
    return organization.memberships.select_related("reader").order_by("-owner", "since", "pk")


def check_owner(visitor: readers.Visitor, organization: Organization) -> User:
    """Return the reader who is about to change an organisation: an owner, or an administrator. Raises Refused."""
    reader = readers.active(visitor, "change an organisation")
    known = membership(reader, organization)
    if not (known and known.owner) and not reader.is_admin:
        raise Refused(f"Only the owners of {organization.name} can do this.", "Its page lists them.")
    return reader


def _held(organization: Organization) -> Organization:
    """Return an organisation with its row locked, so that of two owners who go at once one stays."""
    held = Organization.objects.select_for_update(no_key=True).filter(pk=organization.pk).first()
    if held is None:
        raise NotFound(f"There is no organisation {organization.slug}.")
    return held


def _part(organization: Organization, reader: User) -> None:
    _held(organization)
    asked = JoinRequest.objects.filter(organization=organization, reader=reader).delete()[0]
    known = membership(reader, organization)
    if known is None:
        if asked:
            return
        raise NotFound(f"{reader} is not a member of {organization.name}.")
    owners = Membership.objects.filter(organization=organization, owner=True)
    if known.owner and owners.count() == 1:
        raise Conflict(f"{reader} is the last owner of {organization.name}.", "Make another member an owner first.")
    known.delete()


def _full_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 120 or not name.isprintable():
        raise BadInput(f"{name[:60]!r} cannot be the name of an organisation.", "It takes 1 to 120 characters.")
    return name
