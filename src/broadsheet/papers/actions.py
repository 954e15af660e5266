"""The verbs that change papers, each one transaction. What a record changes is decided in ``merge``."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q

from broadsheet.papers import bulk, identities
from broadsheet.papers.joining import Families
from broadsheet.papers.links import Links, find_links
from broadsheet.papers.merge import TEXT, merge, new_paper, set_day
from broadsheet.papers.models import Counter, Merging, Paper, Version, VotesSeen
from broadsheet.sources.record import Record, Withdrawal

# What readers change is not written from a copy in memory that may be older than their change.
_NEVER_UPDATED = {"id", "key", "source", "added", "all_votes", "reader_votes", "reader_comments", "trending"}
_UPDATED = [f.attname for f in Paper._meta.concrete_fields if f.attname not in _NEVER_UPDATED]
_waiting: ContextVar[list[None] | None] = ContextVar("waiting", default=None)


@dataclass(slots=True)
class Stored:
    """What storing a batch did. voted: primary keys of papers whose votes or day changed, for those who keep scores.

    same: rows that were here before and turned out to be one paper, for those who keep what readers did.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    voted: list[int] = field(default_factory=list)
    same: list[identities.Same] = field(default_factory=list)

    def count(self, rows: int, *, changed: int) -> None:
        """Count rows that were stored apart, so many of which changed a paper."""
        self.updated += changed
        self.unchanged += rows - changed


@transaction.atomic
def store(records: Sequence[Record]) -> Stored:
    """Store a batch of records; the same record twice changes nothing, a newer version keeps the older.

    records: at most a few thousand, as the papers concerned are held in memory.
    Returns the counts and which papers' votes changed.
    """
    stamp = _take_stamps(len(records))
    told = [identities.named_by(record) for record in records]
    keys = {record.id for record in records}.union(*told)
    known = {paper.key: paper for paper in Paper.objects.select_for_update().order_by("pk").filter(key__in=keys)}
    families = Families(known.values())
    earlier = _earlier_texts(known.values())
    fresh: dict[str, Paper] = {}
    changed: dict[str, Paper] = {}
    moved: set[int] = set()  # papers of another day have another score
    for place, record in enumerate(records, start=stamp):
        paper = known.get(record.id)
        if paper is None:
            known[record.id] = fresh[record.id] = paper = new_paper(record)
            paper.stamp = place
        else:
            day = paper.day
            if merge(paper, record, earlier[record.id]):
                paper.stamp = place
                if record.id not in fresh:
                    changed[record.id] = paper
            if paper.day != day and paper.pk:
                moved.add(paper.pk)
    _write_papers(fresh.values(), changed.values())
    Version.objects.bulk_create(text for texts in earlier.values() for text in texts if text.pk is None)
    voted = _store_votes(records, known)
    for paper in voted:
        changed.setdefault(paper.key, paper)
    moved |= _close(families, changed)
    same = _join_fresh(identities.note(records, told, known), {paper.pk for paper in fresh.values()}, moved)
    updated = len(changed.keys() - fresh.keys())
    return Stored(
        len(fresh), updated, len(records) - len(fresh) - updated, sorted(moved | {paper.pk for paper in voted}), same
    )


def _close(families: Families, changed: Mapping[str, Paper]) -> set[int]:
    """Fill in anew what papers have from rows that are the same; return the primary keys of those that changed so."""
    again = {paper.pk: paper for paper in families.close()}
    again |= {paper.pk: paper for paper in changed.values() if paper in families}
    _rewrite(list(again.values()))
    return set(again)


def _join_fresh(pairs: Sequence[identities.Same], fresh: set[int], moved: set[int]) -> list[identities.Same]:
    """Make rows that came just now the papers that they are; return the pairs whose other row readers may know."""
    left: list[identities.Same] = []
    # Asked one after the other: what was joined a moment ago has more ids to agree with.
    for pair in (one for told in pairs for one in identities.allowed([told])):
        rows = Paper.objects.in_bulk([pair.first, pair.second])
        kept, merged = identities.in_order(rows[pair.first], rows[pair.second])
        if merged.pk in fresh:
            join(kept, merged, pair.how)
            moved.add(kept.pk)
        else:
            left.append(pair)
    return left


@transaction.atomic
def join(kept: Paper, merged: Paper, how: str, score: float | None = None, by: str = "") -> Merging | None:
    """Make a row the same as another paper, as far as the papers' own tables go; what readers did moves in community.

    how: id, doi, likeness or hand. score: the likeness, where that was the reason. by: who did it.
    Returns the merging; None where the two are one paper already.
    """
    _take_stamps(1)
    rows = {row.pk: row for row in Paper.objects.select_for_update().order_by("pk").filter(pk__in=[kept.pk, merged.pk])}
    if len(rows) < 2 or rows[merged.pk].same_as_id or rows[kept.pk].same_as_id:
        return None
    families = Families(rows.values())
    merging = Merging(kept=rows[kept.pk], merged=rows[merged.pk], how=how, score=score, by=by)
    families.join(rows[kept.pk], rows[merged.pk], merging)
    families.close()
    _rewrite(families.everybody())
    return merging


@transaction.atomic
def part(merging: Merging) -> None:
    """Make a row that was another paper a paper of its own again, and take back what it filled in there."""
    _take_stamps(1)
    rows = Paper.objects.select_for_update().order_by("pk").filter(pk__in=[merging.kept_id, merging.merged_id])
    families = Families(rows)
    families.part(merging)
    families.close()
    _rewrite(families.everybody())


def _rewrite(papers: Sequence[Paper]) -> None:
    """Write papers as they stand in memory, with stamps of their own."""
    if not papers:
        return
    first = _take_stamps(len(papers))
    for stamp, paper in enumerate(papers, start=first):
        paper.stamp = stamp
    _write_papers([], papers)
    Paper.objects.filter(pk__in=[paper.pk for paper in papers if paper.same_as_id]).update(trending=None)


@transaction.atomic
def stamp_anew(pks: Sequence[int]) -> None:
    """Stamp papers as if they had changed, a thousand at most, so that the index takes them over again."""
    first = _take_stamps(len(pks)) if pks else 0
    papers = [Paper(pk=pk, stamp=stamp) for stamp, pk in enumerate(sorted(pks), start=first)]
    Paper.objects.bulk_update(papers, ["stamp"], batch_size=500)


def write_trending(scores: Mapping[int, float | None]) -> None:
    """Write trending scores, by primary key; the formula lives in the ranking room."""
    papers = [Paper(pk=pk, trending=score) for pk, score in scores.items()]
    Paper.objects.bulk_update(papers, ["trending"], batch_size=500)


def hold(pk: int) -> Paper | None:
    """Lock a paper until the end of the transaction, in the order that storing does, so that neither waits for ever.

    For verbs that look at a paper, decide, and then ``feature`` it. None where there is no such paper.
    """
    _take_stamps(1)
    return Paper.objects.select_for_update().filter(pk=pk).first()


@transaction.atomic
def feature(paper: Paper, day: date, again: bool = False) -> None:
    """Put a paper into the edition of a day, and stamp it so that the index follows.

    again: for a large new version, which moves a paper that has been in an edition before. Without it a day that a
    source or a reader set earlier stays, as it does when papers are taken in.
    """
    stamp = _take_stamps(1)
    held = Paper.objects.select_for_update().get(pk=paper.pk)
    if again:
        held.resubmitted = day
    else:
        held.featured = min(held.featured or day, day)
    set_day(held)
    held.stamp = stamp
    fields = ["featured", "resubmitted", "day", "stamp"]
    held.save(update_fields=fields)
    for name in fields:
        setattr(paper, name, getattr(held, name))


@transaction.atomic
def note_stars(stars: Mapping[int, int]) -> int:
    """Set the stars of papers' repositories as they were just read, by primary key; return how many that changes.

    What is read here is the newest count and may be lower; of counts that sources bring along the highest stands.
    """
    first = _take_stamps(len(stars)) if stars else 0
    return sum(
        Paper.objects.filter(pk=pk).exclude(code_stars=count).update(code_stars=count, stamp=stamp)
        for stamp, (pk, count) in enumerate(sorted(stars.items()), start=first)
    )


@transaction.atomic
def fill_links(found: Mapping[int, Links]) -> dict[int, int]:
    """Set papers' code and project page as they stand in comment or abstract.

    found: by primary key; an empty one takes away what was read there before. What a person set stays, and so does
    what a source told. Returns the new stamps of the papers that search knows otherwise now: whether one has code it
    reads in the abstract by itself, so that most papers need not be indexed anew.
    """
    rows = Paper.objects.filter(pk__in=list(found))
    wanted = [paper.pk for paper in rows if _set_links(paper, found[paper.pk])]
    first = _take_stamps(len(wanted)) if wanted else 0
    changed: list[Paper] = []
    stamps: dict[int, int] = {}
    for paper in rows.select_for_update().filter(pk__in=wanted).order_by("pk"):
        had_code, read = bool(paper.code_url), find_links(paper.abstract).code
        if _set_links(paper, found[paper.pk]):
            changed.append(paper)
            if bool(paper.code_url) != had_code and not read:
                paper.stamp = stamps[paper.pk] = first + len(stamps)
    fields = ["code_url", "code_by", "code_stars", "project_url", "project_by", "stamp"]
    Paper.objects.bulk_create(changed, update_conflicts=True, unique_fields=["key"], update_fields=fields)
    return stamps


def _set_links(paper: Paper, links: Links) -> bool:
    """Set a paper's links in memory where nobody else told one, and return whether that changes it."""
    before = (paper.code_url, paper.code_by, paper.project_url, paper.project_by)
    for name, url in (("code", links.code), ("project", links.project)):
        if getattr(paper, f"{name}_by") == TEXT or not getattr(paper, f"{name}_url"):
            setattr(paper, f"{name}_url", url)
            setattr(paper, f"{name}_by", TEXT if url else "")
    if paper.code_url != before[0]:
        paper.code_stars = None  # they were those of another repository
    return (paper.code_url, paper.code_by, paper.project_url, paper.project_by) != before


@transaction.atomic
def mark_withdrawn(paper: Paper, since: datetime | None) -> None:
    """Say since when a paper is withdrawn, or with None that it is not. What its source says later stands beside it."""
    Paper.objects.filter(pk=paper.pk).update(withdrawn=since, stamp=_take_stamps(1))


@transaction.atomic
def withdraw(withdrawals: Sequence[Withdrawal]) -> int:
    """Mark the papers that their source has withdrawn, where they are here, and return how many that changes."""
    first = _take_stamps(len(withdrawals)) if withdrawals else 0
    return sum(
        Paper.objects.filter(Q(withdrawn=None) | Q(withdrawn__gt=one.since), key=one.id).update(
            withdrawn=one.since, stamp=stamp
        )
        for stamp, one in enumerate(withdrawals, start=first)
    )


def note_activity() -> None:
    """Count one more act of a reader that others see, so that kept pages are made anew.

    The last thing in a transaction, as everybody who acts waits for this row: see ``activity_last``.
    """
    waiting = _waiting.get()
    if waiting is not None:
        waiting.append(None)
        return
    if not Counter.objects.filter(name="activity").update(value=F("value") + 1):
        Counter.objects.get_or_create(name="activity", defaults={"value": 1})


@contextmanager
def activity_last() -> Iterator[None]:
    """Note the activity of all verbs called within once, at the end.

    For a verb that calls others: were it noted by the first, the second would wait for its rows with that lock held.
    """
    waiting: list[None] = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    if waiting:
        note_activity()


def _take_stamps(number: int) -> int:
    """Return the first of ``number`` consecutive stamps; the row stays locked until the transaction ends.

    So stamps become visible in rising order, and whoever reads "all after the last one I saw" misses none.
    """
    counter, _ = Counter.objects.get_or_create(name="stamp")
    Counter.objects.filter(pk=counter.pk).update(value=F("value") + number)
    return Counter.objects.get(pk=counter.pk).value - number + 1


def _earlier_texts(papers: Iterable[Paper]) -> defaultdict[str, list[Version]]:
    earlier: defaultdict[str, list[Version]] = defaultdict(list)
    for version in Version.objects.filter(paper__in=[paper.pk for paper in papers]).select_related("paper"):
        earlier[version.paper.key].append(version)
    return earlier


def _write_papers(fresh: Iterable[Paper], changed: Iterable[Paper]) -> None:
    bulk.insert(list(fresh))
    # One upsert is many times quicker than bulk_update's case for every row and field.
    Paper.objects.bulk_create(changed, update_conflicts=True, unique_fields=["key"], update_fields=_UPDATED)


def _store_votes(records: Sequence[Record], papers: Mapping[str, Paper]) -> list[Paper]:
    """Keep the counts seen by day and set each paper's votes to the highest; return the papers that changed."""
    seen: defaultdict[str, dict[date, int]] = defaultdict(dict)
    loose: dict[str, int] = {}
    for record in records:
        for day, votes in record.votes_seen:
            seen[record.id][day] = max(votes, seen[record.id].get(day, 0))
        if record.votes is not None:
            loose[record.id] = max(record.votes, loose.get(record.id, 0))
    with_votes = [papers[key] for key in seen.keys() | loose.keys()]
    history: defaultdict[int, dict[date, int]] = defaultdict(dict)
    for pk, day, votes in VotesSeen.objects.filter(paper__in=with_votes).values_list("paper", "day", "votes"):
        history[pk][day] = votes
    rows: list[VotesSeen] = []
    voted: list[Paper] = []
    for paper in with_votes:
        days = history[paper.pk]
        news = {day: count for day, count in seen[paper.key].items() if count > days.get(day, -1)}
        rows += [VotesSeen(paper=paper, day=day, votes=count) for day, count in news.items()]
        days |= news
        # The highest, as many counts come without the day of their reading: then no order of reading matters.
        votes = max(paper.imported_votes, days[max(days)] if days else 0, loose.get(paper.key, 0))
        if news or votes != paper.imported_votes:
            paper.imported_votes = votes
            voted.append(paper)
    VotesSeen.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["paper", "day"], update_fields=["votes"], batch_size=5000
    )
    Paper.objects.bulk_create(voted, update_conflicts=True, unique_fields=["key"], update_fields=["imported_votes"])
    return voted
