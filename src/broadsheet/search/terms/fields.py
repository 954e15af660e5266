"""How papers stand in the index of words: its fields, and how texts are cut into words.

Who asks and writes is ``lexicon``, how papers are scored ``scoring``, what they must fulfil ``conditions``. Texts are
cut alike on both sides by the analyzers here, and queries are made of the words that come of it: what somebody typed
never reaches a parser.
"""

import unicodedata
from collections.abc import Iterable, Sequence

import tantivy as engine
from tantivy import Occur, Query

from broadsheet.search.index import Document, facts_of
from broadsheet.search.text import compounds, people

LONGEST = 10_000
"""Characters of a query that are looked at."""
MOST_WORDS = 100
"""Different words of a query that count; the longest of 400 recorded real queries has 86, not all different."""

# One text field with the title in it three times is BM25F in effect, exact and one query. Measured against one field
# a part, summed: nDCG@10 on Cranfield .545 to .514, author's name and two title words .95 to .84 (reciprocal rank of
# the paper among 130,789); three titles find four words of a title at .93, two at .90, one at .83.
TITLE_WEIGHT = 3

ID, DAY, YEAR, CATEGORIES, HAS = "id", "day", "year", "categories", "has"
BODY, TITLE, ABSTRACT = "body", "title", "abstract"
TITLE_STEMS = "title_stems"
PEOPLE = "people"
# What English puts behind the stem of a word.
_ENDINGS = """e s es ed d en ing ings er ers or ors ate ates ated ating ator ators ion ions ional ionally ioned ioning
    ation ations ational ative atively ive ives ively iveness ivity al als ally ality alize alizes alized alizing
    alization alise alised alising ly ment ments ement ements ness able ably ability ible ibly ibility ility ity ities
    y ies ied ying ier iest ic ics ical ically icity ize izes ized izing izer izers ization ise ises ised ising iser
    isation ance ances ancy ant ants antly ence ences ency ent ents ently ous ously ful fully fulness less ism isms ist
    ists""".split()  # noqa: SIM905 - in words
LONGEST_WORD = 64 * 4 + 1
"""Bytes of a word: what has as many is dropped."""


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
COMMON = frozenset(_COMMON.split())


def _analyzer(*, stemmed: bool, common: bool) -> engine.TextAnalyzer:
    """Return what cuts at all but letters and digits. common: whether the commonest words count."""
    builder = engine.TextAnalyzerBuilder(engine.Tokenizer.simple()).filter(engine.Filter.remove_long(LONGEST_WORD))
    # Folding to ASCII is for names: Schrodinger finds Schrödinger.
    builder = builder.filter(engine.Filter.lowercase()).filter(engine.Filter.ascii_fold())
    if not common:
        builder = builder.filter(engine.Filter.custom_stopword(sorted(COMMON)))
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
    # An abstract stemmed apart would cost a quarter of all the work: see ``conditions``.
    made.add_text_field(TITLE_STEMS, tokenizer_name="stemmed", index_option="basic")
    made.add_text_field(PEOPLE, tokenizer_name="blanks", index_option="basic")
    for name in (CATEGORIES, HAS):
        # Kept, as a vector that comes later is filed under them.
        made.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True, stored=True)
    made.add_unsigned_field(DAY, indexed=True, fast=True, stored=True)
    made.add_unsigned_field(YEAR, fast=True)
    return made.build()


SCHEMA = _schema()


type Pieces = tuple[str, str, str, str]


def entry(document: Document, pieces: Pieces) -> engine.Document:
    """Return a paper, of which the texts are given in pieces, as the engine takes it."""
    title, _, abstract, _ = pieces
    made = engine.Document()
    made.add_unsigned(ID, document.id)
    made.add_text(BODY, body(pieces))
    for name, text in ((TITLE, title), (TITLE_STEMS, title), (ABSTRACT, abstract)):
        made.add_text(name, text)
    made.add_text(PEOPLE, people.kept(document.names))
    facts = facts_of(document)
    for name, values in ((CATEGORIES, facts.categories), (HAS, facts.has)):
        for value in values:
            made.add_text(name, clean(value))
    if document.day is not None:
        made.add_unsigned(DAY, document.day.toordinal())
        made.add_unsigned(YEAR, document.day.year)
    return made


def pieces(document: Document) -> Pieces:
    """Return the texts that are searched as one: title, what it is found by besides, abstract, and all the rest.

    Of the source come only words that nothing else has.
    """
    title, abstract, authors = clean(document.title), clean(document.abstract), clean(document.authors)
    rest = [*compounds.joined(abstract), authors]
    if document.source_text:
        # Most words are the same on both sides, and cutting takes longer than comparing.
        other = " ".join(set(document.source_text.split()).difference(title.split(), abstract.split()))
        texts = "\n".join((title, abstract, *compounds.joined(title), *rest))
        rest += sorted(set(PLAIN.analyze(clean(other))).difference(PLAIN.analyze(texts)))
    return title, " ".join(compounds.joined(title)), abstract, " ".join(rest)


def body(pieces: Pieces) -> str:
    """Return the texts that are searched as one, with the title as often as it counts."""
    title, coined, abstract, rest = pieces
    return "\n".join((*(title, coined) * TITLE_WEIGHT, abstract, rest))


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


def forms(word: str, stem: str) -> list[str]:
    """Return words with one stem: the word itself, and those that common endings make."""
    shorter = stem[:-1] if stem[-1] in "eiy" or stem.endswith("bl") else stem
    bases = {word, stem, shorter or stem, stem + stem[-1]}
    tried = [base + ending for base in sorted(bases) for ending in ("", *_ENDINGS)] if len(word) < 64 else []
    cut = STEMMED.analyze(" ".join(tried))
    return list(dict.fromkeys([word, *(form for form, found in zip(tried, cut, strict=False) if found == stem)]))


def word_in(field: str, word: str, kept: str = "basic") -> Query:
    """Return what finds a word in a field. kept: what of its places is read, as the schema has it."""
    return Query.term_query(SCHEMA, field, word, kept)


def any_of(queries: Sequence[Query | None]) -> Query | None:
    """Return what finds the papers that one of some queries finds, None aside; None where none is left."""
    return _of(Occur.Should, queries)


def all_of(queries: Sequence[Query | None]) -> Query | None:
    """Return what finds the papers that all of some queries find, None aside; None where none is left."""
    return _of(Occur.Must, queries)


def _of(occur: Occur, queries: Sequence[Query | None]) -> Query | None:
    found = [query for query in queries if query is not None]
    return found[0] if len(found) == 1 else Query.boolean_query([(occur, query) for query in found]) if found else None
