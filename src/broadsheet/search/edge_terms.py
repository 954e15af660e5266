"""What Qdrant Edge keeps of a paper's texts and facts, and how conditions on them are put to it. Who asks: ``edge``.

Words are found in one list of all texts, stemmed and scored. Title and abstract are indexed once more as they stand,
with the places of their words, and titles stemmed too: each by its place in that list, so that a text is kept once and
read back once for every field that is made of it. An abstract stemmed apart would cost as much as all the rest. What it
would tell is found without: a word that is held somewhere, but not in title or names, is the abstract's; of those that
are, the abstract's own are kept apart.
"""

import re
import unicodedata
from itertools import islice

import qdrant_edge as engine

from broadsheet.search import people
from broadsheet.search.index import Document, Filters, Term

SCHEMA = 4
"""Raise it with every change of what is stored or how words are cut: an index of another number is built anew."""

LONGEST = 10_000
"""Characters of a query that are looked at."""
MOST_WORDS = 100
"""Different words of a query that count; the longest of 400 recorded real queries has 86, not all different."""

# One text field with the title in it three times is BM25F in effect, exact and one query. Measured against one field
# a part, summed: nDCG@10 on Cranfield .545 to .514, author's name and two title words .95 to .84 (reciprocal rank of
# the paper among 130,789); three titles find four words of a title at .93, two at .90, one at .83.
_TITLE_WEIGHT = 3

WORDS, DAY = "text", "day"
CATEGORIES, YEAR = "categories", "year"
# Places in the list of texts: the title, its other copies, the abstract, the rest.
_TITLE, _TITLE_STEMS, _ABSTRACT = "text[0]", "text[1]", "text[2]"
_PEOPLE, _HAS = "people", "has"
# Words of the abstract that may have the stem of a word in title or names: those with the same beginning.
_AGAIN, _BEGINNING = "again", 3
_WORD = re.compile(r"[^\W_]+")
# Small letters and digits as they are, blanks for the rest: parting at these takes half the time of a pattern.
_ASCII_SIGNS = "".join(sign.lower() if sign.isalnum() else " " for sign in map(chr, range(128)))

type _Index = engine.TextIndexParams | engine.KeywordIndexParams | engine.IntegerIndexParams
type _Condition = engine.FieldCondition | engine.Filter | engine.HasIdCondition


def fields() -> dict[str, _Index]:
    """Return the indexed fields. With ``enable_hnsw`` folding would build graphs for each value of each field."""
    cold = engine.Memory.Cold
    keyword = engine.KeywordIndexParams(enable_hnsw=False, memory=cold)
    return {
        # nDCG@10 on Cranfield: .517 plain, .526 without stop words, .531 stemmed, .544 both; whitespace as the only
        # boundary .496. Folding to ASCII is for names: Schrodinger finds Schrödinger.
        WORDS: _text_index(stemmed=True, scoring=True, stopwords=engine.Language.English),
        _TITLE: _text_index(phrase_matching=True),
        _ABSTRACT: _text_index(phrase_matching=True),
        _TITLE_STEMS: _text_index(stemmed=True),
        _AGAIN: _text_index(stemmed=True),
        _PEOPLE: engine.TextIndexParams(
            tokenizer=engine.TokenizerType.Whitespace, max_token_len=64, enable_hnsw=False, memory=cold
        ),
        CATEGORIES: keyword,
        _HAS: keyword,
        DAY: engine.IntegerIndexParams(lookup=False, range=True, enable_hnsw=False, memory=cold),
        YEAR: engine.IntegerIndexParams(lookup=True, range=False, enable_hnsw=False, memory=cold),
    }


def _text_index(
    *,
    stemmed: bool = False,
    scoring: bool | None = None,
    phrase_matching: bool | None = None,
    stopwords: engine.Language | None = None,
) -> engine.TextIndexParams:
    return engine.TextIndexParams(
        tokenizer=engine.TokenizerType.Word,
        lowercase=True,
        ascii_folding=True,
        stopwords=stopwords,
        stemmer=engine.SnowballParams(engine.SnowballLanguage.English) if stemmed else None,
        max_token_len=64,
        scoring=scoring,
        phrase_matching=phrase_matching,
        enable_hnsw=False,
        memory=engine.Memory.Cold,
    )


def payload(document: Document) -> dict[str, object]:
    """Return what is kept of a paper beside its vectors."""
    archives = (category.split(".")[0] for category in document.categories)
    title, abstract, authors = sound(document.title), sound(document.abstract), sound(document.authors)
    kept: dict[str, object] = {
        WORDS: _texts(title, abstract, authors, document.source_text),
        _PEOPLE: people.kept(document.names),
        _AGAIN: _again(abstract, f"{title} {authors}"),
    }
    if document.categories:
        kept[CATEGORIES] = list(dict.fromkeys((*document.categories, *archives)))
    if document.code:
        kept[_HAS] = ["code"]
    if document.day is not None:
        kept |= {DAY: document.day.toordinal(), YEAR: document.day.year}
    return kept


def _texts(title: str, abstract: str, authors: str, source: str) -> list[str]:
    """Return the texts that are searched as one. Of the source come only words that nothing else has."""
    rest = authors
    if source:
        extra = set(cut(source)).difference(cut(f"{title}\n{abstract}\n{authors}"))
        rest += "\n" + " ".join(sorted(extra))
    # Few texts, as the engine takes 4 microseconds to see that one is none of anything else.
    return [title, "\n".join((title,) * (_TITLE_WEIGHT - 1)), abstract, rest]


def _again(abstract: str, others: str) -> str:
    beginnings = {word[:_BEGINNING] for word in _words(_bare(others))}
    return " ".join([word for word in set(_words(_bare(abstract))) if word[:_BEGINNING] in beginnings])


def _bare(text: str) -> str:
    """Return a text without accents and, where it is not ASCII, in small letters."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        if not text.isascii():
            for sign in filter(unicodedata.combining, set(text)):  # signs differ less than places
                text = text.replace(sign, "")
        text = text.lower()
    return text


def _words(text: str) -> list[str]:
    """Return the letters and digits that stand together, small where the text is ASCII."""
    return text.translate(_ASCII_SIGNS).split() if text.isascii() else _WORD.findall(text)


def query(text: str) -> str:
    """Return the words of a query that the engine is asked for; empty when it has none."""
    return " ".join(islice(dict.fromkeys(cut(text[:LONGEST])), MOST_WORDS))


def cut(text: str) -> list[str]:
    """Return the words of a text in their order, cut as the engine cuts them; marks belong to letters."""
    if text.isascii():
        return _words(text)
    small = sound(text).lower()
    if not any(unicodedata.category(sign)[0] == "M" for sign in set(small)):
        return _words(small)
    return "".join(sign if sign.isalnum() or unicodedata.category(sign)[0] == "M" else " " for sign in small).split()


def sound(text: str) -> str:
    """Return a text that UTF-8 can hold, in the one form of signs that have several (ligatures, accents, widths)."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode())


def filter_of(filters: Filters) -> engine.Filter | None:
    """Return the filters as the engine takes them; None where everything passes."""
    must = [*_facts(filters), *(found for term in filters.terms if (found := _condition(term)))]
    must_not: list[_Condition] = [found for term in filters.without if (found := _condition(term))]
    if filters.not_categories:
        must_not.append(engine.FieldCondition(CATEGORIES, match=engine.MatchAny(list(filters.not_categories))))
    if filters.lacks:
        must_not.append(engine.FieldCondition(_HAS, match=engine.MatchAny(list(filters.lacks))))
    return engine.Filter(must=list(must), must_not=list(must_not)) if must or must_not else None


def _facts(filters: Filters) -> list[_Condition]:
    must: list[_Condition] = []
    if filters.categories:
        must.append(engine.FieldCondition(CATEGORIES, match=engine.MatchAny(list(filters.categories))))
    if filters.since or filters.until:
        first = filters.since.toordinal() if filters.since else None
        last = filters.until.toordinal() if filters.until else None
        must.append(engine.FieldCondition(DAY, range=engine.RangeFloat(gte=first, lte=last)))
    must += [engine.FieldCondition(_HAS, match=engine.MatchValue(one)) for one in filters.has]
    if filters.ids is not None:
        must.append(engine.HasIdCondition(set(filters.ids)))
    return must


def _condition(term: Term) -> _Condition | None:
    """Return one condition; None for a term without any word, which asks for nothing."""
    words = cut(term.text[:LONGEST])[:MOST_WORDS]
    if not words:
        return None
    if term.where == "words":
        return engine.FieldCondition(WORDS, match=engine.MatchText(" ".join(dict.fromkeys(words))))
    if term.where == "authors":
        return _name(term.text)
    phrase = engine.MatchPhrase(" ".join(words))
    in_title, in_abstract = (engine.FieldCondition(place, match=phrase) for place in (_TITLE, _ABSTRACT))
    ending = not term.exact and len(words) == 1
    if term.where == "title":
        return _stem(_TITLE_STEMS, words[0]) if ending else in_title
    name = _name(term.text)
    if term.where == "abstract":
        return engine.Filter(should=[in_abstract, _in_abstract(words[0], name)]) if ending else in_abstract
    # The words of everything lack the commonest ones, which are found as they stand.
    anywhere: list[_Condition] = [in_title, in_abstract, *([_stem(WORDS, words[0])] if ending else [])]
    return engine.Filter(should=[*anywhere, name] if name else [*anywhere])


def _stem(field: str, word: str) -> engine.FieldCondition:
    return engine.FieldCondition(field, match=engine.MatchText(word))


def _in_abstract(word: str, name: _Condition | None) -> engine.Filter:
    elsewhere: list[_Condition] = [_stem(_TITLE_STEMS, word), *([name] if name else [])]
    return engine.Filter(must=[_stem(WORDS, word)], should=[_stem(_AGAIN, word), engine.Filter(must_not=[*elsewhere])])


def _name(text: str) -> _Condition | None:
    ways = [
        engine.Filter(must=[engine.FieldCondition(_PEOPLE, match=engine.MatchTextAny(some)) for some in way])
        for way in people.wanted(text)
    ]
    return engine.Filter(should=list(ways)) if ways else None
