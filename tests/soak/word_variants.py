"""Ways to cut and weigh words, each measured on Cranfield and on known items among the shared papers; one engine index
for each way to cut. Which ways are compared is told in test_word_variants."""

import json
import lzma
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tantivy as engine
from tantivy import Filter, Occur, Query

from broadsheet.bench import measures
from broadsheet.papers.tex import plain
from broadsheet.search.text import compounds, questions
from broadsheet.sources import beir

_LONG_LIST = """i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers
herself it its itself they them their theirs themselves what which who whom this that these those am is are was were be
been being have has had having do does did doing a an the and but if or because as until while of at by for with about
against between into through during before after above below to from up down in out on off over under again further then
once here there when where why how all any both each few more most other some such no nor not only own same so than too
very s t can will just don should now"""
LONG_LIST = _LONG_LIST.split()

_WORD = re.compile(r"[^\W_]+")
_HYPHENED = re.compile(r"\b([A-Za-z]{2,})-([A-Za-z]{3,})\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_SMALL = {"the", "and", "for", "with", "via", "from", "using", "based", "through", "towards", "toward", "into", "how"}


def light(word: str) -> str:
    """Return a word without the s of its plural."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@dataclass(frozen=True, slots=True)
class Cut:
    """How papers are cut into words. stop: the engine's own list, none, or these words. stem: of the engine's."""

    stop: Sequence[str] | bool = True
    stem: str = "english"
    titles: int = 3
    authors: bool = True
    joined: bool = False
    plurals: bool = False

    def analyzer(self, *, exact: bool = False) -> engine.TextAnalyzer:
        """Return what cuts a text. exact: without stems."""
        built = engine.TextAnalyzerBuilder(engine.Tokenizer.simple()).filter(Filter.remove_long(64))
        built = built.filter(Filter.lowercase()).filter(Filter.ascii_fold())
        if self.stop is True:
            built = built.filter(Filter.stopword("english"))
        elif self.stop:
            built = built.filter(Filter.custom_stopword(list(self.stop)))
        return (built.filter(Filter.stemmer(self.stem)) if self.stem and not exact else built).build()


@dataclass(frozen=True, slots=True)
class Asked:
    """How a query is read. exact: weights of words just as typed, in abstract and title. forms: other ways to write."""

    exact: tuple[float, float] = (0.0, 0.0)
    forms: bool = False
    questions: bool = False


class Text(dict[str, str]):
    """A document: title, abstract, authors."""


@dataclass(slots=True)
class Task:
    """Queries over one list of documents, each with the grades of documents by their number."""

    documents: list[Text]
    queries: list[tuple[str, str, dict[str, int]]] = field(default_factory=list)


class Words:
    """The index of one list of documents, cut in one way."""

    def __init__(self, documents: Sequence[Text], cut: Cut) -> None:
        made = engine.SchemaBuilder()
        made.add_unsigned_field("id", fast=True)
        for name, tokenizer in (("body", "stems"), ("abstract", "exact"), ("title", "exact")):
            made.add_text_field(name, tokenizer_name=tokenizer, index_option="freq")
        self._schema, self._cut = made.build(), cut
        self.stems, self.exact = cut.analyzer(), cut.analyzer(exact=True)
        index = engine.Index(self._schema)
        for name, analyzer in (("stems", self.stems), ("exact", self.exact)):
            index.register_tokenizer(name, analyzer)
        writer = index.writer(256 << 20, 1)
        for number, text in enumerate(documents):
            document = engine.Document()
            document.add_unsigned("id", number)
            document.add_text("body", self.body(text))
            document.add_text("abstract", text["abstract"])
            document.add_text("title", text["title"])
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def body(self, text: Text) -> str:
        """Return what is searched as one text."""
        title, abstract = text["title"], text["abstract"]
        if self._cut.joined:
            title = " ".join((title, *compounds.joined(title)))
            abstract = " ".join((abstract, *compounds.joined(abstract)))
        body = "\n".join([*[title] * self._cut.titles, abstract, text["authors"] if self._cut.authors else ""])
        return _WORD.sub(lambda word: light(word[0].lower()), body) if self._cut.plurals else body

    def best(self, text: str, asked: Asked, alike: Sequence[compounds.Alike] = (), weight: float = 0.5) -> list[str]:
        """Return the numbers of the ten best documents. weight: of the other form, where a word has one."""
        text = questions.bare(text) if asked.questions else text
        typed = _WORD.sub(lambda word: light(word[0].lower()), text) if self._cut.plurals else text
        wanted, taken = self._either(alike, weight)
        terms = [("body", word, 1.0) for word in self.stems.analyze(typed) if word not in taken]
        for name, share in zip(("abstract", "title"), asked.exact, strict=True):
            terms += [(name, word, share) for word in self.exact.analyze(text) if share]
        for form in compounds.forms(text) if asked.forms else ():
            terms += [("body", word, form.weight) for word in self.stems.analyze(form.word)]
        wanted += [(Occur.Should, self._term(*term)) for term in dict.fromkeys(terms)]
        if not wanted:
            return []
        places = [place for _, place in self._searcher.search(Query.boolean_query(wanted), 10, count=False).hits]
        return [str(number) for number in self._searcher.fast_field_values("id", places)]

    def _either(self, alike: Sequence[compounds.Alike], weight: float) -> tuple[list[tuple[Occur, Query]], set[str]]:
        """Return what finds one form or all words of the other, the better one scored, and the words that it takes."""
        wanted, taken = [], set()
        for one in alike:
            typed, other = (
                [(occur, self._term("body", word, 1.0)) for word in dict.fromkeys(self.stems.analyze(form))]
                for form, occur in ((one.typed, Occur.Should), (one.other, Occur.Must))
            )
            if typed and other:
                both = [Query.boolean_query(typed), Query.boost_query(Query.boolean_query(other), weight)]
                wanted.append((Occur.Should, Query.disjunction_max_query(both, 0.0)))
                taken.update(self.stems.analyze(one.typed))
        return wanted, taken

    def _term(self, name: str, word: str, weight: float) -> Query:
        term = Query.term_query(self._schema, name, word, "freq")
        return term if weight == 1 else Query.boost_query(term, weight)


class Plain:
    """BM25 as a formula, for k1 and b, which the engine has fixed at 1.2 and 0.75."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        found: dict[str, dict[int, int]] = {}
        for number, words in enumerate(documents):
            for word in words:
                held = found.setdefault(word, {})
                held[number] = held.get(number, 0) + 1
        self._found = {word: (np.array(list(held)), np.array(list(held.values()))) for word, held in found.items()}
        self._lengths = np.array([len(words) for words in documents]) / np.mean([len(words) for words in documents])

    def best(self, words: Sequence[str], k1: float, b: float, limit: int = 10) -> list[str]:
        """Return the numbers of the best documents."""
        scores, total = np.zeros(len(self._lengths)), len(self._lengths)
        for word in set(words) & self._found.keys():
            numbers, times = self._found[word]
            rarity = np.log(1 + (total - len(numbers) + 0.5) / (len(numbers) + 0.5))
            scores[numbers] += rarity * times * (k1 + 1) / (times + k1 * (1 - b + b * self._lengths[numbers]))
        best = np.argpartition(-scores, limit)[:limit]
        return [str(number) for number in best[np.lexsort((best, -scores[best]))] if scores[number] > 0]


def cranfield(folder: Path) -> Task:
    """Return Cranfield, whose task is ``Cranfield``."""
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]
    numbers = {row["_id"]: str(number) for number, row in enumerate(rows)}
    judged = beir.judgments(folder)
    task = Task([Text(title=row["title"] or "", abstract=row["text"], authors="") for row in rows])
    for query, text in judged.queries.items():
        grades = {numbers[document]: grade for document, grade in judged.qrels[query].items()}
        task.queries.append(("Cranfield", text, grades))
    return task


def papers(path: Path, number: int, seed: int = 7) -> list[Text]:
    """Return some of the shared papers, their texts as the index has them."""
    with lzma.open(path, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    random.Random(seed).shuffle(rows)
    return [
        Text(title=plain(row["title"]), abstract=plain(row["abstract"]), authors=", ".join(row["authors"]))
        for row in rows[:number]
    ]


def known(found: Sequence[Text], queries: int, seed: int = 20_260_101) -> Task:
    """Return known items: each task asks for papers of its own, in which what is asked for is masked.

    title: the whole title, which its paper lacks. keywords: three words of such a title. sentence: one of the abstract,
    which its paper lacks. apart, joined: titles with a hyphen, typed as two words or as one. 2 words, 3 words, author:
    words of a title, with the last name of an author or alone, with nothing masked: only these tell what titles are
    worth, as the other papers have theirs.
    """
    task, drawn = Task([Text(text) for text in found]), random.Random(seed)
    order = iter(drawn.sample(range(len(found)), len(found)))
    for name in ("title", "sentence", "keywords", "hyphens", "words"):
        wanted = queries
        while wanted:
            number = next(order)
            text = task.documents[number]
            asked = list(_asked(name, text, drawn))
            task.queries += [(called, query, {str(number): 1}) for called, query in asked]
            wanted -= bool(asked)
    return task


def _asked(name: str, text: Text, drawn: random.Random) -> Iterator[tuple[str, str]]:
    """Yield the queries for one paper, which is masked; nothing where it has none."""
    title = text["title"]
    if name == "sentence":
        sentences = _SENTENCE.split(text["abstract"])
        usable = [one for one in sentences if 8 <= len(one.split()) <= 40]
        if len(sentences) > 3 and usable:
            query = drawn.choice(usable)
            text["abstract"] = " ".join(one for one in sentences if one != query)
            yield name, query
        return
    words = [word for word in dict.fromkeys(_WORD.findall(title)) if len(word) > 2 and word.lower() not in _SMALL]
    if name == "words":
        if len(words) > 3 and text["authors"]:
            two = " ".join(drawn.sample(words, 2))
            yield "2 words", two
            yield "3 words", " ".join(drawn.sample(words, 3))
            yield "author", f"{text['authors'].split(', ')[0].split()[-1]} {two}"
        return
    if (name == "keywords" and len(words) < 3) or (name == "hyphens" and not _HYPHENED.search(title)):
        return
    text["title"] = ""
    if name == "title":
        yield name, title
    elif name == "keywords":
        yield name, " ".join(words[place] for place in sorted(drawn.sample(range(len(words)), 3)))
    else:
        yield "hyphens", title
        yield "apart", _HYPHENED.sub(r"\1 \2", title)
        yield "joined", _HYPHENED.sub(r"\1\2", title)


def measured(tasks: Sequence[Task], cut: Cut, readings: Sequence[Asked]) -> Iterator[dict[str, float]]:
    """Yield for each reading of the queries the mean of each task: nDCG@10 of Cranfield, MRR@10 of the others."""
    indexes = [(task, Words(task.documents, cut)) for task in tasks]
    for asked in readings:
        scores: dict[str, list[float]] = {}
        for task, index in indexes:
            for name, query, grades in task.queries:
                score: Callable[..., float] = measures.ndcg if name == "Cranfield" else measures.reciprocal_rank
                scores.setdefault(name, []).append(score(index.best(query, asked), grades))
        yield {name: float(np.mean(values)) for name, values in scores.items()}
