"""Readers and organisations: the account of a token, and what everybody may know of others."""

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from broadsheet.accounts.models import Organization, User
from broadsheet.api.answers import json_answer, page_answer
from broadsheet.api.guard import Bearer, invalid, reader_of
from broadsheet.api.lookup import reader_named
from broadsheet.api.schemas import Account, Problem
from broadsheet.api.shapes import Me, OrganizationOverview, PageQuery, UserOverview
from broadsheet.community.models import Follow
from broadsheet.errors import NotFound
from broadsheet.hub import people
from broadsheet.hub.texts import Json, time_text

router = Router()

PROBLEMS = {400: Problem, 401: Problem, 404: Problem, 429: Problem}


@router.get(
    "/whoami-v2",
    auth=None,
    response={200: Me, 401: Problem, 429: Problem},
    summary="Who am I",
    openapi_extra={"security": [{Bearer.__name__: []}]},
)
def whoami(request: HttpRequest) -> HttpResponse:
    """The account of the token that came along; 401 without one."""
    token = getattr(request, "token", None)
    if token is None:
        return invalid()
    reader = token.reader
    auth: Json = {
        "type": "access_token",
        "accessToken": {"displayName": token.name, "role": token.scope, "createdAt": time_text(token.made)},
    }
    if token.expires:
        auth["expiresAt"] = time_text(token.expires)
    return json_answer(
        {
            "type": "user",
            "id": reader.public_id,
            "name": reader.username,
            "fullname": reader.shown_name,
            "email": reader.email,
            "emailVerified": reader.email_verified,
            "isPro": False,
            "avatarUrl": people.picture(reader.username),
            "orgs": [people.organization(one) for one in reader.organizations.order_by("slug")],
            "auth": auth,
        }
    )


@router.get("/users/{name}/overview", response={200: UserOverview, **PROBLEMS}, by_alias=True, summary="A reader")
def user_overview(request: HttpRequest, name: str) -> HttpResponse:
    """What a reader has made public."""
    return json_answer(people.overview(reader_named(name), reader_of(request)))


@router.get(
    "/users/{name}/followers",
    response={200: list[Account], **PROBLEMS},
    by_alias=True,
    summary="Who follows a reader",
)
def user_followers(request: HttpRequest, name: str, asked: Query[PageQuery]) -> HttpResponse:
    """Readers who follow this one and let others see what they do."""
    reader = reader_named(name)
    mine = Follow.objects.filter(reader=OuterRef("pk"), kind="reader", value=reader.username)
    return _page(request, _open_to(reader_of(request)) & Q(Exists(mine)), asked)


@router.get(
    "/users/{name}/following",
    response={200: list[Account], **PROBLEMS},
    by_alias=True,
    summary="Whom a reader follows",
)
def user_following(request: HttpRequest, name: str, asked: Query[PageQuery]) -> HttpResponse:
    """Readers whom this one follows, where this one lets others see it; else nobody."""
    reader, asking = reader_named(name), reader_of(request)
    if not reader.public_votes and (asking is None or asking.pk != reader.pk):
        return json_answer([])
    followed = Follow.objects.filter(reader=reader, kind="reader").values("value")
    return _page(request, Q(username__in=followed), asked)


@router.get(
    "/organizations/{name}/overview",
    response={200: OrganizationOverview, **PROBLEMS},
    summary="An organisation",
)
def organization_overview(request: HttpRequest, name: str) -> HttpResponse:
    """What is known of an organisation that has members here, or at least papers."""
    name = name.replace("\0", "")
    shown = people.organization_overview(name, Organization.objects.filter(slug=name).first(), reader_of(request))
    if shown is None:
        raise NotFound(f"There is no organisation {name[:39]!r} here.")
    return json_answer(shown)


@router.get(
    "/organizations/{name}/members",
    response={200: list[Account], **PROBLEMS},
    by_alias=True,
    summary="Members of an organisation",
)
def organization_members(request: HttpRequest, name: str, asked: Query[PageQuery]) -> HttpResponse:
    """The readers in an organisation, by name."""
    return _page(request, Q(organizations=_organization(name)), asked)


@router.get(
    "/organizations/{name}/followers",
    response={200: list[Account], **PROBLEMS},
    by_alias=True,
    summary="Who follows an organisation",
)
def organization_followers(request: HttpRequest, name: str, asked: Query[PageQuery]) -> HttpResponse:
    """Readers who follow an organisation and let others see what they do."""
    follows = Follow.objects.filter(reader=OuterRef("pk"), kind="organization", value=_organization(name).slug)
    return _page(request, _open_to(reader_of(request)) & Q(Exists(follows)), asked)


def _organization(name: str) -> Organization:
    found = Organization.objects.filter(slug=name.replace("\0", "")).first()
    if found is None:
        raise NotFound(f"There is no organisation {name[:39]!r} here.")
    return found


def _open_to(asking: User | None) -> Q:
    """Readers who show what they do, and the one who asks."""
    return Q(public_votes=True) | Q(pk=asking.pk if asking else None)


def _page(request: HttpRequest, which: Q, asked: PageQuery) -> HttpResponse:
    begin = asked.p * asked.limit
    found = User.objects.filter(which, is_active=True).order_by("username")[begin : begin + asked.limit + 1]
    return page_answer(request, people.accounts(list(found), reader_of(request)), asked.p, asked.limit)
