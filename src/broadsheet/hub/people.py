"""Readers and organisations in the hub's shapes, and who has to do with papers, read for a whole list at once."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from broadsheet.accounts.models import Organization, User
from broadsheet.accounts.readers import Visitor
from broadsheet.community import around
from broadsheet.community.models import ClaimState, Follow
from broadsheet.hub.texts import Json, time_text
from broadsheet.papers.models import Paper


class Standing(NamedTuple):
    """Who has to do with one paper. authors: verified readers by the author's name that is theirs."""

    submitter: User | None = None
    author_participates: bool = False
    voted: bool = False
    authors: dict[str, User] = {}
    organization: Organization | None = None


NOBODY = Standing()


class People(NamedTuple):
    """Who has to do with the papers of a list, and whom the one who asks follows."""

    standings: dict[int, Standing]
    followed: frozenset[str] = frozenset()

    def of(self, paper: Paper) -> Standing:
        """Return who has to do with a paper."""
        return self.standings.get(paper.pk, NOBODY)


NO_PEOPLE = People({})


def standing_around(
    papers: Iterable[Paper], visitor: Visitor | None = None, found: dict[int, around.Around] | None = None
) -> People:
    """Return who has to do with papers, in a few queries however many they are.

    visitor: who asks, for what they voted for and whom they follow. found: what stands around the papers, where it
    has been read already.
    """
    known = [paper for paper in papers if paper.pk]
    if not known:
        return NO_PEOPLE
    found = around.around(known, visitor or AnonymousUser()) if found is None else found
    slugs = {paper.organization_slug for paper in known if paper.organization_slug}
    organizations = {one.slug: one for one in Organization.objects.filter(slug__in=slugs)} if slugs else {}
    return People(
        {
            paper.pk: Standing(
                submitter=found[paper.pk].submitter,
                author_participates=found[paper.pk].author_participates,
                voted=found[paper.pk].voted,
                authors=found[paper.pk].authors,
                organization=organizations.get(paper.organization_slug),
            )
            for paper in known
        },
        followed_by(visitor),
    )


def followed_by(visitor: Visitor | None) -> frozenset[str]:
    """Return the names of the readers that a visitor follows."""
    if visitor is None or not visitor.is_authenticated:
        return frozenset()
    return frozenset(Follow.objects.filter(reader_id=visitor.pk, kind="reader").values_list("value", flat=True))


def account(reader: User, followed: frozenset[str] = frozenset()) -> Json:
    """Return a reader as others see them. ``user`` is what the Python client reads and ``name`` what others do."""
    return {
        "_id": reader.public_id,
        "user": reader.username,
        "name": reader.username,
        "fullname": reader.shown_name,
        "type": "user",
        "avatarUrl": picture(reader.username),
        "isPro": False,
        "isHf": False,
        "isHfAdmin": False,
        "isMod": reader.is_moderator,
        "isUserFollowing": reader.username in followed,
    }


def gone() -> Json:
    """Return what stands in the place of a reader whose account was closed."""
    return {
        "_id": "0" * 24,
        "user": "",
        "name": "",
        "fullname": "Closed account",
        "type": "user",
        "avatarUrl": "",
        "isPro": False,
        "isHf": False,
        "isHfAdmin": False,
        "isMod": False,
        "isUserFollowing": False,
    }


def picture(name: str) -> str:
    """Return the address of the picture made from a name."""
    return reverse("reader-picture", args=[name])


def organization(shown: Organization) -> Json:
    """Return an organisation; ``avatar`` is the original's name of the picture, ``avatarUrl`` the Python client's."""
    return {
        "_id": shown.public_id,
        "name": shown.slug,
        "fullname": shown.name,
        "avatar": "",
        "avatarUrl": "",
    }


def overview(reader: User, asking: Visitor | None = None) -> Json:
    """Return what everybody may know of a reader; their votes and whom they follow only as far as they show them."""
    open_to = reader.public_votes or (asking is not None and asking.pk == reader.pk)
    follows = Follow.objects.filter(kind="reader")
    shown = account(reader, followed_by(asking)) | {
        "details": reader.about,
        "isFollowing": reader.username in followed_by(asking),
        "createdAt": time_text(reader.date_joined),
        "numModels": 0,
        "numDatasets": 0,
        "numSpaces": 0,
        "numLikes": 0,
        "numDiscussions": reader.comments.filter(deleted__isnull=True, hidden__isnull=True).count(),
        "numPapers": reader.claims.filter(state=ClaimState.VERIFIED, hidden=False).count(),
        "numFollowers": follows.filter(value=reader.username, reader__is_active=True).count(),
        "orgs": [organization(one) for one in reader.organizations.order_by("slug")],
    }
    if open_to:
        shown["numUpvotes"] = reader.votes.standing().count()
        shown["numFollowing"] = follows.filter(reader=reader).count()
    return shown


def organization_overview(slug: str, shown: Organization | None, asking: Visitor | None = None) -> Json | None:
    """Return what is known of an organisation: of its members here, or of its papers alone; None if nothing is."""
    papers = Paper.objects.standing().filter(organization_slug=slug)
    first = papers.only("organization").first()
    if shown is None and first is None:
        return None
    name = shown.name if shown else (first.organization if first else "") or slug
    follows = Follow.objects.filter(kind="organization", value=slug)
    return {
        "name": slug,
        "fullname": name,
        "avatarUrl": "",
        "type": "org",
        "details": shown.about if shown else "",
        "isVerified": bool(shown and shown.verified),
        "isFollowing": bool(asking and asking.is_authenticated and follows.filter(reader_id=asking.pk).exists()),
        "numUsers": shown.memberships.filter(reader__is_active=True).count() if shown else 0,
        "numModels": 0,
        "numSpaces": 0,
        "numDatasets": 0,
        "numFollowers": follows.filter(reader__is_active=True).count(),
        "numPapers": papers.count(),
    }


def accounts(readers: Sequence[User], asking: Visitor | None = None) -> list[Json]:
    """Return readers as others see them, for one who asks."""
    followed = followed_by(asking)
    return [account(reader, followed) for reader in readers]
