"""Finding papers that came twice: by their ids, then by title, authors and abstract. What follows lives in ``merging``.

How like two papers are is told in ``papers.likeness``. A pair whose ids clash, such as two arXiv ids, is never made one
without a moderator.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from broadsheet.community import merging
from broadsheet.errors import BroadsheetError
from broadsheet.papers import identities
from broadsheet.papers.identities import Same
from broadsheet.papers.likeness import PERHAPS, SURE, Text, likeness
from broadsheet.papers.models import Counter, Paper, PaperQuerySet
from broadsheet.sources.record import Record

BATCH = 500
MOST_OF_A_TITLE = 12
"""Papers of one title; more are no copies of one paper but a rubric, such as "Preface"."""

NEW = timedelta(days=60)
"""How old an edition of arXiv's papers may be to be compared with papers of like titles: an archive takes too long."""

_READ, _SEARCHED = "duplicates", "like titles"
_SEARCHED_AT_ONCE = 100

type Near = Callable[[Paper], Collection[int]]
"""Returns papers, by primary key, whose titles are like that of one. Raises BroadsheetError where none can be told."""


@dataclass(slots=True)
class _Done:
    looked: int = 0
    merged: int = 0
    proposed: int = 0


def find(
    stop: Callable[[], bool] = lambda: False, report: Callable[[int], None] = lambda _: None, near: Near | None = None
) -> str:
    """Look at the papers that came or changed since the last time; return what was found in one sentence.

    stop: asked before each batch; the next time goes on from there. report: called with the papers looked at so far.
    near: searches for papers of like titles; without it only those of the same title are compared.
    """
    merging.gather()
    done, searched = _Done(), _Done()
    papers = Paper.objects.standing()
    _walk(_READ, papers, _by_ids_and_title, BATCH, done, stop, report)
    waits = ""
    # Where all papers are arXiv's there is none whose title another place may have changed.
    if near is not None and Paper.objects.filter(key__contains=":").exists():
        wanted = papers.filter(Q(key__contains=":") | Q(day__gte=timezone.now().date() - NEW)).exclude(title_key="")
        try:
            _walk(
                _SEARCHED,
                wanted,
                lambda some: _by_likeness(_of_like_titles(some, near)),
                _SEARCHED_AT_ONCE,
                searched,
                stop,
                report,
            )
        except BroadsheetError:
            waits = " Like titles wait for the search index."
    merged, proposed = done.merged + searched.merged, done.proposed + searched.proposed
    return f"Looked at {done.looked} papers: {merged} were another one, {proposed} may be.{waits}"


def begin_again() -> None:
    """Have all papers looked at anew by the next ``find``, such as once an archive was taken in."""
    Counter.objects.filter(name__in=(_READ, _SEARCHED)).delete()


def _walk(
    name: str,
    papers: PaperQuerySet,
    look: Callable[[Sequence[Paper]], tuple[int, int]],
    at_once: int,
    done: _Done,
    stop: Callable[[], bool],
    report: Callable[[int], None],
) -> None:
    """Look at papers in the order of their changes, from where the last time ended. name: under which that is kept."""
    until = Paper.objects.order_by("-stamp").values_list("stamp", flat=True).first() or 0
    reached = Counter.objects.filter(name=name).values_list("value", flat=True).first() or 0
    waiting = papers.filter(stamp__lte=until).order_by("stamp")
    while not stop() and (some := list(waiting.filter(stamp__gt=reached)[:at_once])):
        merged, proposed = look(some)
        done.looked += len(some)
        done.merged += merged
        done.proposed += proposed
        reached = some[-1].stamp
        Counter.objects.update_or_create(name=name, defaults={"value": reached})
        report(done.looked)


def text_of(paper: Paper) -> Text:
    """Return what is compared of a paper."""
    moment = paper.published or paper.announced
    abstract = paper.abstract if paper.abstract_kind == "abstract" else ""
    return Text(paper.title, paper.authors, abstract, moment.year if moment else None)


def _by_ids(papers: Sequence[Paper]) -> list[Same]:
    """Return which papers are another one by their ids, and keep the ids of those that came before ids were kept."""
    records = [Record(paper.key, "", paper.source, doi=paper.doi) for paper in papers]
    told = [identities.named_by(record) for record in records]
    wanted = {key for keys in told for key in keys}
    rows = {paper.key: paper for paper in Paper.objects.filter(key__in=wanted)} if wanted else {}
    return identities.note(records, told, rows | {paper.key: paper for paper in papers})


def _by_ids_and_title(papers: Sequence[Paper]) -> tuple[int, int]:
    same = merging.settle(_by_ids(papers))
    merged, proposed = _by_likeness(_of_one_title([paper for paper in papers if paper.title_key]))
    return same + merged, proposed


def _by_likeness(alike: Iterable[tuple[Paper, Paper]]) -> tuple[int, int]:
    """Compare papers two by two; return how many pairs were made one, and how many are proposed."""
    pairs = list(alike)
    if not pairs:
        return 0, 0
    known = identities.keys_of([paper for pair in pairs for paper in pair])
    same = {pair: Same(pair[0].pk, pair[1].pk, "likeness") for pair in pairs}
    decided = identities.parted(same.values())
    sure: list[tuple[Paper, Paper, float]] = []
    scores: dict[frozenset[int], float] = {}
    for one, other in pairs:
        both = frozenset((one.pk, other.pk))
        if both in decided:
            continue
        found = likeness(text_of(one), text_of(other))
        ids = [{*known[paper.pk], *identities.ids_of(paper)} for paper in (one, other)]
        if found.score >= SURE and not found.kindred and not identities.clash(*ids):
            sure.append((one, other, found.score))
        elif found.score >= PERHAPS and not found.kindred:
            scores[both] = found.score
    merged = sum(_merge(*pair) for pair in sure)
    return merged, identities.propose((Same(min(both), max(both), "likeness") for both in scores), scores)


def _merge(one: Paper, other: Paper, score: float) -> bool:
    return merging.merge(*identities.in_order(one, other), "likeness", score) is not None


def _of_one_title(papers: Sequence[Paper]) -> Iterable[tuple[Paper, Paper]]:
    """Yield each pair of a paper among these and another one that has its title, once."""
    mine = {paper.pk for paper in papers}
    titled: defaultdict[str, list[Paper]] = defaultdict(list)
    found = Paper.objects.standing().filter(title_key__in={paper.title_key for paper in papers}).order_by("pk")
    for paper in found:
        titled[paper.title_key].append(paper)
    for group in titled.values():
        if 1 < len(group) <= MOST_OF_A_TITLE:
            for place, one in enumerate(group):
                yield from ((one, other) for other in group[place + 1 :] if one.pk in mine or other.pk in mine)


def _of_like_titles(papers: Sequence[Paper], near: Near) -> Iterable[tuple[Paper, Paper]]:
    """Yield each pair of a paper among these and one of a like, not the same title, once.

    Two papers of arXiv are no such pair: their ids say that they are two.
    """
    found = {paper.pk: near(paper) for paper in papers}
    others = Paper.objects.standing().in_bulk({pk for pks in found.values() for pk in pks})
    seen: set[frozenset[int]] = set()
    for paper in papers:
        for other in (others[pk] for pk in found[paper.pk] if pk in others and pk != paper.pk):
            pair = frozenset((paper.pk, other.pk))
            of_arxiv = identities.kind_of(paper.key) == identities.kind_of(other.key) == "arxiv"
            if pair not in seen and not of_arxiv and paper.title_key != other.title_key:
                seen.add(pair)
                yield paper, other
