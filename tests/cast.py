"""The cast of the suite: readers with one role each, made up, and a few papers to act on."""

import re
from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

from broadsheet.accounts.models import Role, User
from broadsheet.papers.models import Counter, Paper
from broadsheet.papers.titles import title_key

PASSWORD = "correct horse battery"


def reader(name: str, role: Role = Role.READER, *, days: int = 30, **more: object) -> User:
    """Make a reader with a password, a confirmed address and an account some days old."""
    user = User.objects.create_user(
        name, f"{name}@example.org", PASSWORD, role=role, email_verified=True, name=name.capitalize(), **more
    )
    user.is_staff = user.is_superuser = role == Role.ADMIN
    user.date_joined = timezone.now() - timedelta(days=days)
    user.save()
    return user


def paper(key: str = "2601.00001", title: str = "Scaling Laws for Small Papers", **more: object) -> Paper:
    """Make a paper of the edition of 5 January 2026."""
    stamp, _ = Counter.objects.get_or_create(name="stamp")
    Counter.objects.filter(pk=stamp.pk).update(value=stamp.value + 1)
    facts: dict[str, object] = {
        "title": title,
        "title_key": title_key(title),
        "abstract": "We measure how short papers grow.",
        "authors": ["Ada Example", "Bo Sample"],
        "categories": ["cs.CL"],
        "published": datetime(2026, 1, 2, 12, tzinfo=UTC),
        "announced": date(2026, 1, 5),
        "day": date(2026, 1, 5),
        "version": 1,
        "text_source": "arxiv",
        "source": "arxiv",
        "stamp": stamp.value + 1,
    }
    made: Paper = Paper.objects.create(key=key, **(facts | more))
    made.refresh_from_db()
    return made


def path_in(mail: object) -> str:
    """Return the path of the link in a mail, with its query."""
    found = re.search(r"https?://[^/\s]+(/\S*)", str(getattr(mail, "body", "")))
    assert found, mail
    return found[1]


def plain(answer: object) -> str:
    """Return a page without what differs each time it is made: the tokens of its forms."""
    text = bytes(getattr(answer, "content", b"")).decode()
    return re.sub(r'(name="(?:csrfmiddlewaretoken|stamp)" value=")[^"]*', r"\1", text)
