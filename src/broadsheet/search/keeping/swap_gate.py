"""What a change of model would do to searches, measured on some papers that both models read, before it is made.

The change itself is ``swap``, the map ``bridge``.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import batched
from typing import NamedTuple, Protocol

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.search.encoders import bridge, embed, student
from broadsheet.search.encoders.bridge import Rows
from broadsheet.search.encoders.student import Encoder
from broadsheet.search.index import Vector
from broadsheet.search.keeping import documents
from broadsheet.search.models import Embedding

PAIRS = 6000
"""Papers that both models read, on which the map is fitted and measured."""

GATE = 0.6
"""Share of the true ten nearest that must be among the candidates of mapped vectors."""

CANDIDATES = 400
QUERIES = 300
PORTION = 32
"""Papers read between two questions whether to stop."""

_ASKED = 900  # keys in one question to the database

type Report = Callable[[int, int], object]
type Stop = Callable[[], bool]
type Keys = NDArray[np.int64]


class Held(Protocol):
    """Vectors of papers, in files of this machine or on a search server."""

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        ...

    def ids(self) -> Keys:
        """Return the papers that have one, in rising order."""
        ...

    def get(self, ids: Sequence[int]) -> dict[int, Vector]:
        """Return those of some papers."""
        ...

    def each(self, size: int = 8192) -> Iterator[tuple[Keys, Rows]]:
        """Yield all papers and their vectors, so many at a time."""
        ...

    def remove(self, ids: Sequence[int]) -> None:
        """Take those of some papers out."""
        ...

    def size(self) -> int:
        """Return how many papers have one."""
        ...


class Measured(NamedTuple):
    """What a change would do: how the vectors that papers can have at once do in the new space; shares in [0, 1].

    papers: of the sample; each was mapped by a map fitted on others, but for as large a part of it as the new model has
    read of all papers. queries: titles, asked with the new model.
    recall_10, recall_100: of the ten that are nearest by the new model's own vectors, how many are among the first 10
    and 100 of the mapped ones. candidates: among the first ``depth``, as many of the sample as CANDIDATES are of all
    papers. before, right_after, at_last: titles whose own paper is among the first ten, with the old model, with the
    new one on mapped vectors, and on its own; before is None where the old model cannot be asked.
    """

    papers: int
    queries: int
    recall_10: float
    recall_100: float
    candidates: float
    depth: int
    before: float | None
    right_after: float
    at_last: float


def sample(vectors: Held, pairs: int) -> list[int]:
    """Return papers that have a vector, by primary key, drawn the same way each time, also after others came."""
    ids = vectors.ids()
    if len(ids) > pairs:
        scattered = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # of each key its own, whatever comes
        ids = np.sort(ids[np.argpartition(scattered, pairs)[:pairs]])
    return list(map(int, ids))


def read(embedder: embed.Embedder, papers: Sequence[int], *, report: Report, stop: Stop) -> int:
    """Have a model read papers, and keep its vectors; return how many of them it has read now, earlier times included.

    papers: by primary key. stop: asked every 32 papers; what was read stays.
    """
    known = _read_by(embedder.mark, papers)
    waiting = [pk for pk in papers if pk not in known]
    done = len(papers) - len(waiting)
    for keys in batched(waiting, PORTION):
        if stop():
            break
        texts = {paper.pk: documents.text_of(paper) for paper in Paper.objects.filter(pk__in=keys)}
        vectors = embedder.embed(list(texts.values()), tokens=settings.EMBED_TOKENS)
        digests = map(embed.digest, texts.values())
        Embedding.objects.keep(embedder.mark, zip(texts, digests, vectors, strict=True))
        done += len(keys)
        report(done, len(papers))
    return done


def pairs_of(vectors: Held, mark: str, papers: Sequence[int]) -> tuple[Keys, Rows, Rows]:
    """Return the papers that have a vector in an index and one by the model of a mark, and both, a row each."""
    new: dict[int, bytes] = {}
    for keys in batched(papers, _ASKED):
        rows = Embedding.objects.filter(model=mark, paper__in=keys)
        new |= {pk: bytes(vector) for pk, vector in rows.values_list("paper", "vector")}
    old = vectors.get(list(new))
    both = [pk for pk in papers if pk in old]
    if not both:
        return np.empty(0, np.int64), np.empty((0, vectors.dim), np.float32), np.empty((0, 0), np.float32)
    to = np.frombuffer(b"".join(new[pk] for pk in both), dtype="<f2").astype(np.float32)
    return np.array(both), np.array([old[pk] for pk in both], np.float32), to.reshape(len(both), -1)


def measure(vectors: Held, papers: Sequence[int], embedder: embed.Embedder, before: Encoder | None) -> Measured | None:
    """Measure what searches by a new model would find in mapped vectors; None where no paper has both.

    vectors: of the index. papers: that the new model has read. before: what encodes queries now.
    """
    keys, of, to = pairs_of(vectors, embedder.mark, papers)
    if len(keys) < 2 * bridge.FOLDS:
        return None
    mapped = _at_once(keys, of, to, embedder.mark)
    places = np.unique(np.linspace(0, len(keys) - 1, QUERIES).astype(int))
    titles = dict(Paper.objects.filter(pk__in=keys[places].tolist()).values_list("pk", "title"))
    asked = [(place, plain(titles[int(keys[place])])) for place in places if int(keys[place]) in titles]
    own = np.array([place for place, _ in asked])
    queries = np.array([embedder.embed_query(title) for _, title in asked])
    depth = max(10, min(CANDIDATES, round(CANDIDATES * len(keys) / max(vectors.size(), 1))))
    deepest = min(len(keys), max(100, depth))
    true, found = _first(queries, to, 10), _first(queries, mapped, deepest)

    def share(first: int) -> float:
        hits = [len(np.intersect1d(true[row], found[row, :first])) for row in range(len(own))]
        return float(np.mean(hits) / true.shape[1])

    known = None
    if before is not None and before.dim == of.shape[1]:
        known = _own(_first(np.array([before.embed_query(title) for _, title in asked]), of, 10), own)
    return Measured(
        len(keys),
        len(own),
        share(10),
        share(100),
        share(depth),
        depth,
        known,
        _own(found[:, :10], own),
        _own(true, own),
    )


def _at_once(keys: Keys, of: Rows, to: Rows, mark: str) -> Rows:
    """Return the vectors that papers would have right after a change: what is done there, done to the sample."""
    if (static := student.of_space(mark)) is not None:
        texts = {paper.pk: documents.text_of(paper) for paper in _papers(keys.tolist())}
        made: Rows = static.embed([texts.get(pk, "") for pk in keys.tolist()], tokens=settings.EMBED_TOKENS)
    else:
        made = bridge.carried_across(of, to)
    everything = Paper.objects.standing()
    read = 1 - Embedding.objects.lacking(everything, mark).count() / max(everything.number_standing(), 1)
    own = np.random.default_rng(0).permutation(len(keys)) < read * len(keys)
    made[own] = to[own]
    return made


def _papers(keys: Sequence[int]) -> Iterator[Paper]:
    for some in batched(keys, _ASKED):
        yield from Paper.objects.filter(pk__in=some)


def _first(queries: Rows, rows: Rows, count: int) -> Keys:
    """Return which rows are nearest to each query, nearest first."""
    order: Keys = np.argsort(-(queries @ rows.T), axis=1, kind="stable")[:, :count]
    return order


def _own(found: Keys, own: Keys) -> float:
    """Return the share of titles whose own paper is among what was found."""
    return float((found == own[:, None]).any(axis=1).mean())


def _read_by(mark: str, papers: Sequence[int]) -> set[int]:
    known: set[int] = set()
    for keys in batched(papers, _ASKED):
        known |= set(Embedding.objects.filter(model=mark, paper__in=keys).values_list("paper", flat=True))
    return known
