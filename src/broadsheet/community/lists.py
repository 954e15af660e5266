"""Reading lists and papers saved for later: the verbs, and which list a visitor may see. Formats live in ``papers``."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Case, F, Max, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.text import slugify

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.community.models import ListItem, ReadingList
from broadsheet.errors import BadInput, Conflict, NotFound, Refused
from broadsheet.papers.models import Paper

SAVED = "saved"
"""The list that every reader has from first use; it is never public."""

MOST_LISTS = 200
"""Lists of one reader."""

MOST_PAPERS = 5000
"""Papers of one list."""

_SAVED_FIRST = Case(When(slug=SAVED, then=Value(0)), default=Value(1))

THEMES = ("orange", "blue", "green", "purple", "pink", "indigo")


# --- Reads --------------------------------------------------------------------------------------------------------


def saved_of(visitor: Visitor) -> ReadingList | None:
    """Return the list of saved papers; None for nobody and for who has saved nothing yet."""
    reader = readers.signed_in(visitor)
    return ReadingList.objects.filter(owner=reader, slug=SAVED).first() if reader else None


def visible(visitor: Visitor) -> QuerySet[ReadingList]:
    """Return the lists that a visitor may see: public ones and their own."""
    reader = readers.signed_in(visitor)
    mine = Q(owner=reader) if reader else Q(pk__in=())
    return ReadingList.objects.filter(Q(public=True) | mine).select_related("owner")


def find(visitor: Visitor, owner: str, slug: str) -> ReadingList:
    """Return a list by its owner's name and its slug. Raises NotFound for a private one of somebody else too."""
    found = visible(visitor).filter(owner__username=owner, slug=slug).first()
    if found is None:
        raise NotFound(f"There is no list {slug[:80]!r} of {owner[:39]!r} here.", "It may be private or deleted.")
    return found


def mine(visitor: Visitor) -> QuerySet[ReadingList]:
    """Return a visitor's own lists, the saved papers first, then those changed last."""
    reader = readers.signed_in(visitor)
    lists = ReadingList.objects.filter(owner=reader) if reader else ReadingList.objects.none()
    return lists.select_related("owner").order_by(_SAVED_FIRST, "-changed", "-pk")


def items(reading_list: ReadingList) -> QuerySet[ListItem]:
    """Return the places of a list in its order, each with its paper."""
    return reading_list.items.select_related("paper").order_by("position", "pk")


# --- Saved for later ----------------------------------------------------------------------------------------------


def save(visitor: Visitor, paper: Paper) -> bool:
    """Save a paper for later and return whether it was not saved before. Raises SignInNeeded or Refused."""
    return add(visitor, saved_list(visitor), paper)


def unsave(visitor: Visitor, paper: Paper) -> bool:
    """Take a paper from the saved ones and return whether it was one. Raises SignInNeeded or Refused."""
    readers.active(visitor, "save papers")
    kept = saved_of(visitor)
    return remove(visitor, kept, paper) if kept else False


def saved_list(visitor: Visitor) -> ReadingList:
    """Return the list of saved papers, made at first use. Raises SignInNeeded or Refused."""
    reader = readers.active(visitor, "save papers")
    kept, _ = ReadingList.objects.get_or_create(owner=reader, slug=SAVED, defaults={"title": "Saved for later"})
    return kept


# --- Lists --------------------------------------------------------------------------------------------------------


@transaction.atomic
def create(
    visitor: Visitor, title: str, *, description: str = "", public: bool = False, theme: str = "blue"
) -> ReadingList:
    """Make an empty list. Its slug comes from the title and stays when the title changes.

    Raises SignInNeeded, Refused where a reader has too many lists, BadInput for a title or description that cannot be.
    """
    reader = readers.active(visitor, "make a list")
    User.objects.select_for_update().get(pk=reader.pk)  # so that two at once are counted one after the other
    if ReadingList.objects.filter(owner=reader).count() >= MOST_LISTS:
        raise Refused(f"A reader has at most {MOST_LISTS} lists.", "Delete one that is not needed any more.")
    return ReadingList.objects.create(
        owner=reader,
        slug=_free_slug(reader, title),
        title=_line(title, "title", 120, needed=True),
        description=_line(description, "description", 500),
        public=public,
        theme=_theme(theme),
    )


def edit(
    visitor: Visitor,
    reading_list: ReadingList,
    *,
    title: str | None = None,
    description: str | None = None,
    public: bool | None = None,
    theme: str | None = None,
) -> None:
    """Change what is given of a list; None leaves as it is. Raises as ``create`` does; saved papers stay private."""
    own(visitor, reading_list)
    if reading_list.slug == SAVED and public:
        raise Refused("Saved papers are always private.", "Make a list of its own to share papers.")
    if title is not None:
        reading_list.title = _line(title, "title", 120, needed=True)
    if description is not None:
        reading_list.description = _line(description, "description", 500)
    if public is not None:
        reading_list.public = public
    if theme is not None:
        reading_list.theme = _theme(theme)
    # Only what is given: another change at the same moment, such as making the list private, stays.
    given = {"title": title, "description": description, "public": public, "theme": theme}
    reading_list.save(update_fields=["changed", *(name for name, value in given.items() if value is not None)])


def rename(visitor: Visitor, reading_list: ReadingList, title: str) -> None:
    """Give a list another title; its address stays."""
    edit(visitor, reading_list, title=title)


def delete(visitor: Visitor, reading_list: ReadingList) -> None:
    """Delete a list; its papers stay here. Raises Refused for the saved papers, which only empty."""
    own(visitor, reading_list)
    if reading_list.slug == SAVED:
        raise Refused("The list of saved papers stays.", "Take the papers out of it instead.")
    reading_list.delete()


# --- Papers of a list ---------------------------------------------------------------------------------------------


@transaction.atomic
def add(visitor: Visitor, reading_list: ReadingList, paper: Paper, note: str = "") -> bool:
    """Put a paper at the end of a list and return whether it was not there before; then nothing changes.

    Raises Conflict for a list that is full, BadInput for a note that is too long.
    """
    return add_all(visitor, reading_list, [(paper, note)]) == 1


@transaction.atomic
def add_all(visitor: Visitor, reading_list: ReadingList, papers: Sequence[tuple[Paper, str]]) -> int:
    """Put papers with their notes at the end of a list, in order, and return how many were not there before.

    Raises Conflict, and adds nothing, where the list would become too long.
    """
    _hold(visitor, reading_list)
    there = set(reading_list.items.values_list("paper", flat=True))
    fresh = {paper.pk: (paper, note) for paper, note in reversed(papers) if paper.pk not in there}
    if len(there) + len(fresh) > MOST_PAPERS:
        raise Conflict(
            f"A list holds at most {MOST_PAPERS} papers, and {reading_list.title!r} has {len(there)}.",
            "Make another list for the rest.",
        )
    last = reading_list.items.aggregate(last=Max("position"))["last"] or 0
    ListItem.objects.bulk_create(
        [
            ListItem(list=reading_list, paper=paper, note=_line(note, "note", 500), position=place)
            for place, (paper, note) in enumerate(reversed(fresh.values()), start=last + 1)
        ],
        batch_size=1000,
    )
    if fresh:
        _touch(reading_list)
    return len(fresh)


@transaction.atomic
def remove(visitor: Visitor, reading_list: ReadingList, paper: Paper) -> bool:
    """Take a paper out of a list and return whether it was there."""
    _hold(visitor, reading_list)
    gone, _ = reading_list.items.filter(paper=paper).delete()
    if gone:
        _touch(reading_list)
    return bool(gone)


@transaction.atomic
def move(visitor: Visitor, reading_list: ReadingList, paper: Paper, place: int) -> None:
    """Move a paper to another place of its list.

    place: counted from 0; one beyond either end means that end. Raises NotFound for a paper that is not in the list.
    """
    _hold(visitor, reading_list)
    item = _place(reading_list, paper)
    ordered = reading_list.items.order_by("position", "pk")
    count = ordered.count()
    target = ordered[min(max(place, 0), count - 1)].position
    others = reading_list.items.exclude(pk=item.pk)
    # Two statements, however long the list is: those in between make room by one.
    if target < item.position:
        others.filter(position__gte=target, position__lt=item.position).update(position=F("position") + 1)
    else:
        others.filter(position__gt=item.position, position__lte=target).update(position=F("position") - 1)
    reading_list.items.filter(pk=item.pk).update(position=target)
    _touch(reading_list)


@transaction.atomic
def note(visitor: Visitor, reading_list: ReadingList, paper: Paper, text: str) -> None:
    """Set the note beside a paper; '' takes it away. Raises NotFound for a paper that is not in the list."""
    _hold(visitor, reading_list)
    item = _place(reading_list, paper)
    item.note = _line(text, "note", 500)
    item.save(update_fields=["note"])
    _touch(reading_list)


# --- What the verbs share -----------------------------------------------------------------------------------------


def own(visitor: Visitor, reading_list: ReadingList) -> User:
    """Return the owner who changes a list. To others a list that they may not see does not exist."""
    reader = readers.active(visitor, "change a list")
    if reading_list.owner_id != reader.pk:
        if not reading_list.public:
            raise NotFound("There is no such list here.")
        raise Refused("Only its owner changes a list.", "Follow it, or make a list of your own.")
    return reader


def _hold(visitor: Visitor, reading_list: ReadingList) -> None:
    """Check the owner, and let nobody else change the list's papers until the transaction ends."""
    own(visitor, reading_list)
    if not ReadingList.objects.select_for_update().filter(pk=reading_list.pk).exists():
        raise NotFound("There is no such list here.", "It was deleted meanwhile.")


def _touch(reading_list: ReadingList) -> None:
    reading_list.changed = timezone.now()
    reading_list.save(update_fields=["changed"])


def _place(reading_list: ReadingList, paper: Paper) -> ListItem:
    item = reading_list.items.filter(paper=paper).first()
    if item is None:
        raise NotFound(f"{paper.key} is not in the list {reading_list.title!r}.", "Add it first.")
    return item


def _line(text: str, name: str, most: int, *, needed: bool = False) -> str:
    """Return a text as it is kept: on one line, without signs that cannot be seen.

    Raises BadInput where it is too long, or empty though needed.
    """
    seen = "".join(sign if sign.isprintable() or sign == "\u200d" else " " for sign in text)
    kept = " ".join(seen.split())
    if needed and not kept:
        raise BadInput(f"A {name} is needed.", f"Give one of at most {most} characters.")
    if len(kept) > most:
        raise BadInput(f"The {name} has {len(kept)} characters, and {most} are possible.", "Shorten it.")
    return kept


def _theme(theme: str) -> str:
    if theme not in THEMES:
        raise BadInput(f"{theme[:20]!r} is not a theme.", f"Themes are {', '.join(THEMES)}.")
    return theme


def _free_slug(reader: User, title: str) -> str:
    """Return a slug that this reader has not used: from the title's ASCII letters, with a number where it is taken."""
    base = slugify(title)[:70].strip("-_") or "list"
    taken = set(ReadingList.objects.filter(owner=reader, slug__startswith=base).values_list("slug", flat=True))
    taken.add(SAVED)
    return next(slug for slug in (base, *(f"{base}-{n}" for n in range(2, MOST_LISTS + 3))) if slug not in taken)
