"""By which ids a paper is known, whether two sets of ids can be one paper's, and which rows records say are one.

How like two papers are is told in ``likeness``; making one of two rows lives in ``joining``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from broadsheet.papers.models import Identifier, Merging, Paper, Resemblance
from broadsheet.sources import paper_ids
from broadsheet.sources.record import Record

_RANKS = ("arxiv", "acl", "doi", "openreview")
_ARXIV = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+/\d{7}")


@dataclass(frozen=True, slots=True)
class Same:
    """Two rows, by primary key, that records say are one paper. how: ``id``, or ``doi`` where only that is shared."""

    first: int
    second: int
    how: str


def kind_of(key: str) -> str:
    """Return what names a paper so: arxiv, acl, doi, openreview, or the place before the colon."""
    if _ARXIV.fullmatch(key):
        return "arxiv"
    place = key.partition(":")[0]
    return "doi" if place == "doi-digest" else place


def rank(key: str) -> int:
    """Return how good the id of a paper is to keep it under; the lowest is the best: arXiv, ACL, DOI, OpenReview."""
    kind = kind_of(key)
    return _RANKS.index(kind) if kind in _RANKS else len(_RANKS)


def in_order(first: Paper, second: Paper) -> tuple[Paper, Paper]:
    """Return the paper to keep and the other: the one with the better id, of equals the one that came first."""
    one, other = sorted((first, second), key=lambda paper: (rank(paper.key), paper.pk))
    return one, other


def named_by(record: Record) -> list[str]:
    """Return the keys by which a record names its paper beside its own."""
    if not record.other_ids and not record.doi:
        return []
    keys = (*record.other_ids, *paper_ids.doi_keys(record.doi))
    return [key for key in dict.fromkeys(keys) if key != record.id and len(key) <= 64]


def ids_of(paper: Paper) -> set[str]:
    """Return the ids that a paper's own row tells: its key and its DOI."""
    return {paper.key, *paper_ids.doi_keys(paper.doi)}


def clash(first: Iterable[str], second: Iterable[str]) -> bool:
    """Whether ids cannot be those of one paper as far as a machine may judge.

    Two arXiv ids, two ids of the Anthology or of OpenReview, or two DOIs of one registrant: such are the parts of a
    work, an erratum, a reply, or the versions for a workshop and for a conference.
    """
    ours, theirs = _by_registry(first), _by_registry(second)
    return any(ours[registry].isdisjoint(theirs[registry]) for registry in ours.keys() & theirs.keys())


def _by_registry(keys: Iterable[str]) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for key in keys:
        kind = kind_of(key)
        if kind == "doi":
            found[key.partition(":")[2].partition("/")[0]].add(key)
        elif kind in _RANKS:
            found[kind].add(key)
    return found


def keys_of(papers: Sequence[Paper]) -> dict[int, list[str]]:
    """Return all ids under which papers are known, by primary key: their own first, then those of their other rows."""
    pks = [paper.pk for paper in papers]
    found = {paper.pk: [paper.key] for paper in papers}
    for row in Paper.objects.filter(same_as__in=pks).order_by("pk").only("key", "same_as"):
        found[row.same_as_id or row.pk].append(row.key)
    told = Identifier.objects.filter(Q(paper__in=pks) | Q(paper__same_as__in=pks)).order_by("pk")
    for key, pk, kept in told.values_list("key", "paper", "paper__same_as"):
        known = found[kept or pk]
        if key not in known:
            known.append(key)
    return found


def links_of(paper: Paper) -> list[tuple[str, str]]:
    """Return the other ids of a paper with where each leads, '' where it leads nowhere."""
    return [(key, paper_ids.address(key)) for key in sorted(keys_of([paper])[paper.pk][1:], key=rank_and_key)]


def rank_and_key(key: str) -> tuple[int, str]:
    """Return what sorts ids as they are shown."""
    return rank(key), key


def note(records: Sequence[Record], told: Sequence[Sequence[str]], rows: Mapping[str, Paper]) -> list[Same]:
    """Keep the ids that records tell of their papers, and return the pairs of rows that are one paper by them.

    told: what ``named_by`` says of each record. rows: the rows of all these keys that are here, by key.
    In the caller's transaction.
    Whether such a pair may be made one is told by ``allowed``.
    """
    wanted = {record.id for record in records}.union(*told)
    claims = dict(Identifier.objects.filter(key__in=wanted).values_list("key", "paper"))
    fresh: dict[str, tuple[int, str]] = {}
    found: dict[frozenset[int], Same] = {}
    for record, names in zip(records, told, strict=True):
        paper = rows[record.id]
        if (holder := claims.get(record.id)) not in (None, paper.pk):
            found.setdefault(frozenset((holder, paper.pk)), Same(holder, paper.pk, "id"))
        for key in names:
            holders = {pk for pk in (claims.get(key), _pk_of(rows.get(key))) if pk}
            for holder in holders - {paper.pk}:
                how = "id" if key in record.other_ids else "doi"
                found.setdefault(frozenset((holder, paper.pk)), Same(holder, paper.pk, how))
            if key not in claims:
                claims[key] = paper.pk
                fresh[key] = paper.pk, record.source[:80]
    _keep(fresh)
    return list(found.values())


def _keep(told: Mapping[str, tuple[int, str]]) -> None:
    """Insert ids, in a third of the time that ``bulk_create`` takes: a million comes with all of arXiv."""
    if not told:
        return
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    table, *columns = map(connection.ops.quote_name, (Identifier._meta.db_table, "key", "paper_id", "source", "seen"))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",  # noqa: S608 (our own names)
            [(key, pk, source, now) for key, (pk, source) in told.items()],
        )


def _pk_of(paper: Paper | None) -> int | None:
    return paper.pk if paper else None


def allowed(pairs: Sequence[Same]) -> list[Same]:
    """Return the pairs that may be made one without asking anybody; of the others those that clash are proposed."""
    pks = {pk for pair in pairs for pk in (pair.first, pair.second)}
    papers = {paper.pk: paper for paper in Paper.objects.filter(pk__in=pks).select_related("same_as")}
    known = keys_of([paper.same_as or paper for paper in papers.values()])
    left: list[Same] = []
    clashing: list[Same] = []
    for pair in pairs:
        first, second = papers[pair.first], papers[pair.second]
        one, other = first.same_as or first, second.same_as or second
        if one.pk == other.pk:
            continue
        # What only shares a DOI is judged by its own ids: the shared one says nothing against them.
        ids = [_rows_of(paper, known) | ids_of(paper) for paper in (one, other)]
        same = Same(one.pk, other.pk, pair.how)
        (clashing if clash(*ids) else left).append(same)
    if clashing:
        propose(clashing)
    decided = parted(left) if left else set()
    return [pair for pair in left if frozenset((pair.first, pair.second)) not in decided]


def _rows_of(paper: Paper, known: Mapping[int, Sequence[str]]) -> set[str]:
    return {key for key in known[paper.pk] if key == paper.key or kind_of(key) != "doi"}


def parted(pairs: Iterable[Same]) -> set[frozenset[int]]:
    """Return which pairs somebody has decided on: found to be two papers, or parted again."""
    pks = {pk for pair in pairs for pk in (pair.first, pair.second)}
    told = Resemblance.objects.filter(first__in=pks, second__in=pks).exclude(decided=None).exclude(same=True)
    undone = Merging.objects.filter(kept__in=pks, merged__in=pks).exclude(parted_at=None)
    return {frozenset(pair) for pair in told.values_list("first", "second")} | {
        frozenset(pair) for pair in undone.values_list("kept", "merged")
    }


def propose(pairs: Iterable[Same], scores: Mapping[frozenset[int], float] | None = None) -> int:
    """Put pairs before moderators, unless they have been; return how many are new."""
    rows = [
        Resemblance(
            first_id=min(pair.first, pair.second),
            second_id=max(pair.first, pair.second),
            why=pair.how,
            score=(scores or {}).get(frozenset((pair.first, pair.second))),
        )
        for pair in pairs
    ]
    before = Resemblance.objects.count()
    Resemblance.objects.bulk_create(rows, ignore_conflicts=True)
    return Resemblance.objects.count() - before
