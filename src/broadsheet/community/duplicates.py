"""Finding papers that came twice: by their ids, then by title, authors and abstract. What follows lives in ``merging``.

How like two papers are is told in ``papers.likeness``. A pair whose ids clash, such as two arXiv ids, is never made one
without a moderator.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from broadsheet.community import merging
from broadsheet.papers import identities
from broadsheet.papers.identities import Same
from broadsheet.papers.likeness import PERHAPS, SURE, Text, likeness
from broadsheet.papers.models import Counter, Paper
from broadsheet.sources.record import Record

BATCH = 500
MOST_OF_A_TITLE = 12
"""Papers of one title; more are no copies of one paper but a rubric, such as "Preface"."""

_READ = "duplicates"


def find(stop: Callable[[], bool] = lambda: False, report: Callable[[int], None] = lambda _: None) -> str:
    """Look at the papers that came or changed since the last time; return what was found in one sentence.

    stop: asked before each batch; the next time goes on from there. report: called with the papers looked at so far.
    """
    merging.gather()
    until = Paper.objects.order_by("-stamp").values_list("stamp", flat=True).first() or 0
    reached = Counter.objects.filter(name=_READ).values_list("value", flat=True).first() or 0
    looked = merged = proposed = 0
    waiting = Paper.objects.standing().filter(stamp__lte=until).order_by("stamp")
    while not stop() and (papers := list(waiting.filter(stamp__gt=reached)[:BATCH])):
        merged += merging.settle(_by_ids(papers))
        one, perhaps = _by_likeness([paper for paper in papers if paper.title_key])
        merged += one
        proposed += perhaps
        looked += len(papers)
        reached = papers[-1].stamp
        Counter.objects.update_or_create(name=_READ, defaults={"value": reached})
        report(looked)
    return f"Looked at {looked} papers: {merged} were another one, {proposed} may be."


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


def _by_likeness(papers: Sequence[Paper]) -> tuple[int, int]:
    """Compare papers with those of the same title; return how many were made one, and how many are proposed."""
    pairs = list(_of_one_title(papers))
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
