"""What is told of a week's benchmark: by task, field and year with intervals; and the item model. As JSON and table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from broadsheet.bench import items, measures
from broadsheet.bench.live import TASKS, Item, Made
from broadsheet.bench.live_asking import FIRST, MEASURES, Scores, fingerprint
from broadsheet.bench.subgroups import length_of, members
from broadsheet.search.tuning import Ranking

ROUNDS = 2_000
LEAST_OF_GROUP = 10
"""Fields, years and lengths with fewer queries are told together as "other"."""
ALL = "all"
GROUPS = {"by_field": "field", "by_length": "number of words in the query", "by_year": "year"}
"""How queries are told apart, besides by task."""


def as_json(
    made: Made, systems: Mapping[str, Ranking], scores: Scores, *, documents: int, model: str
) -> dict[str, Any]:
    """Return all that was measured; ``LiveWeek`` keeps it, and the page is drawn from it.

    documents: papers in the index that was asked. model: what made the vectors, empty without one. ``by_field`` and its
    likes have FIRST alone, as the page reads them of many weeks; ``subgroups`` has all measures.
    """
    groups = _groups(made.items)
    subgroups = {kind: list(_by(made.items, scores, groups[kind])) for kind in GROUPS}
    return {
        "week": made.week.name,
        "first": made.week.first.isoformat(),
        "last": made.week.last.isoformat(),
        "papers": made.papers,
        "documents": documents,
        "model": model,
        "queries": len(made.items),
        "most": made.most,
        "fingerprint": fingerprint(made),
        "left_out": dict(made.left_out),
        "systems": {name: str(ranking) for name, ranking in systems.items()},
        "tasks": {task: _group(made.items, scores, task) for task in (ALL, *_tasks(made.items))},
        "differences": list(_differences(made.items, scores)),
        **{kind: [_first(row) for row in rows] for kind, rows in subgroups.items()},
        "subgroups": subgroups,
        "groups": groups,
        "items": _items(made.items, scores),
        "scores": {name: [round(score, 4) for score in found[FIRST]] for name, found in scores.items()},
    }


def table(answer: Mapping[str, Any]) -> str:
    """Return a week for people: each task by system, the fields, and how well few queries tell of all."""
    lines = [
        f"{answer['week']} ({answer['first']} to {answer['last']})",
        f"{answer['queries']} queries made of {answer['papers']} papers, asked in {answer['documents']}",
        "in brackets 95 % intervals",
    ]
    for task, group in answer["tasks"].items():
        lines.append(f"{task} ({group['queries']} queries)")
        lines.append(f"  {'':<18}" + "".join(f"{name:>22}" for name in MEASURES))
        for name, found in group["systems"].items():
            lines.append(f"  {name:<18}" + "".join(f"{_shown(found[measure]):>22}" for measure in MEASURES))
    lines += [f"{task}: left out. {why}" for task, why in answer["left_out"].items()]
    lines += [_difference_line(row) for row in answer["differences"]]
    for kind, title in GROUPS.items():
        lines.append(f"{FIRST} by {title}, over all tasks:")
        lines += _group_lines([row for row in answer.get(kind) or () if row["task"] == ALL])
    return "\n".join([*lines, *_model_lines(answer["items"])])


def history_table(answers: Sequence[Mapping[str, Any]], task: str = ALL) -> str:
    """Return the kept weeks for people, oldest first: FIRST of each system in one task."""
    names = list(dict.fromkeys(name for answer in answers for name in answer["systems"]))
    lines = [
        f"{FIRST}, task: {task}",
        f"{'week':<10}{'papers':>7}{'queries':>8}{'in':>8}" + "".join(f"{n:>17}" for n in names),
    ]
    for answer in answers:
        group = answer["tasks"].get(task, {"queries": 0, "systems": {}})
        found = (group["systems"].get(name, {}).get(FIRST, {}).get("mean") for name in names)
        cells = "".join(f"{'-' if mean is None else f'{mean:.4f}':>17}" for mean in found)
        lines.append(f"{answer['week']:<10}{answer['papers']:>7}{group['queries']:>8}{answer['documents']:>8}{cells}")
    return "\n".join([*lines, *_unlike(answers)])


def _unlike(answers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a warning where weeks were asked in unlike numbers of papers."""
    numbers = [answer["documents"] for answer in answers]
    if len(set(numbers)) > 1:
        few = ", ".join(answer["week"] for answer in answers if answer["documents"] < max(numbers))
        yield f"Asked in fewer papers than the others, where answers stand higher: {few}."


def pooled(answers: Sequence[Mapping[str, Any]]) -> str:
    """Return what the queries of several weeks tell together: FIRST by task, fused against each kind alone, by group.

    answers: whole reports, as ``as_json`` made them. Systems that a week lacks are left out.
    """
    shared = [name for name in answers[0]["scores"] if all(name in answer["scores"] for answer in answers)]
    lines = [f"{FIRST} of all {len(answers)} weeks together; in brackets 95 % intervals"]
    lines.append(f"{'':<12}{'queries':>8}" + "".join(f"{name:>22}" for name in shared))
    told = []
    for task in (ALL, *TASKS):
        scores = {name: [one for answer in answers for one in _scores_of(answer, task, name)] for name in shared}
        if not (count := len(next(iter(scores.values()), []))):
            continue
        cells = (_shown(measures.interval(values, rounds=ROUNDS)._asdict()) for values in scores.values())
        lines.append(f"{task:<12}{count:>8}" + "".join(f"{cell:>22}" for cell in cells))
        for than in (name for name in ("words", "meaning") if name in scores and "fused" in scores):
            row = measures.difference(scores["fused"], scores[than])
            told.append(_difference_line({"task": task, "than": than} | row._asdict()))
    return "\n".join([*lines, *told, *_pooled_groups(answers, shared)])


def _pooled_groups(answers: Sequence[Mapping[str, Any]], systems: Sequence[str]) -> Iterator[str]:
    """Yield FIRST by field, length and year over all tasks of several weeks."""
    old = [answer["week"] for answer in answers if "groups" not in answer]
    if old:
        yield f"By field, length and year: not kept of {', '.join(old)}; `broadsheet bench live --again` keeps them."
        return
    scores = {name: [one for answer in answers for one in answer["scores"][name]] for name in systems}
    for kind, title in GROUPS.items():
        yield f"{FIRST} by {title}, over all tasks:"
        groups = [one for answer in answers for one in answer["groups"][kind]]
        told = _grouped(range(len(groups)), groups)
        rows = [{"group": group, "queries": len(some), "systems": _intervals(scores, some)} for group, some in told]
        yield from _group_lines(rows)


def _scores_of(answer: Mapping[str, Any], task: str, system: str) -> list[float]:
    """Return FIRST of the queries of a task; the queries of a week lie task by task in the order of TASKS."""
    scores: list[float] = answer["scores"][system]
    begin = 0
    for name in TASKS if task != ALL else ():
        count = answer["tasks"].get(name, {"queries": 0})["queries"]
        if name == task:
            return scores[begin : begin + count]
        begin += count
    return scores


def _tasks(all_of_them: Sequence[Item]) -> Iterator[str]:
    here = {item.task for item in all_of_them}
    return (task for task in TASKS if task in here)


def _group(all_of_them: Sequence[Item], scores: Scores, task: str) -> dict[str, Any]:
    places = [number for number, item in enumerate(all_of_them) if task in (ALL, item.task)]
    return {"queries": len(places), "systems": _all_measures(scores, places)}


def _by(all_of_them: Sequence[Item], scores: Scores, groups: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield all measures of each group that has queries enough, in each task and in all, as ``_grouped`` has them."""
    for task in (ALL, *_tasks(all_of_them)):
        own = [number for number, item in enumerate(all_of_them) if task in (ALL, item.task)]
        for group, some in _grouped(own, groups):
            yield {"task": task, "group": group, "queries": len(some), "systems": _all_measures(scores, some)}


def _first(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "systems": {name: found[FIRST] for name, found in row["systems"].items()}}


def _grouped(places: Iterable[int], groups: Sequence[str]) -> list[tuple[str, list[int]]]:
    """Return the places of each group, and at the end those of small groups together.

    Groups that are numbers go from small to large, others from the largest to the least.
    """
    held: dict[str, list[int]] = {}
    for place in places:
        held.setdefault(groups[place], []).append(place)
    small = [place for some in held.values() if len(some) < LEAST_OF_GROUP for place in some]
    told = [(group, held[group]) for group in members({group: group for group in held})]
    told = [(group, some) for group, some in told if len(some) >= LEAST_OF_GROUP]
    ordered = sorted(told, key=lambda one: 0 if one[0][:1].isdecimal() else -len(one[1]))
    return [*ordered, ("other", sorted(small))] if small else ordered


def _groups(all_of_them: Sequence[Item]) -> dict[str, list[str]]:
    """Return the group of each query, in each way to tell them apart."""
    return {
        "by_field": [item.field for item in all_of_them],
        "by_length": [length_of(item.query) for item in all_of_them],
        "by_year": [str(item.year) for item in all_of_them],
    }


def _items(all_of_them: Sequence[Item], scores: Scores) -> dict[str, Any]:
    """Return how well the item model tells the full run of each system from a few queries."""
    if len(scores) < 3 or not all_of_them:
        return {}
    tasks = [item.task for item in all_of_them]
    found = items.check({name: values[FIRST] for name, values in scores.items()}, tasks)
    full, told = [one.full for one in found], [one.estimate for one in found]
    right, apart = items.in_order(full, told)
    return {
        "anchors": len(items.anchors_of(tasks)),
        "asked": min(items.ASKED, len(tasks)),
        "systems": [{key: _round(value) for key, value in one._asdict().items()} for one in found],
        "largest_error": _round(max(abs(one.error) for one in found)),
        "largest_simple": _round(max(abs(one.simple) for one in found)),
        "tau": _round(items.tau(full, told)),
        "apart": apart,
        "apart_in_order": right,
    }


def _differences(all_of_them: Sequence[Item], scores: Scores) -> Iterator[dict[str, Any]]:
    """What readers get against each kind of search alone, query by query, by the randomisation test."""
    for task in (ALL, *_tasks(all_of_them)):
        places = [number for number, item in enumerate(all_of_them) if task in (ALL, item.task)]
        for than in (name for name in ("words", "meaning") if name in scores and "fused" in scores):
            ours, theirs = ([scores[name][FIRST][place] for place in places] for name in ("fused", than))
            found = measures.difference(ours, theirs, rounds=ROUNDS)._asdict()
            yield {"task": task, "than": than} | {name: _round(value) for name, value in found.items()}


def _group_lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line a group and a column a system."""
    if rows:
        yield f"  {'':<16}{'queries':>8}" + "".join(f"{name:>22}" for name in rows[0]["systems"])
    for row in rows:
        cells = (f"{_shown(one):>22}" for one in row["systems"].values())
        yield f"  {row['group']:<16}{row['queries']:>8}" + "".join(cells)


def _all_measures(scores: Scores, places: Sequence[int]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the mean of some queries with its bounds, by system and measure."""
    columns = {(name, measure): values for name, found in scores.items() for measure, values in found.items()}
    told = _intervals(columns, places)
    return {name: {measure: told[name, measure] for measure in found} for name, found in scores.items()}


def _intervals[Name](columns: Mapping[Name, Sequence[float]], places: Sequence[int]) -> dict[Name, dict[str, float]]:
    """Return the mean of each column at some places, with its bounds."""
    found = measures.intervals([[values[place] for place in places] for values in columns.values()], rounds=ROUNDS)
    told = ({bound: _round(value) for bound, value in one._asdict().items()} for one in found)
    return dict(zip(columns, told, strict=True))


def _round(value: Any) -> Any:
    return round(value, 5) if isinstance(value, float) else value


def _shown(one: Mapping[str, float]) -> str:
    return f"{one['mean']:.3f} ({one['low']:.3f}-{one['high']:.3f})"


def _difference_line(row: Mapping[str, Any]) -> str:
    told = f"{row['mean']:+.4f} {FIRST}, p = {row['p']:.4f}, better {row['better']}, worse {row['worse']}"
    return f"{row['task']}: fused than {row['than']} {told}"


def _model_lines(told: Mapping[str, Any]) -> Iterator[str]:
    if not told:
        return
    yield (
        f"Item model: {FIRST} of each system told from {told['asked']} of {told['anchors']} anchor queries, the others "
        f"having been run; largest error {100 * told['largest_error']:.1f} points (without a model "
        f"{100 * told['largest_simple']:.1f}), Kendall tau {told['tau']:.2f}"
        + (f", {told['apart_in_order']} of {told['apart']} pairs a point apart in order" if "apart" in told else "")
    )
    for one in told["systems"]:
        told_of = f"full {one['full']:.4f}   told {one['estimate']:.4f}   error {one['error']:+.4f}"
        yield f"  {one['system']:<18}{told_of}   without a model {one['simple']:+.4f}"
