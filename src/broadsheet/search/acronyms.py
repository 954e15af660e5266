"""Acronyms and what they stand for, gathered from the abstracts that are here, and what a query asks for by them.

How a text defines one is ``defined``. What it is worth is told in docs/search/quality.md.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from django.db import connection, transaction

from broadsheet.papers.models import Counter, Paper
from broadsheet.papers.tex import plain
from broadsheet.search.models import Acronym
from broadsheet.search.text import defined
from broadsheet.search.text.compounds import Alike

BATCH = 1000
FEWEST = 3
"""Abstracts that must define an acronym so; of pairs that one abstract has, some were read wrongly."""

SURE = 0.6
"""The share of its abstracts in which an acronym must stand for the same, to be asked for."""

MOST = 3
"""Forms that are asked for beside a query."""

LONGEST_QUERY = 40
"""Words of a query in which acronyms are looked for; what is longer is no query but a text, and says both forms."""

_MOST_WORDS = 7
_READ = "acronyms"
_AT_ONCE = 500


type Report = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    """Report to nobody."""


def mine(stop: Callable[[], bool] = lambda: False, report: Report = _silent) -> str:
    """Read the abstracts that came since the last time; return in one sentence what was found.

    Each paper is read once, when it came, so that none counts twice; what a later version of it changes is not seen.
    stop: asked before each batch; the next time goes on from there. report: called with (done, total) papers.
    """
    total = Paper.objects.filter(pk__gt=_reached()).count()
    read = pairs = 0
    while not stop():
        papers, found = _batch()
        if not papers:
            break
        read, pairs = read + papers, pairs + found
        report(read, max(total, read))
    return f"Read {read} abstracts, which define {pairs} acronyms; {Acronym.objects.count()} are known."


def other_forms(query_text: str, categories: Sequence[str] = ()) -> list[str]:
    """Return what the acronyms of a query stand for, and the acronyms of what it says in words: ``alike``, in words."""
    return [one.other for one in alike(query_text, categories)]


def alike(query_text: str, categories: Sequence[str] = ()) -> list[Alike]:
    """Return the acronyms of a query with what they stand for, and its words with their acronym; MOST at most.

    categories: that the query is narrowed to; there an acronym may mean something else. Nothing comes of what stands in
    the query in both forms, nor of an acronym that means now this, now that (less than SURE).
    """
    words = defined.words_of(query_text)
    if not 0 < len(words) <= LONGEST_QUERY:
        return []
    typed = defined.shorts_of(query_text, shouted=len(words) > 2 and query_text.isupper())
    spans = _spans(words)
    rows = _known(list(typed), list(spans))
    if not rows:
        return []
    meant = _meant(rows, {name.partition(".")[0] for name in categories})
    found = [Alike(typed[one.sign], one.long) for one in meant if one.sign in typed and one.key not in spans]
    written = {defined.sign_of(word) for word in words} | typed.keys()
    taken: set[int] = set()
    # The longest first: who asks for graph neural networks does not ask for all neural networks.
    for one in sorted(meant, key=lambda one: (-len(spans.get(one.key, ())), -one.papers)):
        places = spans.get(one.key, range(0))
        if places and taken.isdisjoint(places) and one.sign not in written:
            found.append(Alike(" ".join(words[places.start : places.stop]), one.short))
        taken.update(places)
    return found[:MOST]


class _Known(NamedTuple):
    """What an acronym stands for, as in ``Acronym``. fields: as the database has JSON."""

    sign: str
    key: str
    short: str
    long: str
    papers: int
    fields: str


def _known(signs: Sequence[str], keys: Sequence[str]) -> list[_Known]:
    """Return what some acronyms stand for, and all that those do that stand for one of some words.

    For each search it is asked, mostly in vain; making the same question of the model's takes longer than asking it.
    """
    if not signs and not keys:
        return []
    table, ways = Acronym._meta.db_table, []
    values: list[int | str] = [FEWEST, *signs]
    if signs:
        ways.append(f"sign IN ({_marks(signs)})")
    if keys:
        of_words = f"SELECT sign FROM {table} WHERE key IN ({_marks(keys)}) AND papers >= %s"  # noqa: S608 - ours
        ways.append(f"sign IN ({of_words})")
        values += [*keys, FEWEST]
    columns = "sign, key, short, long, papers, fields"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} WHERE papers >= %s AND ({' OR '.join(ways)})", values)  # noqa: S608 - ours
        return list(map(_Known._make, cursor.fetchall()))


def _marks(values: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(values))


def _spans(words: Sequence[str]) -> dict[str, range]:
    """Return where in a query which words follow one another, by what they are compared by."""
    found: dict[str, range] = {}
    singular = [defined.key_of(word) for word in words]
    for begin in range(len(words)):
        for end in range(begin + 2, min(begin + _MOST_WORDS, len(words)) + 1):
            found.setdefault("".join(singular[begin:end]), range(begin, end))
    return found


def _meant(rows: Iterable[_Known], archives: set[str]) -> list[_Known]:
    """Return of each acronym what it stands for, where that is sure, in these archives; all where none is named."""
    counted: dict[str, list[tuple[int, _Known]]] = {}
    for row in rows:
        fields: dict[str, int] = json.loads(row.fields) if archives else {}
        papers = sum(fields.get(name, 0) for name in archives) if archives else row.papers
        if papers:
            counted.setdefault(row.sign, []).append((papers, row))
    found = []
    for candidates in counted.values():
        papers, best = max(candidates, key=lambda one: (one[0], one[1].papers, one[1].key))
        if papers >= SURE * sum(number for number, _ in candidates):
            found.append(best)
    return found


def _reached() -> int:
    """Return the highest primary key of the papers that were read."""
    return Counter.objects.filter(name=_READ).values_list("value", flat=True).first() or 0


@transaction.atomic
def _batch() -> tuple[int, int]:
    """Read some papers and add what they define; return how many of both. A kill loses all of it or nothing."""
    Counter.objects.get_or_create(name=_READ)
    counter = Counter.objects.select_for_update().get(name=_READ)
    wanted = ("pk", "abstract", "categories", "day")
    papers = list(Paper.objects.filter(pk__gt=counter.value).order_by("pk").only(*wanted)[:BATCH])
    if not papers:
        return 0, 0
    found = [(paper, pair) for paper in papers for pair in _defined_in(paper)]
    rows = _rows({defined.sign_of(pair.short) for _, pair in found})
    for paper, pair in found:
        _count(rows, paper, pair)
    Acronym.objects.bulk_create(
        rows.values(),
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=("sign", "key"),
        update_fields=("papers", "fields", "first", "last"),
    )
    counter.value = papers[-1].pk
    counter.save(update_fields=("value",))
    return len(papers), len(found)


def _defined_in(paper: Paper) -> list[defined.Pair]:
    return defined.pairs(plain(paper.abstract)) if "(" in paper.abstract else []


def _rows(signs: set[str]) -> dict[tuple[str, str], Acronym]:
    """Return what is known of some acronyms."""
    ordered, found = sorted(signs), {}
    for begin in range(0, len(ordered), _AT_ONCE):
        for row in Acronym.objects.filter(sign__in=ordered[begin : begin + _AT_ONCE]):
            row.pk = None  # it is told by acronym and words when it is written again
            found[row.sign, row.key] = row
    return found


def _count(rows: dict[tuple[str, str], Acronym], paper: Paper, pair: defined.Pair) -> None:
    """Add one paper to what is known of an acronym."""
    sign, key = defined.sign_of(pair.short), defined.key_of(pair.long)
    row = rows.get((sign, key))
    if row is None:
        if len(sign) > defined.LONGEST_SHORT or len(key) > defined.LONGEST_LONG:
            return  # signs that become several in small letters
        row = rows[sign, key] = Acronym(sign=sign, key=key, short=pair.short, long=pair.long, papers=0)
    archive = paper.categories[0].partition(".")[0] if paper.categories else ""
    row.papers += 1
    row.fields = row.fields | {archive: row.fields.get(archive, 0) + 1}
    if paper.day is not None:
        row.first, row.last = min(row.first or paper.day, paper.day), max(row.last or paper.day, paper.day)
