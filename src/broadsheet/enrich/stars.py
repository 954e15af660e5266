"""Stars of the repositories that papers name, over time. What is asked of GitHub lives in ``sources.github``."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from broadsheet.enrich import asking, facts
from broadsheet.enrich.looks import Value
from broadsheet.enrich.models import Repository, StarsSeen
from broadsheet.enrich.run import Stop
from broadsheet.errors import BroadsheetError
from broadsheet.papers.actions import note_stars
from broadsheet.papers.links import find_links
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.sources.github import AT_ONCE, GitHub, Seen, name_of

KIND, SOURCE = "stars", "GitHub"
_DAILY_FOR = 30
_GONE = timedelta(days=90)
_FIRST_RETRY = timedelta(hours=1)


class Stars:
    """The kind of facts; ``github`` is who is asked."""

    KIND, TITLE = KIND, "Stars of code repositories"

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._patience = asking.Patience(KIND, SOURCE)

    def wanted(self, now: datetime) -> PaperQuerySet:
        """Return the papers that name a repository at GitHub and whose stars are to be read."""
        place = "github.com"
        names = Q(code_url__contains=place) | Q(abstract__contains=place) | Q(comment__contains=place)
        return asking.waiting(KIND, [SOURCE], now, Paper.objects.filter(names))

    def look(self, papers: Sequence[Paper], stop: Stop) -> int:
        """Read the stars of the repositories that papers name; of one that several name, once."""
        now = timezone.now()
        named: dict[str, list[Paper]] = {}
        for paper in papers:
            named.setdefault(repository_of(paper), []).append(paper)
        bare = named.pop("", [])
        asking.keep([_found(paper, {}, now + _GONE) for paper in bare], now)
        done = len(bare)
        # Two who begin at once make each row once, and from then on only change it.
        Repository.objects.bulk_create([Repository(url=_url(name)) for name in named], ignore_conflicts=True)
        known = {row.url: row for row in Repository.objects.filter(url__in=map(_url, named))}
        rows = {name: known[_url(name)] for name in named}
        fresh = [name for name, row in rows.items() if row.next_at and row.next_at > now]
        for name in fresh:
            done += _tell(rows[name], named[name], now)
        due = [name for name in named if name not in set(fresh)]
        for batch in self._batches(due):
            if stop():
                break
            done += self._ask({name: rows[name] for name in batch}, named)
        return done

    def _batches(self, names: Sequence[str]) -> Iterator[Sequence[str]]:
        size = AT_ONCE if self._github.token else 1
        return (names[start : start + size] for start in range(0, len(names), size))

    def _ask(self, rows: dict[str, Repository], named: dict[str, list[Paper]]) -> int:
        """Ask for the repositories of one question, and write down what came; return how many papers that tells of."""
        now = timezone.now()
        try:
            if self._github.token:
                seen = self._github.many(list(rows))
            else:
                seen = {name: self._github.one(name, row.etag) for name, row in rows.items()}
        except BroadsheetError as error:
            papers = [paper for name in rows for paper in named[name]]
            for row in rows.values():
                _put_off(row, now)
            self._patience.failed(papers, error, now)
            return len(papers)
        self._patience.answered()
        done = 0
        for name, row in rows.items():
            if name in seen:
                _note(row, seen[name], _next(named[name], now, gone=seen[name].gone), now)
            else:
                _put_off(row, now)
            done += _tell(row, named[name], now)
        return done


def repository_of(paper: Paper) -> str:
    """Return owner/name of the repository at GitHub that holds a paper's code, '' where it names none there."""
    told = paper.code_url or find_links(paper.abstract).code or find_links(paper.comment).code
    return name_of(told)


class Reading(NamedTuple):
    """The stars of a repository on one day."""

    day: date
    stars: int


def history(value: Value, most: int = 60) -> list[Reading]:
    """Return the readings behind a fact of this kind, oldest first, the newest ``most`` of them."""
    rows = StarsSeen.objects.filter(repository__url=_url(str(value.get("asked", "")))).order_by("-day")[:most]
    return [Reading(row.day, row.stars) for row in reversed(rows)]


@transaction.atomic
def _note(row: Repository, seen: Seen, next_at: datetime, now: datetime) -> None:
    """Write down what GitHub told of a repository; where nothing has changed, the count is the last one."""
    row.gone, row.checked, row.next_at, row.tries = seen.gone, now, next_at, 0
    if seen.stars is not None:
        row.stars, row.archived, row.etag = seen.stars, seen.archived, seen.etag
        row.called = seen.name
    row.save()
    if row.stars is not None and not seen.gone:
        StarsSeen.objects.bulk_create(
            [StarsSeen(repository=row, day=now.date(), stars=row.stars)],
            update_conflicts=True,
            unique_fields=["repository", "day"],
            update_fields=["stars"],
        )


def _put_off(row: Repository, now: datetime) -> None:
    row.tries = min(row.tries + 1, 1000)
    row.next_at = now + _FIRST_RETRY * 2 ** min(row.tries - 1, 9)
    row.save()


def _tell(row: Repository, papers: Sequence[Paper], now: datetime) -> int:
    """Write what is known of a repository as a fact of each paper that names it."""
    asked = row.url.removeprefix("https://github.com/")
    value: Value = {}
    if row.gone:
        value = {"asked": asked, "gone": True}
    elif row.stars is not None:
        value = {"asked": asked, "repository": row.called or asked, "stars": row.stars, "archived": row.archived}
    asking.keep([_found(paper, value, row.next_at) for paper in papers], now)
    if row.stars is not None and not row.gone:
        note_stars({paper.pk: row.stars for paper in papers if name_of(paper.code_url) == asked})
    return len(papers)


def _found(paper: Paper, value: Value, next_at: datetime | None) -> facts.Found:
    return facts.Found(paper.pk, paper.stamp, KIND, SOURCE, value, next_at)


def _next(papers: Sequence[Paper], now: datetime, *, gone: bool) -> datetime:
    """Return when to read again: daily as long as a paper is new, weekly later, and seldom what is gone."""
    if gone:
        return now + _GONE
    is_new = any(paper.day and (now.date() - paper.day).days <= _DAILY_FOR for paper in papers)
    # A little less than whole days, so that a job that runs at the same hour each day finds it due.
    return now + timedelta(days=1 if is_new else 7, hours=-2)


def _url(name: str) -> str:
    return f"https://github.com/{name}"[:255]
