"""What finds and scores papers by the words of a text in the index of words, as far as that is worth reading.

The fields and how words are cut are ``lexicon_terms``. The engine reads every paper that holds a word (about 5 ns
each), whether it could still come among the first or not; what common words cost is more than they tell.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tantivy import Query

from broadsheet.search import compounds, questions
from broadsheet.search.compounds import Alike
from broadsheet.search.lexicon_terms import (
    ABSTRACT,
    BODY,
    EXACT,
    LONGEST,
    MOST_WORDS,
    SCORED,
    TITLE,
    all_of,
    any_of,
    clean,
    different,
    word_in,
)

# A word just as it was typed counts more than in another ending; the index has these fields anyway. Gains on Cranfield,
# on sentences and on words of titles (docs/search/quality.md, Words).
TYPED = {ABSTRACT: 0.3, TITLE: 0.2}
OTHER = 0.5
"""What the other form of an acronym counts, against the form that was typed; the better of both counts."""

ALWAYS = 8
"""Words of a query that are asked for in any case, the most telling; a query with no more is a short one."""
READ_SHORT, READ_LEAST, READ_A_WORD = 2.0, 0.5, 0.04
"""What is read of a query, in shares of all papers: of a short one, and of a long one at least and by each word.
Sentences, titles and abstracts find as well by that as by all, key words need more (docs/search/measurements.md)."""
NEVER_LESS_THAN = 1_000_000
"""Of so many papers a share is taken even where there are fewer: there all can be read."""

_KEPT = {BODY: "freq", ABSTRACT: "position", TITLE: "position"}

type Counts = Callable[[str, str], int]
"""In how many papers a field (first) holds a word (second)."""


class Part(NamedTuple):
    """One word in one field. weight: of its BM25 score."""

    field: str
    word: str
    weight: float


def scored(text: str, alike: Sequence[Alike], counts: Counts, papers: int) -> Query | None:
    """Return what finds and scores the papers with one of the words of a text; None where it has none.

    alike: other forms of some of its words: a paper with all words of the other form has those, at OTHER. papers: in
    the index. What a long text has of words that tell little is left out, as far as reading them would take too long.
    """
    text = questions.bare(clean(text[:LONGEST]))
    words = different(SCORED.analyze(text))
    if not words and not alike:
        return None
    queries, rest = _either(words, alike)
    parts = [Part(BODY, word, 1.0) for word in rest]
    parts += [Part(name, word, weight) for name, weight in TYPED.items() for word in different(EXACT.analyze(text))]
    for form in compounds.forms(text)[:MOST_WORDS]:
        parts += [Part(BODY, word, form.weight) for word in SCORED.analyze(form.word)]
    share = READ_SHORT if len(words) <= ALWAYS else max(READ_LEAST, READ_A_WORD * len(words))
    queries += [_query(part) for part in worth_reading(parts, counts, papers, share * max(papers, NEVER_LESS_THAN))]
    return any_of(queries)


def worth_reading(parts: Sequence[Part], counts: Counts, papers: int, most: float) -> list[Part]:
    """Return the parts that some paper holds, the most telling first, as long as they take no more than ``most``.

    A part tells as much as it can add to a score: its weight times the inverse document frequency of its word.
    most: places in lists of papers. The first ALWAYS of the words themselves are read whatever they take.
    """
    ranked = []
    for part in parts:
        if number := counts(part.field, part.word):
            telling = part.weight * math.log(1 + (papers - min(number, papers) + 0.5) / (number + 0.5))
            ranked.append((telling, number, part))
    ranked.sort(key=lambda one: -one[0])
    always = [one for one in ranked if one[2].field == BODY and one[2].weight == 1][:ALWAYS]
    taken = sum(number for _, number, _ in always)
    chosen = [part for _, _, part in always]
    for _, number, part in ranked:
        if part in chosen[: len(always)]:
            continue
        taken += number
        if taken > most:
            break
        chosen.append(part)
    return chosen


def _either(words: Sequence[str], alike: Sequence[Alike]) -> tuple[list[Query], list[str]]:
    """Return what finds one form or the other, the better one scored, and the words that have no other form."""
    queries, taken = [], set()
    for one in alike:
        typed = [word for word in different(SCORED.analyze(clean(one.typed))) if word in words]
        form = any_of([_query(Part(BODY, word, 1.0)) for word in typed])
        words_of_other = different(SCORED.analyze(clean(one.other)))
        other = all_of([_query(Part(BODY, word, 1.0)) for word in words_of_other])
        if other:
            # CAN and WHO are among the commonest words, which find nothing; what they stand for does.
            less = Query.boost_query(other, OTHER)
            queries.append(Query.disjunction_max_query([form, less], 0.0) if form else less)
            taken.update(typed)
    return queries, [word for word in words if word not in taken]


def _query(part: Part) -> Query:
    found = word_in(part.field, part.word, _KEPT[part.field])
    return found if part.weight == 1 else Query.boost_query(found, part.weight)
