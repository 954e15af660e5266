"""Puts every payload into every field that people fill, and prints the pages that show them. Run by itself."""

# ruff: noqa: E402 - Django is set up before its models are imported

import json
import os
import sys
from contextlib import suppress

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadsheet.settings")

import django

django.setup()

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from tests import cast
from tests.payloads import payloads

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.community import notifications
from broadsheet.community.models import Comment, DiscussionLock, Edit, ListItem, ModerationEntry, ReadingList, Report
from broadsheet.papers import actions
from broadsheet.papers.models import Paper


def kept(text: str, length: int) -> str:
    """Return as much of a payload as a field takes; PostgreSQL takes no zero byte, and nor does any form."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()[:length]


def seed(number: int, payload: str, me: User) -> tuple[str, list[str]]:
    """Put one payload everywhere; return its paper's page, and another that shows it, of one of three kinds."""
    text = kept(payload, 2000)
    one = User.objects.create(
        username=f"hostile-{number}",
        name=kept(payload, 80),
        affiliation=kept(payload, 120),
        about=kept(payload, 500),
        website=kept(payload, 200),
    )
    paper = cast.paper(
        f"2602.{number:05}",
        text,
        abstract=text,
        authors=[text, "Ada Example"],
        categories=["cs.CL", kept(payload, 20)],
        comment=text,
        journal_ref=text,
        doi=text,
        keywords=[text],
        organization=text,
        code_url=text,
        project_url=text,
    )
    first = Comment.objects.create(paper=paper, author=one, text=text)
    edited = Comment.objects.create(paper=paper, author=one, parent=first, text=f"$x$ @{one.username} {text}")
    Edit.objects.create(comment=edited, text=f"> - {text}")
    Comment.objects.create(paper=paper, author=one, text=text, hidden=timezone.now(), hidden_reason=kept(payload, 300))
    Paper.objects.filter(pk=paper.pk).update(reader_comments=2)
    if number % 10 == 0:
        DiscussionLock.objects.create(paper=paper, reason=kept(payload, 300))
    for owner in (one, me):
        held = ReadingList.objects.create(
            owner=owner, slug=f"l{number}", title=kept(payload, 120), description=kept(payload, 500), public=True
        )
        ListItem.objects.create(list=held, paper=paper, note=kept(payload, 500), position=1)
    Report.objects.create(reporter=one, comment=first, reason="other", note=kept(payload, 500))
    ModerationEntry.objects.create(moderator="mo", verb="warn", account=one.username, reason=kept(payload, 300))
    notifications.tell(me, "reply", actor=one, paper=paper, comment=edited)
    notifications.tell(me, "claim", actor=one, text=text)
    rarer = [
        [f"/readers/{one.username}"],
        _list_page(one.username, f"l{number}"),
        [reverse("comment-history", args=[edited.public_id])],
    ]
    return reverse("paper", args=[paper.key]), rarer[number % 3]


def _list_page(owner: str, slug: str) -> list[str]:
    with suppress(NoReverseMatch):
        return [reverse("list", args=[owner, slug])]
    return []


if __name__ == "__main__":
    me = readers.the_one_reader()
    found = [seed(number, payload, me) for number, payload in enumerate(payloads())]
    papers, rarer = [paper for paper, _ in found], [path for _, paths in found for path in paths]
    actions.note_activity()
    day = ["/papers/date/2026-01-05", "/papers/date/2026-01-05?p=2", "/moderation/log"]
    mine = ["/notifications", "/notifications?p=2", "/moderation", *_list_page(me.username, "l1")]
    some = [path for paper, paths in found[::8] for path in (paper, *paths)]
    json.dump({"public": [*day, *papers], "rarer": rarer, "private": [*day, *mine, *some]}, sys.stdout)
