"""A paper's code, project page and organisation as people set them, with who did it and what stood there before.

What sources say is merged in ``papers.merge``, which leaves alone what was set here.
"""

import contextlib
import re
import unicodedata
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from django.db import transaction
from django.db.models import QuerySet

from broadsheet.accounts import limits, organizations, readers
from broadsheet.accounts.models import Organization, User
from broadsheet.community import claims, submissions
from broadsheet.community.models import LinkChange
from broadsheet.errors import BadInput, NotFound, Refused
from broadsheet.papers.actions import note_activity
from broadsheet.papers.merge import TEXT
from broadsheet.papers.models import Paper

By = Literal["author", "submitter", "moderator"]
_RANK = {"": 0, "submitter": 1, "author": 2, "moderator": 3}

LONGEST = 300
PER_DAY = 60

_PATH = re.compile(r"[^\s<>\"'\\^`{|}\x00-\x1f\x7f]*")
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])?")


@transaction.atomic
def set_links(
    visitor: readers.Visitor,
    paper: Paper,
    *,
    code: str | None = None,
    project: str | None = None,
    organization: str | None = None,
) -> Paper:
    """Set a paper's code, project page and organisation; None leaves a field as it is, '' removes what was set.

    For verified authors, who submitted the paper, and moderators. What one of them set, only the same or a later one
    in the order submitter, author, moderator changes. What was removed comes back from the sources when they are read
    again. organization: the short name of one the reader is a member of; of any, for moderators.
    Raises Refused for everybody else, BadInput for what is no web address, NotFound for an unknown organisation.
    """
    reader = readers.active(visitor, "change a paper's links")
    held = Paper.objects.select_for_update().filter(pk=paper.pk).first()
    if held is None:
        raise NotFound(f"The paper {paper.key} is not here any more.")
    by = standing(reader, held)
    if not by:
        raise Refused(
            f"Only its authors, its submitter and moderators set the links of {held.key}.",
            "If you wrote it, say so on its page first.",
        )
    changes = [
        _set_address(held, "code", code),
        _set_address(held, "project", project),
        _set_organization(held, organization, reader),
    ]
    made = [change for change in changes if change]
    if not made:
        return held
    limits.spend(f"links:{reader.pk}", capacity=limits.share(reader, PER_DAY), seconds=86400)
    for change in made:
        _check_rank(held, change.field, reader, by)
        change.reader, change.by = reader, by
        setattr(held, f"{change.field}_by", by if change.after else "")
    held.save(update_fields=_FIELDS)
    LinkChange.objects.bulk_create(made)
    note_activity()
    for name in _FIELDS:
        setattr(paper, name, getattr(held, name))
    return held


def standing(reader: readers.Visitor, paper: Paper) -> By | None:
    """Return as what a reader may set a paper's links; None for who may not."""
    if not reader.is_authenticated:
        return None
    if claims.is_author(reader, paper):
        return "author"
    if submissions.is_submitter(reader, paper):
        return "submitter"
    return "moderator" if reader.is_moderator else None


def history(paper: Paper) -> QuerySet[LinkChange]:
    """Return what people changed about a paper's links, the newest first."""
    return LinkChange.objects.filter(paper=paper).select_related("reader").order_by("-pk")


def normal_address(text: str) -> str:
    """Return a web address in one form: scheme and host in small letters, without a slash at the end of a bare host.

    Raises BadInput, naming what was given, for anything that a browser should not be sent to.
    """
    text = unicodedata.normalize("NFC", text.strip())
    host, port, parts = "", None, urlsplit("")
    with contextlib.suppress(ValueError):  # a bracket in the host, a port that is no number
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    usable = (
        len(text) <= LONGEST
        and text.isprintable()
        and parts.scheme in ("http", "https")
        and parts.username is None
        and host
        and _HOST.fullmatch(host)
        and _PATH.fullmatch(text)
    )
    if not usable:
        raise BadInput(
            f"{text[:100]!r} is not a web address that can be shown.",
            f"It begins with https://, names a public host and has at most {LONGEST} characters.",
        )
    usual = {"http": 80, "https": 443}[parts.scheme]
    place = f"{host}:{port}" if port and port != usual else host
    path = "" if parts.path == "/" and not parts.query else parts.path
    return urlunsplit((parts.scheme, place, path, parts.query, parts.fragment))


_FIELDS = [
    "code_url",
    "code_by",
    "code_stars",
    "project_url",
    "project_by",
    "organization_slug",
    "organization",
    "organization_by",
]


def _set_address(paper: Paper, field: str, given: str | None) -> LinkChange | None:
    """Set one address in memory; the change, or None where there is nothing to do."""
    if given is None:
        return None
    before = getattr(paper, f"{field}_url")
    after = normal_address(given) if given.strip() else ""
    # Removing takes away only what a person set; what a source says would come back at once.
    if after == before or (not after and getattr(paper, f"{field}_by") in ("", TEXT)):
        return None
    setattr(paper, f"{field}_url", after)
    if field == "code":
        paper.code_stars = None  # they were those of another repository
    return LinkChange(paper=paper, field=field, before=before, after=after)


def _set_organization(paper: Paper, given: str | None, reader: User) -> LinkChange | None:
    if given is None:
        return None
    slug = given.strip().lower()
    if slug == paper.organization_slug or (not slug and not paper.organization_by):
        return None
    before = paper.organization_slug or paper.organization
    name = _organization(slug, reader).name if slug else ""
    paper.organization_slug, paper.organization = slug, name
    return LinkChange(paper=paper, field="organization", before=before, after=slug)


def _organization(slug: str, reader: User) -> Organization:
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no organisation {slug[:60]!r}.", "Found it first, or choose one you are a member of.")
    if not reader.is_moderator and organizations.membership(reader, found) is None:
        raise Refused(f"You are not a member of {found.name}.", "Ask to join it on its page.")
    return found


def _check_rank(paper: Paper, field: str, reader: User, by: By) -> None:
    set_by = getattr(paper, f"{field}_by")
    mine = _RANK["moderator"] if reader.is_moderator else _RANK[by]
    if _RANK.get(set_by, 0) > mine:
        raise Refused(
            f"The {field} of {paper.key} was set by {'an author' if set_by == 'author' else f'a {set_by}'}.",
            "Ask them, or report the paper.",
        )
