"""Organisations where they meet papers: their papers, their name on them, and whether they are what they say.

Members come and go in ``accounts.organizations``. An organisation that papers name is shown though nobody founded it.
"""

from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Max, QuerySet

from broadsheet.accounts import organizations, readers
from broadsheet.accounts.models import Organization
from broadsheet.community import log
from broadsheet.errors import Conflict, NotFound
from broadsheet.papers.actions import note_activity
from broadsheet.papers.models import Paper, PaperQuerySet


class Group(NamedTuple):
    """An organisation as lists show it. founded: None where only papers name it."""

    slug: str
    name: str
    papers: int
    founded: Organization | None


@transaction.atomic
def describe(
    visitor: readers.Visitor, organization: Organization, *, name: str, about: str = "", website: str = ""
) -> Organization:
    """Rename and describe an organisation, as ``organizations.describe`` does; papers that were given to it follow."""
    described = organizations.describe(visitor, organization, name=name, about=about, website=website)
    given = papers_of(described.slug).exclude(organization_by="").exclude(organization=described.name)
    list(given.select_for_update(no_key=True).order_by("pk").values_list("pk"))  # in one order, as everywhere
    given.order_by().update(organization=described.name)
    note_activity()
    return described


@transaction.atomic
def verify(visitor: readers.Visitor, organization: Organization, *, verified: bool, reason: str) -> None:
    """Say that an organisation is what it says, or take that back. For moderators, and in the public log.

    Raises BadInput without a reason, Conflict where it stands so already.
    """
    moderator = readers.moderator(visitor)
    if not Organization.objects.filter(pk=organization.pk, verified=not verified).update(verified=verified):
        raise Conflict(f"{organization.name} is {'verified' if verified else 'not verified'} already.")
    owner = organizations.members(organization).filter(owner=True).first()
    account = owner.reader if owner else moderator
    verb = "verify-group" if verified else "doubt-group"
    log.note(moderator, verb, reason, account=account, organization=organization.slug)
    note_activity()


def papers_of(slug: str) -> PaperQuerySet:
    """Return the papers of an organisation, newest edition first."""
    # The second condition lets the database use the index, which holds only papers that name one.
    named = Paper.objects.standing().filter(organization_slug=slug).exclude(organization_slug="")
    return named.order_by("-day", "-all_votes", "pk")


def group(slug: str) -> Group:
    """Return the organisation of a short name, founded or only named by papers. Raises NotFound."""
    founded = Organization.objects.filter(slug=slug).first() if "\0" not in slug else None
    named = papers_of(slug).order_by()
    papers = named.count() if "\0" not in slug else 0
    if founded is None and not papers:
        raise NotFound(f"No organisation {slug[:60]!r} is known here.", "The list of organisations names them all.")
    name = founded.name if founded else named.values_list("organization", flat=True)[0] or slug
    return Group(slug, name, papers, founded)


def groups(most: int = 500) -> list[Group]:
    """Return the organisations known here, those with most papers first."""
    named = Paper.objects.standing().exclude(organization_slug="").values("organization_slug").order_by()
    counted = named.annotate(papers=Count("pk"), name=Max("organization")).order_by("-papers", "organization_slug")
    founded = {one.slug: one for one in Organization.objects.order_by("name")[:most]}
    found: list[Group] = []
    for row in counted[:most]:
        slug = row["organization_slug"]
        own = founded.pop(slug, None)
        found.append(Group(slug, own.name if own else row["name"] or slug, row["papers"], own))
    return [*found, *(Group(one.slug, one.name, 0, one) for one in founded.values())][:most]


def of_reader(reader: readers.Visitor) -> QuerySet[Organization]:
    """Return the organisations that a reader is a member of, by name."""
    return Organization.objects.filter(memberships__reader=reader.pk).order_by("name")
