"""How papers stand in the index of words: its fields, how texts are cut into words, how conditions are put to it.

Who asks and writes is ``lexicon``, how papers are scored ``scoring``. Texts are cut alike on both sides by the
analyzers here, and conditions are made of the words that come of it: what somebody typed never reaches a parser.
"""

import unicodedata
from collections.abc import Iterable, Sequence

import tantivy as engine
from tantivy import Occur, Query

from broadsheet.search import compounds, people
from broadsheet.search.index import Document, Filters, Term, facts_of

LONGEST = 10_000
"""Characters of a query that are looked at."""
MOST_WORDS = 100
"""Different words of a query that count; the longest of 400 recorded real queries has 86, not all different."""

# One text field with the title in it three times is BM25F in effect, exact and one query. Measured against one field
# a part, summed: nDCG@10 on Cranfield .545 to .514, author's name and two title words .95 to .84 (reciprocal rank of
# the paper among 130,789); three titles find four words of a title at .93, two at .90, one at .83.
_TITLE_WEIGHT = 3

ID, DAY, YEAR, CATEGORIES, HAS = "id", "day", "year", "categories", "has"
BODY, TITLE, ABSTRACT = "body", "title", "abstract"
_TITLE_STEMS = "title_stems"
_PEOPLE = "people"
# What English puts behind the stem of a word.
_ENDINGS = """e s es ed d en ing ings er ers or ors ate ates ated ating ator ators ion ions ional ionally ioned ioning
    ation ations ational ative atively ive ives ively iveness ivity al als ally ality alize alizes alized alizing
    alization alise alised alising ly ment ments ement ements ness able ably ability ible ibly ibility ility ity ities
    y ies ied ying ier iest ic ics ical ically icity ize izes ized izing izer izers ization ise ises ised ising iser
    isation ance ances ancy ant ants antly ence ences ency ent ents ently ous ously ful fully fulness less ism isms ist
    ists""".split()  # noqa: SIM905 - in words
_LONGEST_WORD = 64 * 4 + 1  # the engine counts bytes, and drops what has as many


# Words that tell nothing of what a paper is about: articles, pronouns, auxiliaries, the commonest of the others, and
# the pieces that cutting at an apostrophe leaves. Other single letters count: of T cells and D waves they tell much;
# so do modal verbs and most prepositions. nDCG@10 on Cranfield: .544 with these, .542 with those too, .535 with 33.
_COMMON = (
    "a an the this that these those some such any both each all few more most other same own no nor not only so than"
    " too very i me my myself we our ours us ourselves you your yours yourself yourselves he him his himself she her"
    " hers herself it its itself they them their theirs themselves what which who whom whose am is are was were be been"
    " being have has had having do does did doing can will should and but if or because as until while when where why"
    " how there here then once just now again of at by for with about into to from up down in out on off s ll ve don"
    " doesn didn isn aren wasn weren hasn haven hadn won wouldn couldn shouldn"
)


def _analyzer(*, stemmed: bool, common: bool) -> engine.TextAnalyzer:
    """Return what cuts at all but letters and digits. common: whether the commonest words count."""
    builder = engine.TextAnalyzerBuilder(engine.Tokenizer.simple()).filter(engine.Filter.remove_long(_LONGEST_WORD))
    # Folding to ASCII is for names: Schrodinger finds Schrödinger.
    builder = builder.filter(engine.Filter.lowercase()).filter(engine.Filter.ascii_fold())
    if not common:
        builder = builder.filter(engine.Filter.custom_stopword(_COMMON.split()))
    return (builder.filter(engine.Filter.stemmer("english")) if stemmed else builder).build()


PLAIN = _analyzer(stemmed=False, common=True)
STEMMED = _analyzer(stemmed=True, common=True)
SCORED = _analyzer(stemmed=True, common=False)
EXACT = _analyzer(stemmed=False, common=False)
ANALYZERS = {
    "plain": PLAIN,
    "stemmed": STEMMED,
    "scored": SCORED,
    "blanks": engine.TextAnalyzerBuilder(engine.Tokenizer.whitespace()).build(),
}
"""By the names that the schema calls them."""


def _schema() -> engine.Schema:
    made = engine.SchemaBuilder()
    made.add_unsigned_field(ID, indexed=True, fast=True)
    made.add_text_field(BODY, tokenizer_name="scored", index_option="freq")
    for name in (TITLE, ABSTRACT):
        made.add_text_field(name, tokenizer_name="plain", index_option="position")
    # An abstract stemmed apart would cost a quarter of all the work: see ``_in_abstract``.
    made.add_text_field(_TITLE_STEMS, tokenizer_name="stemmed", index_option="basic")
    made.add_text_field(_PEOPLE, tokenizer_name="blanks", index_option="basic")
    for name in (CATEGORIES, HAS):
        # Kept, as a vector that comes later is filed under them.
        made.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True, stored=True)
    made.add_unsigned_field(DAY, indexed=True, fast=True, stored=True)
    made.add_unsigned_field(YEAR, fast=True)
    return made.build()


SCHEMA = _schema()


def entry(document: Document) -> engine.Document:
    """Return a paper as the engine takes it."""
    title, abstract, authors = clean(document.title), clean(document.abstract), clean(document.authors)
    made = engine.Document()
    made.add_unsigned(ID, document.id)
    made.add_text(BODY, body(title, abstract, authors, document.source_text))
    for name, text in ((TITLE, title), (_TITLE_STEMS, title), (ABSTRACT, abstract)):
        made.add_text(name, text)
    made.add_text(_PEOPLE, people.kept(document.names))
    facts = facts_of(document)
    for name, values in ((CATEGORIES, facts.categories), (HAS, facts.has)):
        for value in values:
            made.add_text(name, clean(value))
    if document.day is not None:
        made.add_unsigned(DAY, document.day.toordinal())
        made.add_unsigned(YEAR, document.day.year)
    return made


def body(title: str, abstract: str, authors: str, source: str) -> str:
    """Return the texts that are searched as one. Of the source come only words that nothing else has."""
    titled = " ".join((title, *compounds.joined(title)))
    texts = [*(titled,) * _TITLE_WEIGHT, " ".join((abstract, *compounds.joined(abstract))), authors]
    if source:
        # Most words are the same on both sides, and cutting takes longer than comparing.
        other = " ".join(set(source.split()).difference(title.split(), abstract.split()))
        texts += sorted(set(PLAIN.analyze(clean(other))).difference(PLAIN.analyze("\n".join(texts[2:]))))
    return "\n".join(texts)


def clean(text: str) -> str:
    """Return a text that UTF-8 can hold, in the one form of signs that have several (ligatures, accents, widths).

    Marks that belong to a letter without being one, at which the engine would cut, are left out.
    """
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode())
    marks = [sign for sign in set(text) if not sign.isascii() and _is_bare_mark(sign)]  # signs differ less than places
    return text.translate(dict.fromkeys(map(ord, marks))) if marks else text


def _is_bare_mark(sign: str) -> bool:
    return bool(unicodedata.combining(sign)) or unicodedata.category(sign) == "Me" or "\ufe00" <= sign <= "\ufe0f"


def different(words: Iterable[str]) -> list[str]:
    """Return words, each once, as many of them as count."""
    return list(dict.fromkeys(words))[:MOST_WORDS]


def condition(filters: Filters) -> Query | None:
    """Return the filters as a query that scores nothing; None where everything passes."""
    must = [*_facts(filters), *(found for term in filters.terms if (found := _held(term)))]
    must_not = [found for term in filters.without if (found := _held(term))]
    must_not += [
        Query.term_set_query(SCHEMA, name, [clean(value) for value in values])
        for name, values in ((CATEGORIES, filters.not_categories), (HAS, filters.lacks))
        if values
    ]
    if not must and not must_not:
        return None
    # Without anything to be taken from, the engine finds nothing.
    wanted = [(Occur.Must, one) for one in must or [Query.all_query()]] + [(Occur.MustNot, one) for one in must_not]
    return Query.const_score_query(Query.boolean_query(wanted), 0.0)


def among(ids: Iterable[int]) -> Query:
    """Return what finds some papers."""
    listed = list(ids)
    return Query.term_set_query(SCHEMA, ID, listed) if listed else Query.empty_query()


def both(one: Query | None, other: Query | None) -> Query:
    """Return what finds the papers that two queries find, where None is everything."""
    found = [(Occur.Must, query) for query in (one, other) if query is not None]
    if not found:
        return Query.all_query()
    return found[0][1] if len(found) == 1 else Query.boolean_query(found)


def above(pk: int) -> Query:
    """Return what finds the papers with an id above one."""
    return Query.range_query(SCHEMA, ID, engine.FieldType.Unsigned, max(pk, -1) + 1, None)


def _facts(filters: Filters) -> list[Query]:
    must = [word_in(HAS, clean(one)) for one in filters.has]
    if filters.categories:
        must.append(Query.term_set_query(SCHEMA, CATEGORIES, [clean(name) for name in filters.categories]))
    if filters.since or filters.until:
        first = filters.since.toordinal() if filters.since else None
        last = filters.until.toordinal() if filters.until else None
        must.append(Query.range_query(SCHEMA, DAY, engine.FieldType.Unsigned, first, last))
    if filters.ids is not None:
        must.append(among(map(int, filters.ids)))
    return must


def _held(term: Term) -> Query | None:
    """Return one condition; None for a term without any word, which asks for nothing."""
    text = clean(term.text[:LONGEST])
    words = PLAIN.analyze(text)[:MOST_WORDS]
    if not words:
        return None
    if term.where == "words":
        return all_of([word_in(BODY, word, "freq") for word in different(SCORED.analyze(text))]) or Query.empty_query()
    if term.where == "authors":
        return _name(term.text)
    ending = STEMMED.analyze(text)[0] if not term.exact and len(words) == 1 else None
    if term.where == "title":
        return word_in(_TITLE_STEMS, ending) if ending else _phrase(TITLE, words)
    if term.where == "abstract":
        return _in_abstract(words[0], ending, _name(term.text)) if ending else _phrase(ABSTRACT, words)
    ways = [_name(term.text), *(_phrase(name, words) for name in (TITLE, ABSTRACT))]
    # The words of everything lack the commonest ones, which are found as they stand.
    return any_of([way for way in [*ways, word_in(BODY, ending, "freq") if ending else None] if way])


def _in_abstract(word: str, stem: str, name: Query | None) -> Query | None:
    """Return what finds the stem of a word in abstracts.

    A stem that is held somewhere, but not in title or names, is the abstract's; of those that are, the abstract holds
    the word itself or one that English makes of that stem.
    """
    elsewhere = [(Occur.MustNot, one) for one in (word_in(_TITLE_STEMS, stem), name) if one]
    alone = Query.boolean_query([(Occur.Must, word_in(BODY, stem, "freq")), *elsewhere])
    return any_of([Query.term_set_query(SCHEMA, ABSTRACT, forms(word, stem)), alone])


def forms(word: str, stem: str) -> list[str]:
    """Return words with one stem: the word itself, and those that common endings make."""
    shorter = stem[:-1] if stem[-1] in "eiy" or stem.endswith("bl") else stem
    bases = {word, stem, shorter or stem, stem + stem[-1]}
    tried = [base + ending for base in sorted(bases) for ending in ("", *_ENDINGS)] if len(word) < 64 else []
    cut = STEMMED.analyze(" ".join(tried))
    return list(dict.fromkeys([word, *(form for form, found in zip(tried, cut, strict=False) if found == stem)]))


def _name(text: str) -> Query | None:
    ways = people.wanted(text)
    return any_of([all_of([any_of([word_in(_PEOPLE, word) for word in some.split()]) for some in way]) for way in ways])


def word_in(field: str, word: str, kept: str = "basic") -> Query:
    """Return what finds a word in a field. kept: what of its places is read, as the schema has it."""
    return Query.term_query(SCHEMA, field, word, kept)


def _phrase(field: str, words: list[str]) -> Query:
    if len(words) == 1:
        return word_in(field, words[0])
    return Query.phrase_query(SCHEMA, field, list(words))


def any_of(queries: Sequence[Query | None]) -> Query | None:
    """Return what finds the papers that one of some queries finds, None aside; None where none is left."""
    return _of(Occur.Should, queries)


def all_of(queries: Sequence[Query | None]) -> Query | None:
    """Return what finds the papers that all of some queries find, None aside; None where none is left."""
    return _of(Occur.Must, queries)


def _of(occur: Occur, queries: Sequence[Query | None]) -> Query | None:
    found = [query for query in queries if query is not None]
    return found[0] if len(found) == 1 else Query.boolean_query([(occur, query) for query in found]) if found else None
