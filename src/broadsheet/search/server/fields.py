"""How papers stand in a collection of a search server: its fields, and how conditions and rankings are put to it.

Texts are cut here, by the analyzers of ``terms.fields``, on both sides: the server gets words, parted by blanks, and
its own cutting has nothing left to do. So both indexes mean the same by the same words. Who asks is ``cluster``.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from qdrant_client import models

from broadsheet.search.index import Document, Filters, Need, Term, facts_of
from broadsheet.search.terms import fields as cut
from broadsheet.search.terms import scoring
from broadsheet.search.text import compounds, people, questions
from broadsheet.search.text.compounds import Alike

BODY, TITLE, ABSTRACT, TITLE_STEMS, PEOPLE = "body", "title", "abstract", "title_stems", "people"
CATEGORIES, HAS, DAY, YEAR = "categories", "has", "day", "year"

type Payload = dict[str, str | int | list[str]]

_NOTHING = models.HasIdCondition(has_id=[])


def payload(document: Document) -> Payload:
    """Return what the server keeps of a paper; of its texts nothing but words."""
    parts = cut.pieces(document)
    title, _, abstract, _ = parts
    facts = facts_of(document)
    made: Payload = {
        BODY: _line(cut.SCORED.analyze(cut.body(parts))),
        TITLE: _line(cut.PLAIN.analyze(title)),
        TITLE_STEMS: _line(cut.STEMMED.analyze(title)),
        ABSTRACT: _line(cut.PLAIN.analyze(abstract)),
        PEOPLE: people.kept(document.names).split(),
        CATEGORIES: [cut.clean(name) for name in facts.categories],
        HAS: [cut.clean(name) for name in facts.has],
    }
    if document.day is not None:
        made |= {DAY: document.day.toordinal(), YEAR: document.day.year}
    return made


def _line(words: Iterable[str]) -> str:
    """Return words as a line that every cutting takes apart in the same way.

    What is a letter differs between engines: words with others than Latin ones are written as digits.
    """
    return " ".join(word if word.isascii() else f"u0{word.encode().hex()}" for word in words)


class Ranking(NamedTuple):
    """How papers with some of the words are scored: parts that the server finds apart, and their sum."""

    parts: list[models.Prefetch]
    score: models.FormulaQuery


class _Sum:
    """A sum of scores by BM25 in the making. deep: papers that each part finds."""

    def __init__(self, deep: int) -> None:
        self.parts: list[models.Prefetch] = []
        self.terms: list[models.Expression] = []
        self._deep = deep

    def part(self, field: str, words: Sequence[str], *, whole: bool = False) -> str:
        """Have the server score some words of a field, and return how the score is called; whole: all are held."""
        line = _line(words)
        holding = models.Filter(must=[_text(field, line)]) if whole else None
        self.parts.append(
            models.Prefetch(query=models.TextQuery(text=line), using=field, filter=holding, limit=self._deep)
        )
        return f"$score[{len(self.parts) - 1}]"

    def add(self, field: str, words: Sequence[str], weight: float = 1.0) -> None:
        """Add the score of some words of a field, if there are any."""
        if words:
            score = self.part(field, words)
            self.terms.append(score if weight == 1 else models.MultExpression(mult=[weight, score]))

    def add_better(self, words: Sequence[str], other: Sequence[str]) -> None:
        """Add the better of the scores of some words and, at less weight, of all words of another form."""
        score: models.Expression = models.MultExpression(mult=[scoring.OTHER, self.part(BODY, other, whole=True)])
        if words:
            score = models.MaxExpression(max=[self.part(BODY, words), score])
        self.terms.append(score)


def ranking(text: str, alike: Sequence[Alike], *, deep: int) -> Ranking | None:
    """Return how the papers with one of the words of a text are scored; None where it has none.

    The same sum as ``terms.fields.scored``, where BM25 is of each field apart. deep: papers that each part of it
    finds; of others its score counts as nothing.
    """
    text = questions.bare(cut.clean(text[: cut.LONGEST]))
    rest = _different(cut.SCORED.analyze(text))
    if not rest and not alike:
        return None
    made = _Sum(deep)
    for one in alike:
        typed = [word for word in _different(cut.SCORED.analyze(cut.clean(one.typed))) if word in rest]
        if other := _different(cut.SCORED.analyze(cut.clean(one.other))):
            made.add_better(typed, other)
            rest = [word for word in rest if word not in typed]
    by_weight: dict[float, list[str]] = {1.0: rest}
    for form in compounds.forms(text)[: cut.MOST_WORDS]:
        by_weight.setdefault(form.weight, []).extend(cut.SCORED.analyze(form.word))
    for weight, words in by_weight.items():
        made.add(BODY, words, weight)
    for field, weight in scoring.TYPED.items():
        made.add(field, _different(cut.EXACT.analyze(text)), weight)
    if not made.terms:
        return None
    return Ranking(made.parts, models.FormulaQuery(formula=models.SumExpression(sum=made.terms)))


def _different(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))[: cut.MOST_WORDS]


def condition(filters: Filters) -> models.Filter | None:
    """Return the filters as the server takes them; None where everything passes."""
    must = [*_facts(filters), *(found for term in filters.terms if (found := _held(term)))]
    must_not = [found for term in filters.without if (found := _held(term))]
    must_not += [
        _one_of(name, values) for name, values in ((CATEGORIES, filters.not_categories), (HAS, filters.lacks)) if values
    ]
    return models.Filter(must=must or None, must_not=must_not or None) if must or must_not else None


def needed(ids: Iterable[int], needs: Sequence[Need]) -> models.Filter:
    """Return what is asked for with some papers, those that hold each of several words in one of its ways."""
    must: list[models.Condition] = [models.HasIdCondition(has_id=list(map(int, ids)))]
    must += [found for need in needs if (found := _any([_text(BODY, _line(way)) for way in need]))]
    return models.Filter(must=must)


def _facts(filters: Filters) -> list[models.Condition]:
    must: list[models.Condition] = [_one_of(HAS, [one]) for one in filters.has]
    if filters.categories:
        must.append(_one_of(CATEGORIES, filters.categories))
    if filters.since or filters.until:
        first = filters.since.toordinal() if filters.since else None
        last = filters.until.toordinal() if filters.until else None
        must.append(models.FieldCondition(key=DAY, range=models.Range(gte=first, lte=last)))
    if filters.ids is not None:
        must.append(models.HasIdCondition(has_id=list(map(int, filters.ids))))
    return must


def _held(term: Term) -> models.Condition | None:
    """Return one condition, as ``conditions`` makes it; None for a term without any word, which asks for nothing."""
    text = cut.clean(term.text[: cut.LONGEST])
    words = cut.PLAIN.analyze(text)[: cut.MOST_WORDS]
    if not words:
        return _NOTHING if any(map(str.isalnum, text)) else None
    if term.where == "words":
        scored = _different(cut.SCORED.analyze(text))
        return _text(BODY, _line(scored)) if scored else _NOTHING
    name = _name(term.text)
    if term.where == "authors":
        return name
    stem = cut.STEMMED.analyze(text)[0] if not term.exact and len(words) == 1 else None
    if term.where == "title":
        return _text(TITLE_STEMS, _line([stem])) if stem else _phrase(TITLE, words)
    if term.where == "abstract":
        return _in_abstract(words[0], stem, name) if stem else _phrase(ABSTRACT, words)
    # The words of everything lack the commonest ones, which are found as they stand.
    return _any([name, _phrase(TITLE, words), _phrase(ABSTRACT, words), _text(BODY, _line([stem])) if stem else None])


def _in_abstract(word: str, stem: str, name: models.Condition | None) -> models.Condition | None:
    """Return what finds the stem of a word in abstracts, which have no field of stems: see ``conditions``."""
    elsewhere = [one for one in (_text(TITLE_STEMS, _line([stem])), name) if one]
    alone = models.Filter(must=[_text(BODY, _line([stem]))], must_not=elsewhere)
    forms = models.MatchTextAny(text_any=_line(cut.forms(word, stem)))
    return _any([models.FieldCondition(key=ABSTRACT, match=forms), alone])


def _name(text: str) -> models.Condition | None:
    ways = [models.Filter(must=[_one_of(PEOPLE, some.split()) for some in way]) for way in people.wanted(text) if way]
    return _any(ways)


def _any(conditions: Sequence[models.Condition | None]) -> models.Condition | None:
    found = [one for one in conditions if one is not None]
    return found[0] if len(found) == 1 else models.Filter(should=found) if found else None


def _one_of(field: str, values: Sequence[str]) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchAny(any=[cut.clean(value) for value in values]))


def _text(field: str, line: str) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchText(text=line))


def _phrase(field: str, words: Sequence[str]) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchPhrase(phrase=_line(words)))
