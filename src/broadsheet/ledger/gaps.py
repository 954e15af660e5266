"""Ids of arXiv that should be here and are not: found in rows of ids, kept with what asking for them brought.

arXiv numbers a month's papers in the order of their announcement, so a hole between papers that are here is either of
papers of other categories or of papers that were missed. Asking is done in ``watching``.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from broadsheet.ledger.models import Gap
from broadsheet.papers.models import Paper
from broadsheet.sources import arxiv_ids

MOST_IDS = 100
"""Ids of one request."""
CHANCE = 0.001
"""A hole is asked for that would come about by other categories alone in fewer than one of a thousand cases."""
NEIGHBOURS = 100
"""Ids on each side of a hole that tell how many of such ids are ours."""
LATELY = timedelta(days=7)
AGAIN = timedelta(days=1)
"""When ids that arXiv did not know are asked for once more."""


def is_suspicious(ids: int, share: float) -> bool:
    """Whether a hole is too long for chance. share: of the ids around it, how many are here."""
    return ids > 0 and share > 0 and (1 - min(share, 1.0)) ** ids < CHANCE


def holes(serials: Sequence[int]) -> list[range]:
    """Return the suspicious holes between numbers that are here, in order."""
    return [
        range(before + 1, after)
        for place, (before, after) in enumerate(pairwise(serials))
        if after - before > 1 and is_suspicious(after - before - 1, _share(serials, place))
    ]


def find(now: datetime) -> int:
    """Note the holes in the ids of papers announced lately, to be asked for; return how many ids are in new ones."""
    keys = Paper.objects.filter(announced__gte=(now - LATELY).date(), announced__lte=now.date() + timedelta(days=1))
    months: dict[str, list[int]] = {}
    for key in keys.values_list("key", flat=True):
        month, serial = _split(key)
        if month:
            months.setdefault(month, []).append(serial)
    return sum(_find(month, min(recent), max(recent), now) for month, recent in months.items())


def note_missing(ids: Iterable[str], now: datetime) -> int:
    """Note ids that a list of arXiv's names and that are not here; return how many were not asked for before.

    Ids of papers older than the month before last are left out: they are not announced anew when they change.
    """
    earliest = f"{(now - timedelta(days=45)):%y%m}"
    wanted = {one for one in ids if _split(one)[0] >= earliest}
    missing = sorted(wanted - here(wanted))
    added = 0
    for month in dict.fromkeys(one[:4] for one in missing):
        serials = {_split(one)[1] for one in missing if one[:4] == month} - _covered(month)
        added += _note(month, _runs(sorted(serials)), now)
    return added


def here(ids: Collection[str]) -> set[str]:
    """Return which of some ids have come: what another source only names has not, and is asked for."""
    listed = sorted(ids)
    found: set[str] = set()
    for start in range(0, len(listed), 500):
        some = listed[start : start + 500]
        found |= set(Paper.objects.filter(key__in=some).values_list("key", flat=True))
    return found


def due(now: datetime) -> list[Gap]:
    """Return the gaps that are to be asked for now, new ones first."""
    return list(Gap.objects.filter(next_at__lte=now).order_by("asked", "-first_id"))


def asked_since(moment: datetime) -> int:
    """Return how many requests were spent on gaps since a moment, about."""
    ids = Gap.objects.filter(asked_at__gte=moment).aggregate(ids=Sum("ids"))["ids"] or 0
    return -(-ids // MOST_IDS)


def ids_of(gap: Gap) -> list[str]:
    """Return the ids in a gap."""
    month, first = _split(gap.first_id)
    return [_id(month, first + number) for number in range(gap.ids)]


def packed(gaps: Iterable[Gap]) -> list[list[Gap]]:
    """Return gaps in groups whose ids fit into one request each."""
    groups: list[list[Gap]] = []
    room = 0
    for gap in gaps:
        if gap.ids > room:
            groups.append([])
            room = MOST_IDS
        groups[-1].append(gap)
        room -= gap.ids
    return groups


@transaction.atomic
def note(gap: Gap, brought: Collection[str], elsewhere: Collection[str], now: datetime) -> None:
    """Note what asking for a gap brought. brought: ids of our categories; elsewhere: of others, which are not kept.

    What arXiv did not know becomes a gap of its own, which is asked for once more; the rest never is.
    """
    gap = Gap.objects.select_for_update().get(pk=gap.pk)
    asked = gap.asked + 1
    known = set(brought) | set(elsewhere)
    month = _split(gap.first_id)[0]
    parts = _parted(ids_of(gap), known)
    Gap.objects.filter(pk=gap.pk).delete()
    Gap.objects.bulk_create(
        Gap(
            first_id=part[0],
            last_id=part[-1],
            ids=len(part),
            found_at=gap.found_at,
            asked_at=now,
            asked=asked,
            next_at=now + AGAIN if part[0] not in known and asked == 1 else None,
            brought=sum(one in brought for one in part),
            elsewhere=sum(one in elsewhere for one in part),
            absent=sum(one not in known for one in part),
        )
        for part in parts
        if month
    )


def _find(month: str, first: int, last: int, now: datetime) -> int:
    span = Paper.objects.filter(key__gte=_id(month, first), key__lte=_id(month, last), key__startswith=f"{month}.")
    serials = sorted(_split(key)[1] for key in span.values_list("key", flat=True))
    covered = _covered(month)
    runs = [run for hole in holes(serials) for run in _runs(one for one in hole if one not in covered)]
    return _note(month, runs, now)


def _note(month: str, runs: Iterable[list[int]], now: datetime) -> int:
    rows = [
        Gap(first_id=_id(month, run[0]), last_id=_id(month, run[-1]), ids=len(run), found_at=now, next_at=now)
        for run in runs
    ]
    Gap.objects.bulk_create(rows, ignore_conflicts=True)
    return sum(row.ids for row in rows)


def _covered(month: str) -> set[int]:
    """Return the numbers of a month that are in some gap already, whatever became of it."""
    found: set[int] = set()
    for first, ids in Gap.objects.filter(first_id__startswith=f"{month}.").values_list("first_id", "ids"):
        begin = _split(first)[1]
        found.update(range(begin, begin + ids))
    return found


def _runs(serials: Iterable[int]) -> list[list[int]]:
    """Return numbers as runs without holes, each short enough for one request."""
    runs: list[list[int]] = []
    for serial in serials:
        if runs and runs[-1][-1] + 1 == serial and len(runs[-1]) < MOST_IDS:
            runs[-1].append(serial)
        else:
            runs.append([serial])
    return runs


def _parted(ids: Sequence[str], known: Collection[str]) -> list[list[str]]:
    """Return ids as runs of known and of unknown ones."""
    parts: list[list[str]] = []
    for one in ids:
        if parts and (parts[-1][-1] in known) == (one in known):
            parts[-1].append(one)
        else:
            parts.append([one])
    return parts


def _share(serials: Sequence[int], place: int) -> float:
    """Return which share of the ids around a hole is here. place: of the number before it."""
    before, behind = _near(serials, place, -1)
    after, ahead = _near(serials, place + 1, 1)
    return (before + after) / (behind + ahead)


def _near(serials: Sequence[int], place: int, step: int) -> tuple[int, int]:
    """Return how many ids are here from a place on, and of how many: fewer where the newest is near, or the first."""
    start = last = serials[place]
    count = 0
    while 0 <= place < len(serials) and abs(serials[place] - start) < NEIGHBOURS:
        last = serials[place]
        count += 1
        place += step
    return count, NEIGHBOURS if 0 <= place < len(serials) else abs(last - start) + 1


def _split(key: str) -> tuple[str, int]:
    """Return month and number of an id; ids of before 2007 and keys of others have no month."""
    if not arxiv_ids.is_arxiv(key) or "/" in key:
        return "", 0
    month, _, serial = key.partition(".")
    return month, int(serial)


def _id(month: str, serial: int) -> str:
    return f"{month}.{serial:05}" if month >= "1501" else f"{month}.{serial:04}"


def requests_left(now: datetime) -> int:
    """Return how many requests for gaps BROADSHEET_GAP_REQUESTS leaves for today."""
    return max(0, settings.GAP_REQUESTS - asked_since(now - timedelta(days=1)))
