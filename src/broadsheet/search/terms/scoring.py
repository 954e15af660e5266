"""What finds and scores papers by the words of a text in the index of words, as far as that is worth reading.

The fields and how words are cut are ``fields``. The engine reads every paper that holds a word (about 5 ns
each), whether it could still come among the first or not; what common words cost is more than they tell.
"""

from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tantivy import Query

from broadsheet.search.index import Need
from broadsheet.search.terms.fields import (
    ABSTRACT,
    BODY,
    COMMON,
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
from broadsheet.search.text import compounds, questions
from broadsheet.search.text.compounds import Alike

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

type Array = NDArray[Any]
type Counts = Callable[[str, str], int]
"""In how many papers a field (first) holds a word (second)."""


class Part(NamedTuple):
    """One word in one field. weight: of its BM25 score."""

    field: str
    word: str
    weight: float


class Either(NamedTuple):
    """Two forms of the same, of which the better one counts: any of the words that were typed, or all of the other."""

    typed: tuple[Part, ...]
    other: tuple[Part, ...]


class Wanted(NamedTuple):
    """What is asked for: a paper's score is the sum over all of it, and above zero where it is found.

    whole: a whole text was typed, as an abstract, in which most words are beside the point: how rare each is counts
    twice, as it does in the cosine of two texts by TF-IDF.
    """

    parts: tuple[Part, ...]
    either: tuple[Either, ...] = ()
    whole: bool = False


def wanted(text: str, alike: Sequence[Alike], *, whole: bool = False) -> Wanted | None:
    """Return what to ask for with a text; None where it has no words.

    alike: other forms of some of its words: a paper with all words of the other form has those, at OTHER.
    whole: as ``Wanted`` has it.
    """
    text = questions.bare(clean(text[:LONGEST]))
    words = different(SCORED.analyze(text))
    if not words and not alike:
        return None
    either, rest = _either(words, alike)
    weights = dict.fromkeys(((BODY, word) for word in rest), 1.0)
    exact = different(EXACT.analyze(text))
    for name, weight in TYPED.items():
        weights |= dict.fromkeys(((name, word) for word in exact), weight)
    for weight, word in _forms(text):
        weights[BODY, word] = weights.get((BODY, word), 0.0) + weight
    return Wanted(tuple(Part(*place, weight) for place, weight in weights.items()), tuple(either), whole)


def _cut(text: str) -> list[str]:
    return different(SCORED.analyze(clean(text)))


def _forms_of(token: str) -> list[compounds.Form]:
    """Return the forms of what was typed without a blank, as one word each; of most there is none."""
    if token.isalnum() and token.isascii():
        return []
    return [form for form in compounds.forms(token) if form.weight > compounds.PAIR]


def _stems(texts: Sequence[str]) -> dict[str, list[str]]:
    """Return what each of some texts is cut to: nothing for the commonest words."""
    plain = [text for text in texts if text.isalnum() and text.isascii() and text.lower() not in COMMON]
    cut = SCORED.analyze(" ".join(plain))
    if len(cut) != len(plain):  # one of them is longer than words that are kept
        cut = [" ".join(SCORED.analyze(text)) for text in plain]
    known = {text: [stem] if stem else [] for text, stem in zip(plain, cut, strict=True)}
    return {text: known[text] if text in known else SCORED.analyze(text) for text in dict.fromkeys(texts)}


def _forms(text: str) -> list[tuple[float, str]]:
    """Return the weights and words of what a text asks for besides its own, cut as those are."""
    forms = compounds.forms(text)[:MOST_WORDS]
    if text.isascii():
        # Letters and digits of ASCII are one word or, left out, none: as many words as forms are theirs one by one.
        cut = SCORED.analyze(" ".join(form.word for form in forms))
        if len(cut) == len(forms):
            return [(form.weight, word) for form, word in zip(forms, cut, strict=True)]
    return [(form.weight, word) for form in forms for word in SCORED.analyze(form.word)]


def needs(text: str, alike: Sequence[Alike]) -> list[Need]:
    """Return what a paper has to hold to hold all the words of a text, each word once; ``wanted`` asks for the same.

    A word is held in whatever form it is asked for: as one with its neighbour (``data set`` as ``dataset``), by a
    letter's name, or by all words of another form of an acronym. Of ``C++`` and ``T_c`` the letters alone say nothing.
    """
    tokens = questions.bare(clean(text[:LONGEST])).split()[:MOST_WORDS]
    other = {word: tuple(_cut(one.other)) for one in alike for word in _cut(one.typed) if _cut(one.other)}
    # Each asked for by itself takes ten times as long.
    named = [[form.word for form in _forms_of(token)] for token in tokens]
    pairs = [compounds.pair(one, other) for one, other in pairwise(tokens)]
    stems = _stems([*tokens, *pairs, *chain.from_iterable(named)])
    found: dict[str, Need] = {}
    for place, token in enumerate(tokens):
        own = [word for form in named[place] for word in stems[form]]
        if own and compounds.MARKED.search(token):
            found[token] = tuple((word,) for word in own)
            continue
        beside = [word for pair in pairs[max(0, place - 1) : place + 1] for word in stems[pair]]
        for word in stems[token]:
            ways = [(word,), *((one,) for one in (*own, *beside)), *([other[word]] if word in other else [])]
            found[word] = tuple(dict.fromkeys((*found.get(word, ()), *ways)))
    return list(found.values())


def scored(wanted: Wanted, counts: Counts, papers: int) -> Query | None:
    """Return what finds and scores papers in the engine; None where no paper holds any of it.

    papers: in the index. What a long text has of words that tell little is left out, as far as reading them would
    take too long.
    """

    def query(part: Part) -> Query:
        if not wanted.whole:
            return _query(part)
        rare = rarity(np.array([counts(part.field, part.word)]), papers)
        return _query(part._replace(weight=part.weight * float(rare[0])))

    queries = []
    for one in wanted.either:
        form, other = any_of([query(part) for part in one.typed]), all_of([query(part) for part in one.other])
        queries.append(Query.disjunction_max_query([form, other], 0.0) if form and other else form or other)
    words = sum(part.field == BODY and part.weight == 1 for part in wanted.parts)
    share = READ_SHORT if words <= ALWAYS else max(READ_LEAST, READ_A_WORD * words)
    most = share * max(papers, NEVER_LESS_THAN)
    held = np.array([counts(part.field, part.word) for part in wanted.parts], np.int64)
    places = worth_reading(wanted.parts, held, papers, most, whole=wanted.whole)
    queries += [query(wanted.parts[place]) for place in places]
    return any_of(queries)


def telling(parts: Sequence[Part], counts: Array, papers: int, *, whole: bool = False) -> Array:
    """Return what each word in its field counts at most: its weight times the inverse document frequency.

    counts: in how many papers each is. whole: how rare a word is counts twice.
    """
    weights = np.array([part.weight for part in parts], np.float64)
    told = weights * np.log1p((papers - np.minimum(counts, papers) + 0.5) / (counts + 0.5))
    return told * rarity(counts, papers) if whole else told


def rarity(counts: Array, papers: int) -> Array:
    """Return the inverse document frequency of words as a share of that of a word which no paper holds."""
    rare: Array = np.log1p((papers - np.minimum(counts, papers) + 0.5) / (counts + 0.5)) / np.log1p(2 * papers + 1)
    return rare


def worth_reading(parts: Sequence[Part], counts: Array, papers: int, most: float, *, whole: bool = False) -> Array:
    """Return the places of the parts that some paper holds, the most telling first, while they take up to ``most``.

    counts: in how many papers each part is. most: places in lists of papers. whole: as ``telling`` has it. The
    first ALWAYS of the words themselves are read whatever they take, and before the others.
    """
    order = np.argsort(-telling(parts, counts, papers, whole=whole), kind="stable")
    order = order[counts[order] > 0]
    typed = np.array([part.field == BODY and part.weight == 1 for part in parts], bool)[order]
    first = typed & (np.cumsum(typed) <= ALWAYS)
    always, others = order[first], order[~first]
    taken = counts[always].sum() + np.cumsum(counts[others])
    return np.append(always, others[: np.searchsorted(taken, most, "right")])


def _either(words: Sequence[str], alike: Sequence[Alike]) -> tuple[list[Either], list[str]]:
    """Return what has two forms, and the words that have no other form."""
    found, taken = [], set()
    for one in alike:
        typed = [word for word in different(SCORED.analyze(clean(one.typed))) if word in words]
        # CAN and WHO are among the commonest words, which find nothing; what they stand for does.
        other = tuple(Part(BODY, word, OTHER) for word in different(SCORED.analyze(clean(one.other))))
        if other:
            found.append(Either(tuple(Part(BODY, word, 1.0) for word in typed), other))
            taken.update(typed)
    return found, [word for word in words if word not in taken]


def _query(part: Part) -> Query:
    found = word_in(part.field, part.word, _KEPT[part.field])
    return found if part.weight == 1 else Query.boost_query(found, part.weight)
