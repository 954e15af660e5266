"""Comparing rankings on a reusable holdout: what may be told, what it costs, what was asked so far.

The arithmetic is ``holdout``; the scores of each query come from a bench, and those of the half kept back stay here.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from broadsheet.bench import holdout, measures
from broadsheet.bench.models import Comparison, Holdout
from broadsheet.bench.subgroups import Groups, members
from broadsheet.errors import BadInput, Refused
from broadsheet.search import tuning

BUDGET = 20
"""Answers that the half kept back gives in all, unless another number was named when the set was first used."""
LEAST = 40
"""Queries below which no two halves are made: nothing could be told."""
LEAST_OF_GROUP = 10
"""Queries of a group that is told; fewer would tell single ones."""
RULE = 2
"""By which verdicts are given. By the first one the half that is shown could decide; its answers count no more."""
EARLIER = "by an earlier rule: ask again"
"""What stands for the verdict of such an answer."""

type Scores = Mapping[str, float]
"""The score of each query, in [0, 1]."""

_SHORT = 8
"""Digits of its fingerprint that the name of a collection ends with."""


@dataclass(frozen=True, slots=True)
class QuerySet:
    """A set of queries that comparisons are made on.

    fingerprint: see ``fingerprint``; empty while its queries are not known yet. way_out: what to do once it is spent.
    """

    name: str
    fingerprint: str
    way_out: str = "Use another set of queries."


@dataclass(frozen=True, slots=True)
class Told:
    """What a comparison tells. It never holds the score of a single query.

    verdict: of ``other`` against ``one``, by the half kept back alone. difference: on that half, with noise; None where
    it was not asked, as the shown difference would not count either. margin: beyond which a difference counts; it grows
    with ``tried``, the comparisons made on this set, this one among them, and ``noise`` of it makes up for the noise.
    queries: of the half kept back. shown: the difference on the half that is shown, which has ``shown_queries``.
    bounds: between which that lies in 95 of 100 samples of its queries. by_group: both in each group of them, of which
    it has enough. cost: answers of the half kept back that were used. agree: up to which difference the halves agree.
    again: the same question was answered before, so it cost nothing.
    """

    one: str
    other: str
    on: str
    measure: str
    verdict: str
    difference: float | None
    margin: float
    noise: float
    queries: int
    shown: float
    shown_queries: int
    agree: float
    tried: int
    cost: int
    left: int
    budget: int
    again: bool = False
    bounds: Sequence[float] = ()
    by_group: Sequence[Mapping[str, Any]] = ()


def fingerprint(queries: Mapping[str, str], qrels: Mapping[str, Mapping[str, int]] | None = None) -> str:
    """Return 64 hex digits that tell a set of queries and judgments from every other."""
    said = json.dumps([sorted(queries.items()), sorted((q, sorted(g.items())) for q, g in (qrels or {}).items())])
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def of_collection(folder: Path, queries: Mapping[str, str], qrels: Mapping[str, Mapping[str, int]]) -> QuerySet:
    """Return the set that the judged queries of a folder are. Other queries or judgments have another name."""
    found = fingerprint(queries, qrels)
    return QuerySet(
        f"{folder.resolve().name[:60]} {found[:_SHORT]}",  # the database keeps 80 signs
        found,
        "Fresh queries make another set: a collection of this week's papers (--on known-item), or other judgments.",
    )


def place(home: Path, name: str) -> Path:
    """Return the folder for papers and index of a set. home: the site's state directory."""
    return home / "experiments" / re.sub(r"\W+", "-", name)


def is_set(home: Path, queries: Mapping[str, str], qrels: Mapping[str, Mapping[str, int]]) -> bool:
    """Tell whether judged queries are those of a set that was asked here, from whatever folder they were read.

    home: the site's state directory. The set is known by its ``place``, as benches do not open the site's database; who
    has removed that folder is told False until the next comparison.
    """
    return any((home / "experiments").glob(f"*-{fingerprint(queries, qrels)[:_SHORT]}"))


def canonical(ranking: str) -> str:
    """Return a ranking as it is kept, so that two ways to write it are one. Raises BadInput for what is none."""
    return str(tuning.named(ranking))


def check(on: QuerySet, budget: int | None = None) -> None:
    """Say before anything is measured that a set cannot be asked.

    Raises Refused where it is spent or has other queries than its name had, BadInput for another budget than it has.
    """
    kept = Holdout.objects.filter(name=on.name).first()
    if kept is not None:
        _check(kept, on, budget)


@transaction.atomic
def compare(
    on: QuerySet,
    one: str,
    other: str,
    ours: Scores,
    theirs: Scores,
    *,
    measure: str,
    budget: int | None = None,
    groups: Groups | None = None,
) -> Told:
    """Tell whether ``other`` ranks better than ``one`` by the half kept back, and keep that it was asked.

    ours, theirs: scores by query of ``one`` and ``other``. budget: of a set that is used for the first time.
    groups: by what the queries are told apart, of which the half that is shown is told by itself.
    The queries are halved by a number that only the database knows. Raises Refused and BadInput as ``check`` does,
    and BadInput for rankings without name or for too few queries in common.
    """
    one, other = canonical(one), canonical(other)
    if one == other:
        raise BadInput(f"Both rankings are {one}.", "Name two that differ.")
    if ours.keys() != theirs.keys() or len(ours) < LEAST:
        raise BadInput(
            f"{len(ours.keys() & theirs.keys())} queries have a score by both rankings, of {len({*ours, *theirs})}.",
            f"All must have one, and they must be {LEAST} at least.",
        )
    kept = _opened(on, budget, sorted(ours))
    gains = {query: theirs[query] - ours[query] for query in ours}
    shown, back = _halves(kept, gains)
    by_group = _by_group(kept, gains, groups or {})
    seen = _seen(shown, back)
    for before in kept.comparisons.filter(one=one, other=other):
        if _same(before, seen, measure):
            again = {"again": True, "cost": 0, "left": kept.budget - kept.spent, "by_group": by_group}
            return Told(**(before.answer["told"] | again))
    told = replace(_asked(kept, one, other, shown, back, measure), by_group=by_group)
    answer = {"told": asdict(told), "seen": seen, "rule": RULE}
    Comparison.objects.create(holdout=kept, made=timezone.now(), one=one, other=other, answer=answer)
    return told


def history() -> list[dict[str, Any]]:
    """Return each set with its budget and what was asked of it, oldest first. EARLIER stands for verdicts of before."""
    return [
        {
            "on": kept.name,
            "made": kept.made.isoformat(),
            "queries": kept.queries,
            "budget": kept.budget,
            "left": max(0, kept.budget - kept.spent),
            "comparisons": [{"made": row.made.isoformat()} | _told(row) for row in kept.comparisons.order_by("pk")],
        }
        for kept in Holdout.objects.order_by("pk").prefetch_related("comparisons")
    ]


def _told(row: Comparison) -> dict[str, Any]:
    """Return what was told. By the first rule the difference was the shown one, unless it cost an answer."""
    told: dict[str, Any] = row.answer["told"]
    if row.answer.get("rule") == RULE:
        return told
    return told | {"verdict": EARLIER, "difference": told["difference"] if told["cost"] else None}


def _opened(on: QuerySet, budget: int | None, queries: Sequence[str]) -> Holdout:
    """Return the row of a set, held until the end of the transaction; a set that is new gets its halves."""
    seed = secrets.randbits(62)
    fresh = {
        "fingerprint": on.fingerprint,
        "made": timezone.now(),
        "queries": sum(_is_kept_back(seed, query) for query in queries),
        "budget": BUDGET if budget is None else budget,
        "noise": {"seed": seed, "asked": 0},
    }
    kept, _ = Holdout.objects.select_for_update().get_or_create(name=on.name, defaults=fresh)
    _check(kept, on, budget)
    return kept


def _check(kept: Holdout, on: QuerySet, budget: int | None) -> None:
    if on.fingerprint not in {"", kept.fingerprint}:
        raise Refused(f"The queries or judgments of {kept.name} are not those that it had.", on.way_out)
    if kept.spent >= kept.budget:
        raise Refused(f"{kept.name} is spent: the half kept back has given all its {kept.budget} answers.", on.way_out)
    if budget not in {None, kept.budget}:
        raise BadInput(
            f"{kept.name} has a budget of {kept.budget} answers, which stays.", f"Leave it out. {on.way_out}"
        )


def _is_kept_back(seed: int, query: str) -> bool:
    return bool(hashlib.blake2b(f"{seed} {query}".encode("utf-8", "surrogatepass"), digest_size=1).digest()[0] & 1)


def _halves(kept: Holdout, gains: Mapping[str, float]) -> tuple[list[float], list[float]]:
    shown: list[float] = []
    back: list[float] = []
    for query in sorted(gains):
        (back if _is_kept_back(kept.noise["seed"], query) else shown).append(gains[query])
    return shown, back


def _asked(kept: Holdout, one: str, other: str, shown: Sequence[float], back: Sequence[float], measure: str) -> Told:
    """Ask the half kept back where the shown one has found what would count, and note what that cost."""
    reusable = holdout.Reusable(len(back), kept.budget - kept.spent, kept.noise["seed"], kept.noise["asked"])
    mean = float(np.mean(shown))
    tried = kept.comparisons.count() + 1
    margin = holdout.margin(float(np.std(shown)), tried, len(back))
    answer = reusable.ask(mean, float(np.mean(back)), margin)
    kept.spent = kept.budget - reusable.left
    kept.noise = kept.noise | {"asked": reusable.asked}
    kept.save(update_fields=["spent", "noise"])
    threshold, scale = holdout.thresholds(len(back))
    return Told(
        one=one,
        other=other,
        on=kept.name,
        measure=measure,
        verdict=_verdict(answer, margin),
        difference=answer.value if answer.kept_back else None,
        margin=margin,
        noise=holdout.most(scale),
        queries=len(back),
        shown=mean,
        shown_queries=len(shown),
        agree=threshold,
        tried=tried,
        cost=int(answer.kept_back),
        left=reusable.left,
        budget=kept.budget,
        bounds=measures.interval(shown)[1:],
    )


def _by_group(kept: Holdout, gains: Mapping[str, float], groups: Groups) -> list[dict[str, Any]]:
    """Return the gains of the half that is shown in each group; groups that are small there are told together."""
    rows = []
    for kind, group_of in groups.items():
        shown = {query: name for query, name in group_of.items() if not _is_kept_back(kept.noise["seed"], query)}
        held = members(shown)
        rest = [query for queries in held.values() if len(queries) < LEAST_OF_GROUP for query in queries]
        for name, queries in (held | {"other": rest}).items():
            if len(queries) >= LEAST_OF_GROUP:
                told = measures.interval([gains[query] for query in queries])
                rows.append({"kind": kind, "group": name, "queries": len(queries)} | told._asdict())
    return rows


def _verdict(answer: holdout.Answer, margin: float) -> str:
    if not answer.kept_back or abs(answer.value) <= margin:
        return "no difference that counts"
    return "better" if answer.value > 0 else "worse"


def _seen(shown: Sequence[float], back: Sequence[float]) -> str:
    """Return what tells the same question from one on changed code or papers, and nothing else."""
    said = np.round(np.asarray([*shown, *back]), 9).tobytes()
    return hashlib.sha256(said).hexdigest()


def _same(before: Comparison, seen: str, measure: str) -> bool:
    """Whether a question was answered before by this rule: asked often enough, the noise would average out."""
    was = before.answer
    return bool(was.get("rule") == RULE and was["seen"] == seen and was["told"]["measure"] == measure)
