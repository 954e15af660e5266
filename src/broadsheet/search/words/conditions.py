"""How conditions are put to the index of words so that none takes long. How words are cut: ``terms.fields``.

A condition may be fulfilled in several ways: a phrase stands in a title, an abstract or a name. Put as "one of these"
inside of "all of those", the engine reads every way to its end (4,096 papers at once), however few papers are left to
be told of. Put as "not none of these" it looks at the papers that are left and at no others: of "of the" among 500
papers of a million that takes .6 ms and the former 55. So the rarest condition is read, and what it finds is asked for
the others.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

import tantivy as engine
from tantivy import Occur, Query

from broadsheet.search.index import Filters, Term
from broadsheet.search.terms.fields import (
    ABSTRACT,
    BODY,
    CATEGORIES,
    DAY,
    HAS,
    LONGEST,
    MOST_WORDS,
    PEOPLE,
    PLAIN,
    SCHEMA,
    SCORED,
    STEMMED,
    TITLE,
    TITLE_STEMS,
    all_of,
    among,
    any_of,
    clean,
    different,
    forms,
    word_in,
)
from broadsheet.search.terms.scoring import Counts
from broadsheet.search.text import people

# In places of a list of papers, which take some 5 ns: reading on in a phrase, looking one paper up in a word or phrase.
_PHRASE, LOOK, LOOK_PHRASE = 25, 12, 40
_APART = 2
"""Forms of a word that are looked at one by one; the others, which are rarer, are gathered first."""
_DAYS_OF_MOST = 2_000
"""No day is taken to have more than such a part of all papers; what a range of days holds is not known before."""


class Way(NamedTuple):
    """One way to fulfil a condition. papers: that do, at most. places: read to find them. look: to ask of one paper."""

    query: Query
    papers: float
    places: float
    look: float


class Asked(NamedTuple):
    """Conditions as the engine takes them. query: scores nothing; None where everything passes.

    papers: that fulfil them, at most. places: read for it, about.
    """

    query: Query | None
    papers: float
    places: float


class Held(NamedTuple):
    """One condition. ways: of which one must be fulfilled. surely: what each of its papers holds, read in no time."""

    ways: list[Way]
    surely: Sequence[Way] = ()


_NOTHING = Way(Query.empty_query(), 0, 0, 1)


def asked(filters: Filters, counts: Counts, papers: int, *, of: tuple[Query, float] | None = None) -> Asked:
    """Return the filters as a query that scores nothing.

    counts: in how many papers a field has a word. papers: in the index. of: what finds the only papers that are asked
    about, and how many they are.
    """
    sure = [*_facts(filters, papers), *([Way(of[0], of[1], of[1], 1)] if of else [])]
    several = []
    for held in filter(None, (_held(term, counts) for term in filters.terms)):
        sure += held.surely
        if len(held.ways) == 1:
            sure += held.ways
        else:
            several.append(held.ways)
    left = min([float(papers), *(way.papers for way in sure)])
    must, must_not = [way.query for way in sure], _facts_lacking(filters)
    places = sum(min(way.places, left * way.look) for way in sure)
    for ways in sorted(several, key=_places):
        look = sum(way.look for way in ways)
        if left * look < _places(ways):
            # "Not none of these": see above.
            none_of = [(Occur.Must, Query.all_query()), *((Occur.MustNot, way.query) for way in ways)]
            must_not.append(Query.boolean_query(none_of))
            places += left * look
        else:
            must.append(any_of([way.query for way in ways]) or Query.empty_query())
            places += _places(ways)
            left = min(left, sum(way.papers for way in ways))
    read: list[Query | None] = []
    for held in filter(None, (_held(term, counts) for term in filters.without)):
        look = sum(way.look for way in held.ways)
        (must_not if left * look < _places(held.ways) else read).extend(way.query for way in held.ways)
        places += min(left * look, _places(held.ways))
    must_not += [one for one in [any_of(read)] if one]
    if not must and not must_not:
        return Asked(None, papers, papers)
    # Without anything to be taken from, the engine finds nothing.
    found = [(Occur.Must, one) for one in must or [Query.all_query()]] + [(Occur.MustNot, one) for one in must_not]
    return Asked(Query.const_score_query(Query.boolean_query(found), 0.0), left, max(places, left))


def _places(ways: Sequence[Way]) -> float:
    return sum(way.places for way in ways)


def _facts(filters: Filters, papers: int) -> list[Way]:
    """Return what papers must be filed under."""
    found = [Way(word_in(HAS, clean(one)), papers, papers, 1) for one in filters.has]
    if filters.categories:
        query = Query.term_set_query(SCHEMA, CATEGORIES, [clean(name) for name in filters.categories])
        found.append(Way(query, papers, papers, 1))
    if filters.since or filters.until:
        first = filters.since.toordinal() if filters.since else 1
        last = filters.until.toordinal() if filters.until else None
        query = Query.range_query(SCHEMA, DAY, engine.FieldType.Unsigned, first, last)
        found.append(Way(query, _of_days(filters.since, filters.until, papers), papers, 1))
    if filters.ids is not None:
        ids = list(map(int, filters.ids))
        found.append(Way(among(ids), len(ids), 2_000 * len(ids), 1))
    return found


def _of_days(since: date | None, until: date | None, papers: int) -> float:
    """Return how many papers a range of days should hold at most."""
    if since is None:
        return papers
    days = ((until or datetime.now(UTC).date()) - since).days + 2
    return min(papers, max(0, days) * papers / _DAYS_OF_MOST)


def _facts_lacking(filters: Filters) -> list[Query]:
    lacking = ((CATEGORIES, filters.not_categories), (HAS, filters.lacks))
    return [Query.term_set_query(SCHEMA, name, [clean(one) for one in values]) for name, values in lacking if values]


def _held(term: Term, counts: Counts) -> Held | None:
    """Return what a condition asks for; None for a term without any word, which asks for nothing."""
    text = clean(term.text[:LONGEST])
    words = PLAIN.analyze(text)[:MOST_WORDS]
    if not words:
        # A word that is longer than the index keeps is held by no paper.
        return Held([_NOTHING]) if any(map(str.isalnum, text)) else None
    if term.where == "words":
        everywhere = [_word(BODY, word, counts) for word in different(SCORED.analyze(text))]
        return Held([_together(everywhere) if everywhere else _NOTHING])
    name = _name(term.text, counts)
    if term.where == "authors":
        return Held([name]) if name else None
    stem = STEMMED.analyze(text)[0] if not term.exact and len(words) == 1 else None
    if term.where == "title":
        return Held([_word(TITLE_STEMS, stem, counts) if stem else _phrase(TITLE, words, counts)])
    if term.where == "abstract":
        return _in_abstract(words[0], stem, name, counts) if stem else Held([_phrase(ABSTRACT, words, counts)])
    # The words of everything lack the commonest ones, which are found as they stand.
    if stem and SCORED.analyze(text):
        ways = [name, _word(BODY, stem, counts)]
    else:
        ways = [name, _phrase(TITLE, words, counts), _phrase(ABSTRACT, words, counts)]
    return Held([way for way in ways if way and way.papers] or [_NOTHING])


def _in_abstract(word: str, stem: str, name: Way | None, counts: Counts) -> Held:
    """Return what finds the stem of a word in abstracts.

    A stem that is held somewhere, but not in title or names, is the abstract's; of those that are, the abstract holds
    the word itself or one that English makes of that stem.
    """
    everywhere = _word(BODY, stem, counts)
    each = {one: way for one in forms(word, stem) if (way := _word(ABSTRACT, one, counts)).papers}
    written = sorted(each, key=lambda one: -each[one].papers)
    ways, rare = [each[one] for one in written[:_APART]], written[_APART:]
    if rare:
        papers = sum(each[one].papers for one in rare)
        ways.append(Way(Query.term_set_query(SCHEMA, ABSTRACT, rare), papers, papers, 1))
    if not everywhere.papers:
        return Held(ways or [_NOTHING])
    lacking = [way for way in (_word(TITLE_STEMS, stem, counts), name) if way and way.papers]
    alone = [(Occur.Must, everywhere.query), *((Occur.MustNot, way.query) for way in lacking)]
    look = everywhere.look + sum(way.look for way in lacking)
    ways.append(Way(Query.boolean_query(alone), everywhere.papers, everywhere.places, look))
    ways.sort(key=lambda way: -way.papers)  # as the first way that holds is the last that is looked at
    # The commonest words are not among those of everything; the others are, by their stem.
    return Held(ways, [everywhere] if len(SCORED.analyze(" ".join(written))) == len(written) else [])


def _name(text: str, counts: Counts) -> Way | None:
    """Return what finds a name; None for a text without a letter."""
    found = []
    for way in people.wanted(text):
        words = [[_word(PEOPLE, word, counts) for word in some.split()] for some in way]
        found.append(_together([_any_way([one for one in some if one.papers]) for some in words]))
    return _any_way([way for way in found if way.papers]) if found else None


def named(text: str, counts: Counts) -> Asked:
    """Return what finds the papers with an author of a name."""
    query, papers, places, _ = _name(text, counts) or _NOTHING
    return Asked(Query.const_score_query(query, 0.0), papers, places)


def _any_way(ways: Sequence[Way]) -> Way:
    if len(ways) < 2:
        return ways[0] if ways else _NOTHING
    papers, places, look = (sum(column) for column in list(zip(*ways, strict=True))[1:])
    return Way(any_of([way.query for way in ways]) or Query.empty_query(), papers, places, look)


def _together(ways: Sequence[Way]) -> Way:
    """Return what finds the papers that several find."""
    if len(ways) == 1:
        return ways[0]
    papers = min(way.papers for way in ways)
    if not papers:
        return _NOTHING
    look = sum(way.look for way in ways)
    return Way(all_of([way.query for way in ways]) or Query.empty_query(), papers, papers * look, look)


def _word(field: str, word: str, counts: Counts) -> Way:
    papers = counts(field, word)
    kept = "position" if field in (TITLE, ABSTRACT) else "freq" if field == BODY else "basic"
    return Way(word_in(field, word, kept), papers, papers, LOOK)


def _phrase(field: str, words: Sequence[str], counts: Counts) -> Way:
    if len(words) == 1:
        return _word(field, words[0], counts)
    papers = min(counts(field, word) for word in words)
    if not papers:
        return _NOTHING
    return Way(Query.phrase_query(SCHEMA, field, list(words)), papers, papers * _PHRASE, LOOK_PHRASE)
