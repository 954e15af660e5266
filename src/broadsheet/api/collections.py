"""Collections as the hub's clients know them: the readers' lists of papers. Who may do what is decided by the verbs."""

import re
from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.api.answers import json_answer, link_next
from broadsheet.api.collection_shapes import (
    AddBody,
    AlreadyThere,
    Collection,
    CollectionPreview,
    CollectionsQuery,
    CreateBody,
    Done,
    ItemBody,
    UpdateBody,
    Updated,
    UpdateItemBody,
)
from broadsheet.api.guard import Bearer, reader_for, reader_of
from broadsheet.api.lookup import paper_of
from broadsheet.api.schemas import Problem
from broadsheet.community import lists
from broadsheet.community.models import Follow, ListItem, ReadingList, Vote
from broadsheet.errors import BadInput, Conflict, NotFound, Refused
from broadsheet.hub import collections as shapes
from broadsheet.hub.texts import Json
from broadsheet.papers.models import Paper

router = Router()
PROBLEMS = {400: Problem, 404: Problem, 429: Problem}
WRITING = {**PROBLEMS, 401: Problem, 403: Problem}


@router.get(
    "/collections",
    response={200: list[CollectionPreview], **PROBLEMS},
    by_alias=True,
    exclude_none=True,
    summary="Collections",
)
def list_collections(request: HttpRequest, asked: Query[CollectionsQuery]) -> HttpResponse:
    """Public reading lists, and with a token your own private ones; four items of each."""
    found = _sorted(_matching(reader_of(request), asked), asked.sort)
    begin = asked.p * asked.limit
    first = ListItem.objects.select_related("paper").order_by("position", "pk")[: shapes.PREVIEW]
    page = list(
        found.prefetch_related(Prefetch("items", queryset=first, to_attr="first"))[begin : begin + asked.limit + 1]
    )
    shown = page[: asked.limit]
    voted = _voted(reader_of(request), [item.paper_id for one in shown for item in one.first])
    answer = json_answer(
        [shapes.collection(one, one.first, followers=vars(one)["followers"], voted=voted) for one in shown]
    )
    if len(page) > asked.limit:
        link_next(request, answer, p=asked.p + 1, **asked.dict(exclude={"p"}, exclude_unset=True))
    return answer


@router.get(
    "/collections/{namespace}/{slug}",
    response={200: Collection, **PROBLEMS},
    by_alias=True,
    exclude_none=True,
    summary="One collection",
)
def collection_info(request: HttpRequest, namespace: str, slug: str) -> HttpResponse:
    """A collection with all its items, in the order of their owner."""
    return json_answer(_shown(reader_of(request), _find(reader_of(request), namespace, slug)))


@router.post(
    "/collections",
    auth=Bearer(),
    response={200: Collection, 409: AlreadyThere, **WRITING},
    by_alias=True,
    exclude_none=True,
    summary="Make a collection",
)
def create_collection(request: HttpRequest, made: CreateBody) -> HttpResponse:
    """A new reading list. 409, with its name, where you have one of this title."""
    reader = reader_for(request, writing=True)
    if made.namespace not in ("", reader.username):
        raise Refused(
            f"{made.namespace!r} is not you: lists belong to readers here.", f"Leave it out, or say {reader}."
        )
    same = lists.mine(reader).filter(title=" ".join(made.title.split())).first()
    if same:
        problem = f"You have a list {same.title!r} already."
        return json_answer({"error": problem, "slug": shapes.slug(same)}, 409)
    paper = _paper(made.item) if made.item else None
    new = lists.create(reader, made.title, description=made.description or "", public=not made.private)
    if paper:
        lists.add(reader, new, paper)
    return json_answer(_shown(reader, new))


@router.patch(
    "/collections/{namespace}/{slug}",
    auth=Bearer(),
    response={200: Updated, **WRITING},
    by_alias=True,
    exclude_none=True,
    summary="Change a collection",
)
def update_collection(request: HttpRequest, namespace: str, slug: str, change: UpdateBody) -> HttpResponse:
    """Change title, description, privacy or theme. The id at the end of its name stays."""
    reader = reader_for(request, writing=True)
    held = _find(reader, namespace, slug)
    public = None if change.private is None else not change.private
    lists.edit(reader, held, title=change.title, description=change.description, public=public, theme=change.theme)
    answer = json_answer({"success": True, "data": _shown(reader, held)})
    if change.position is not None:
        answer["X-HF-Warning"] = "collections; the position of a collection is not kept here"
    return answer


@router.delete(
    "/collections/{namespace}/{slug}", auth=Bearer(), response={200: Done, **WRITING}, summary="Delete a collection"
)
def delete_collection(request: HttpRequest, namespace: str, slug: str) -> HttpResponse:
    """Delete a reading list; its papers stay here."""
    reader = reader_for(request, writing=True)
    lists.delete(reader, _find(reader, namespace, slug))
    return json_answer({"success": True})


@router.post(
    "/collections/{namespace}/{slug}/items",
    auth=Bearer(),
    response={200: Collection, 409: Problem, **WRITING},
    by_alias=True,
    exclude_none=True,
    summary="Add a paper to a collection",
)
def add_collection_item(request: HttpRequest, namespace: str, slug: str, added: AddBody) -> HttpResponse:
    """Put a paper at the end of a list. 409 where it is there already; then nothing changes."""
    reader = reader_for(request, writing=True)
    held = _find(reader, namespace, slug)
    paper = _paper(added.item)
    if not lists.add(reader, held, paper, added.note or ""):
        raise Conflict(f"{paper.key} is in {held.title!r} already.", "Change its note or place instead.")
    return json_answer(_shown(reader, held))


@router.patch(
    "/collections/{namespace}/{slug}/items/{item_id}",
    auth=Bearer(),
    response={200: Done, **WRITING},
    summary="Change an item",
)
def update_collection_item(
    request: HttpRequest, namespace: str, slug: str, item_id: str, change: UpdateItemBody
) -> HttpResponse:
    """Change the note on a paper, its place, or both."""
    reader = reader_for(request, writing=True)
    held = _find(reader, namespace, slug)
    paper = _item(held, item_id).paper
    if change.note is not None:
        lists.note(reader, held, paper, change.note)
    if change.position is not None:
        lists.move(reader, held, paper, change.position)
    return json_answer({"success": True})


@router.delete(
    "/collections/{namespace}/{slug}/items/{item_id}",
    auth=Bearer(),
    response={200: Done, **WRITING},
    summary="Take a paper out of a collection",
)
def delete_collection_item(request: HttpRequest, namespace: str, slug: str, item_id: str) -> HttpResponse:
    """Take a paper out of a list."""
    reader = reader_for(request, writing=True)
    held = _find(reader, namespace, slug)
    lists.remove(reader, held, _item(held, item_id).paper)
    return json_answer({"success": True})


def _matching(reader: User | None, asked: CollectionsQuery) -> QuerySet[ReadingList]:
    found = lists.visible(_visitor(reader)).filter(owner__is_active=True)
    if asked.owner:
        found = found.filter(owner__username=asked.owner.replace("\0", ""))
    if asked.item:
        kind, _, name = asked.item.partition("/")
        paper = Paper.objects.named(name) if kind == "papers" else None
        found = found.filter(items__paper=paper) if paper else found.none()
    for word in asked.q.replace("\0", "").split()[:10]:
        found = found.filter(Q(title__icontains=word) | Q(description__icontains=word))
    return found


def _sorted(found: QuerySet[ReadingList], sort: str) -> QuerySet[ReadingList]:
    """Return lists in order, each with its number of followers."""
    since = timezone.now() - timedelta(days=30)
    found = found.annotate(followers=_followers(Q()))
    if sort == "trending":
        return found.annotate(lately=_followers(Q(made__gte=since))).order_by("-lately", "-changed", "-pk")
    return found.order_by("-followers", "-changed", "-pk") if sort == "upvotes" else found.order_by("-changed", "-pk")


def _followers(which: Q) -> Coalesce:
    follows = Follow.objects.filter(which, kind="list", value=OuterRef("public_id")).order_by()
    return Coalesce(Subquery(follows.values("value").annotate(number=Count("pk")).values("number")), 0)


def _find(reader: User | None, namespace: str, slug: str) -> ReadingList:
    """Return a list by its name among collections. Raises NotFound, for somebody else's private one too."""
    named = re.fullmatch(r"(?:.*-)?([0-9a-f]{24})", slug)
    visible = lists.visible(_visitor(reader)).filter(owner__is_active=True)
    held = visible.filter(owner__username=namespace.replace("\0", ""), public_id=named[1]).first() if named else None
    if held is None:
        raise NotFound(f"There is no collection {f'{namespace}/{slug}'[:120]!r} here.", "It may be private or deleted.")
    return held


def _item(held: ReadingList, item_id: str) -> ListItem:
    item = held.items.select_related("paper").filter(public_id=item_id.replace("\0", "")[:24]).first()
    if item is None:
        raise NotFound(f"There is no item {item_id[:24]!r} in {held.title!r}.", "Ids of items stand in the collection.")
    return item


def _paper(item: ItemBody) -> Paper:
    if item.type != "paper":
        raise BadInput(f"A {item.type[:30]!r} cannot be added: lists hold papers here.", "Give the type as paper.")
    return paper_of(item.id)


def _shown(reader: User | None, held: ReadingList) -> Json:
    """Return a collection whole, with its own place."""
    items = list(lists.items(held))
    followers = Follow.objects.filter(kind="list", value=held.public_id).count()
    before = lists.visible(_visitor(reader)).filter(owner=held.owner_id, changed__gt=held.changed).count()
    voted = _voted(reader, [item.paper_id for item in items])
    return shapes.collection(held, items, followers=followers, voted=voted) | {"position": before}


def _voted(reader: User | None, papers: list[int]) -> frozenset[int]:
    if reader is None or not papers:
        return frozenset()
    return frozenset(Vote.objects.standing().filter(reader=reader, paper__in=papers).values_list("paper", flat=True))


def _visitor(reader: User | None) -> Visitor:
    return reader or AnonymousUser()
