"""What ways to rank are worth, as docs/search/quality.md tells it, on Cranfield and collections of the shared papers.

RANKING_PAPERS says of how many papers, RANKING_QUERIES how many queries of each kind. All is nDCG@10 by 100; ± is one
standard error.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from scripts import collections_of_papers as collections
from tests.soak.ranking_variants import (
    MODEL,
    PLAIN,
    Asked,
    Numbers,
    Question,
    Reader,
    Vectors,
    Way,
    against,
    ask,
    beside,
    indexed,
    scores,
    table,
)

from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.search import asked, current, fusing
from broadsheet.search.encoders import embed
from broadsheet.search.tuning import Fusion, Ranking

PAPERS = int(os.environ.get("RANKING_PAPERS", "3000"))
QUERIES = int(os.environ.get("RANKING_QUERIES", "300"))
CORPORA: dict[str, Sequence[str]] = {
    "Cranfield": ("Cranfield",),
    "apart": ("same-authors", "same-authors-abstract"),
    "within": ("same-authors-within", "half-abstracts", "categories", "sentence", "three-phrases", "two-phrases"),
    "bare": ("titles", "half-titles", "title-phrases"),
}
"""Collections by the corpus that they share."""
SHARE = 0.6
"""Of meaning, in queries of more than three words."""

type Usual = Callable[[Asked], float]
type Scoring = Callable[[Asked], Numbers]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    models = tmp_path_factory.mktemp("models")
    if embed.available(models, MODEL).state == "missing":
        pytest.skip("the weights of the model are not installed")
    return Reader(models)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, shared_data: Callable[[str], Path]) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("collections")
    rows = collections.of_file(shared_data("papers-2025-2026.jsonl.xz"))
    made = collections.made(rows, PAPERS, QUERIES)
    for name, collection in made.items():
        collections.write(folder / name, collection)
    return {"Cranfield": shared_data("cranfield")} | {name: folder / name for name in made}


def best(one: Asked) -> float:
    return float(one.first[0])


def geometric(one: Asked) -> float:
    top = np.maximum(one.first[:10] / one.first[0], fusing.LEAST_SHARE)
    return best(one) * float(np.exp(np.log(top).mean()))


def second(one: Asked) -> float:
    return float(one.first[1:11].mean()) if len(one.first) > 1 else best(one)


def cubed_best(one: Asked) -> float:
    return best(one) / 3 ** (1 / 3)


def shares(usual: Usual = geometric, power: float = 1, weight: float = SHARE) -> Scoring:
    """Return the sum of cosines and of a power of the scores by words, as shares of what is usual."""

    def summed(one: Asked) -> Numbers:
        part = weight * (fusing.SHORT_SHARE if one.length == "short" else 1) * bool(one.by_meaning)
        return (1 - part) * (one.words / usual(one)) ** power / power + part * one.cosines

    return summed


def by_words(one: Asked) -> list[int]:
    return [paper for paper, _ in sorted(one.by_words, key=lambda found: (-found.score, -found.id))]


def by_meaning(one: Asked) -> list[int]:
    return [found.id for found in one.by_meaning]


def fused(fusion: Fusion, weight: float) -> Way:
    """Return one of the product's own other ways."""
    return lambda one: [hit.paper_id for hit in fusing.fuse(one.by_words, one.by_meaning, weight, Ranking(fusion))]


def by_length(one: Asked) -> Numbers:
    """Score as readers get it but for papers that hold all the words, by this file's own arithmetic."""
    few = len(one.first) < fusing.FIRST
    if one.length == "short":
        return shares(best)(one)
    if one.length == "whole":
        return shares(best if few else geometric)(one)
    return shares(cubed_best if few else geometric, 3)(one)


def with_more(one: Asked) -> Numbers:
    """Score as readers get it."""
    return by_length(one) + one.more


def ranked(scoring: Scoring) -> Way:
    return lambda one: one.by(scoring(one))


kept = ranked(with_more)


def is_as_readers_get_it(some: Sequence[Asked]) -> bool:
    """Tell whether ``kept`` has the first ranks as the product has them; far down sums may differ by their rounding."""
    return [kept(one)[:11] for one in some] == [one.ranked[:11] for one in some]


def of_ways(found: Mapping[str, Mapping[str, Numbers]]) -> dict[str, list[str]]:
    """Return the means by way, in the columns of the collections, and the mean of these."""
    rows: dict[str, list[str]] = {}
    for way in WAYS:
        means = [float(of[way].mean()) for of in found.values()]
        rows[way] = [f"{mean:.1f}" for mean in (*means, np.mean(means))]
    return rows


KEPT = "**kept**: the same, and more for papers that hold all the words"
BEST = "shares of the best"
WAYS: dict[str, Way] = {
    "words": by_words,
    "meaning": by_meaning,
    "reciprocal ranks, half and half": fused("rrf", 0.5),
    "min-max, half and half": fused("weighted", 0.5),
    "min-max, 40 % meaning": fused("weighted", 0.4),
    "standard scores, 45 %": fused("z", 0.45),
    BEST: ranked(shares(best)),
    "of the mean of the second to the eleventh": ranked(shares(second)),
    "of the geometric mean of the first ten": ranked(shares()),
    "squares of these": ranked(shares(power=2)),
    "cubes of these": ranked(shares(power=3)),
    "fourth powers of these": ranked(shares(power=4)),
    "cubes, 50 % meaning": ranked(shares(power=3, weight=0.5)),
    "cubes, 55 %": ranked(shares(power=3, weight=0.55)),
    "cubes, 65 %": ranked(shares(power=3, weight=0.65)),
    "cubes, 70 %": ranked(shares(power=3, weight=0.7)),
    "by length: of the best in short queries, cubes, and plain shares of whole texts": ranked(by_length),
    KEPT: kept,
}


@pytest.mark.soak
@pytest.mark.django_db
def test_shares_of_scores_by_words_and_other_ways_to_fuse(reader, folders, tmp_path):
    found: dict[str, dict[str, Numbers]] = {}
    for corpus, names in CORPORA.items():
        with indexed(folders[names[0]], tmp_path / corpus, reader):
            for name in names:
                some = ask(folders[name])
                assert is_as_readers_get_it(some)
                found[f"{name} ({len(some)})"] = {way: scores(some, rank) for way, rank in WAYS.items()}
    rows = of_ways(found)
    table([*found, "mean"], rows)
    parts = {}
    for name, of in found.items():
        means = [f"{of[way].mean():.1f}" for way in ("words", "meaning", BEST, KEPT)]
        parts[name] = [*means, against(of[KEPT], of[BEST]), against(of[KEPT], of["words"])]
    table(["words", "meaning", BEST, "kept", "kept less these", "kept less words"], parts)
    assert float(rows[KEPT][-1]) > max(float(rows["words"][-1]), float(rows["meaning"][-1])) + 1


ONCE = Question(Ranking(titles=False, by_length=False))
"""As other queries are asked: how rare a word is counts once."""


@pytest.mark.soak
@pytest.mark.django_db
def test_whole_texts_are_ranked_in_a_way_of_their_own(reader, folders, tmp_path):
    kept_here = "**rarity twice, plain shares** (kept)"
    ways: dict[str, tuple[bool, Way]] = {
        "BM25": (False, by_words),
        "words, rarity twice": (True, by_words),
        "meaning": (True, by_meaning),
        "BM25, cubes: as other queries": (False, kept),
        "BM25, plain shares": (False, ranked(shares())),
        "rarity twice, cubes": (True, ranked(shares(power=3))),
        kept_here: (True, kept),
        "the same, of the mean of the second to the eleventh": (True, ranked(shares(second))),
        "the same, 50 % meaning": (True, ranked(shares(weight=0.5))),
        "the same, 70 % meaning": (True, ranked(shares(weight=0.7))),
    }
    found: dict[str, dict[str, Numbers]] = {}
    for corpus, names in {"within": CORPORA["within"][:2], "apart": ("same-authors-abstract",)}.items():
        with indexed(folders[names[0]], tmp_path / corpus, reader):
            for name in names:
                twice, once = ask(folders[name]), ask(folders[name], ONCE)
                assert is_as_readers_get_it(twice)
                assert is_as_readers_get_it(once)
                told = {way: scores(twice if double else once, rank) for way, (double, rank) in ways.items()}
                found[f"{name} ({len(twice)})"] = told
    rows = {way: [beside(of[way], of[kept_here]) for of in found.values()] for way in ways}
    table(list(found), rows)
    assert all(of[kept_here].mean() > of["BM25, cubes: as other queries"].mean() for of in found.values())


@pytest.mark.soak
@pytest.mark.django_db
def test_whole_texts_begin_at_so_many_words(reader, folders, tmp_path):
    rows: dict[str, list[str]] = {}

    def measured(name: str, words: int | None = None) -> None:
        once = ask(folders[name], Question(ONCE.ranking, words))
        whole = ask(folders[name], Question(PLAIN, words, whole=True))
        ours, theirs = scores(whole, kept), scores(once, kept)
        alone = scores(whole, by_words), scores(once, by_words)
        called = f"{name}, {words} words" if words else name
        rows[f"{called} ({len(once)})"] = [
            f"{theirs.mean():.1f}", f"{ours.mean():.1f}", against(ours, theirs), against(*alone)
        ]  # fmt: skip

    with indexed(folders["Cranfield"], tmp_path / "Cranfield", reader):
        measured("Cranfield")
    with indexed(folders["sentence"], tmp_path / "within", reader):
        for name in ("two-phrases", "three-phrases", "sentence"):
            measured(name)
        for name in ("half-abstracts", "same-authors-within"):
            for words in (15, 25, 40, 70):
                measured(name, words)
    table(["as other queries", "as whole texts", "less the former", "by words alone"], rows)


@pytest.mark.soak
@pytest.mark.django_db
def test_tokens_that_are_read_of_a_query(reader, folders, tmp_path, monkeypatch):
    names = ("half-abstracts", "same-authors-within")
    kept_here = asked.TOKENS
    found: dict[str, dict[int, Numbers]] = {}
    with indexed(folders[names[0]], tmp_path / "within", reader):
        for tokens in (96, 112, 128, 160, 256):
            monkeypatch.setattr(asked, "TOKENS", tokens)
            for name in names:
                some = ask(folders[name])
                found.setdefault(f"{name} ({len(some)}), fused", {})[tokens] = scores(some, kept)
                found.setdefault(f"{name}, meaning alone", {})[tokens] = scores(some, by_meaning)
    rows = {
        f"{tokens}{' (**kept**)' if tokens == kept_here else ''}": [
            beside(of[tokens], of[kept_here]) for of in found.values()
        ]
        for tokens in next(iter(found.values()))
    }
    table(list(found), rows)


TOGETHER = "title and abstract together, 256 tokens (**kept**)"


def made_of(near: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """Return cosines of queries and papers, by what the vectors of papers are made of."""
    together, title, abstract = near["together"], near["title"], near["abstract"]
    return {
        TOGETHER: together,
        "the same, 128 tokens": near["short"],
        "abstract alone": abstract,
        "title and abstract apart, .3 and .7 of the cosines": 0.3 * title + 0.7 * abstract,
        "apart, half and half": 0.5 * title + 0.5 * abstract,
        "apart, the greater cosine": np.maximum(title, abstract),
        "together, and .3 of the title's cosine": 0.3 * title + 0.7 * together,
        "one vector: the mean of title's and together's": near["mean"],
    }


def vectors(reader: Reader) -> tuple[list[int], dict[str, Vectors]]:
    """Return the papers here, and the vectors of their parts."""
    rows = list(Paper.objects.order_by("pk"))
    texts = [(plain(one.title), plain(one.abstract)) for one in rows]
    together = [embed.text_of(*parts) for parts in texts]
    found = {
        "together": reader.embed(together),
        "short": reader.embed(together, tokens=128),
        "title": reader.embed([title or abstract for title, abstract in texts]),
        "abstract": reader.embed([abstract or title for title, abstract in texts]),
    }
    mean = found["title"] + found["together"]
    found["mean"] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return [one.pk for one in rows], found


@pytest.mark.soak
@pytest.mark.django_db
def test_what_the_vectors_of_papers_are_made_of(reader, folders, tmp_path):
    found: dict[str, dict[str, tuple[Numbers, Numbers]]] = {}
    for corpus, names in {"Cranfield": CORPORA["Cranfield"], "within": CORPORA["within"][:4]}.items():
        with indexed(folders[names[0]], tmp_path / corpus, reader):
            papers, parts = vectors(reader)
            model = current.embedder()
            assert model is not None
            for name in names:
                some = ask(folders[name])
                queries = np.array([asked.vector_of(model, one.text) for one in some])
                near = {part: (queries @ of.T).astype(np.float64) for part, of in parts.items()}
                for made, cosines in made_of(near).items():
                    others = [one.meant(papers, row) for one, row in zip(some, cosines, strict=True)]
                    told = scores(others, by_meaning), scores(others, kept)
                    found.setdefault(made, {})[f"{name} ({len(some)})"] = told
                by_product = scores(some, kept).mean()
                assert abs(found[TOGETHER][f"{name} ({len(some)})"][1].mean() - by_product) < 0.3
    rows = {
        made: [
            f"{meaning.mean():.1f} / {beside(ours, found[TOGETHER][name][1], p=False)}"
            for name, (meaning, ours) in of.items()
        ]
        for made, of in found.items()
    }
    table(list(found[TOGETHER]), rows)
