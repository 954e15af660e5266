"""What the index is told of papers: their texts, what they are filed under, and a vector of one of two tiers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
from django.conf import settings

from broadsheet.papers.links import names_code
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.search.encoders import bridge, choice, embed
from broadsheet.search.index import Document, Vector
from broadsheet.search.models import Embedding


class Row(NamedTuple):
    """What the index has to know of a paper; a whole ``Paper``, which has it too, takes four times as long to read."""

    pk: int
    key: str
    stamp: int
    same_as_id: int | None
    title: str
    abstract: str
    authors: list[str]
    categories: list[str]
    day: date | None
    code_url: str


class Batch(NamedTuple):
    """Some papers as an index takes them. papers: how many they are. stamp, key: of the last one.

    others: primary keys of those that are the same as another, and are to be taken out.
    """

    papers: int
    stamp: int
    key: str
    others: list[int]
    documents: list[Document]


def batch_of(papers: Sequence[Row], space: str) -> Batch:
    """Return papers, in the order of their stamps, as an index of a space takes them."""
    if not papers:
        return Batch(0, 0, "", [], [])
    others = [paper.pk for paper in papers if paper.same_as_id]
    own = documents_of([paper for paper in papers if not paper.same_as_id], space)
    return Batch(len(papers), papers[-1].stamp, papers[-1].key, others, own)


def documents_of(papers: Sequence[Paper | Row], space: str | None = None) -> list[Document]:
    """Return what the index is told of papers, each with a vector where there is one of the index's space.

    space: the mark of the model that the index is of; None for the one that searches ask.
    """
    documents = [document_of(paper) for paper in papers]
    texts = {document.id: embed.text_of(document.title, document.abstract) for document in documents}
    vectors = vectors_of(texts, choice.mark() if space is None else space)
    return [replace(document, vector=vectors.get(document.id)) for document in documents]


def vectors_of(texts: Mapping[int, str], space: str) -> dict[int, Vector]:
    """Return a vector of each paper: the model's own where it is kept, else what the student makes of its text.

    texts: by primary key of the paper. Vectors that are kept of another text than the paper has now are thrown away.
    Nothing that the student made is kept: it takes no longer to make than to read. Where meaning is switched off no
    paper gets any.
    """
    if settings.MODEL == "none":
        return {}
    vectors = _kept(texts, space)
    if rest := [pk for pk in texts if pk not in vectors]:
        vectors |= bridge.carried({pk: embed.digest(texts[pk]) for pk in rest}, space)
    first = first_tier(space)
    if first is not None and (rest := [pk for pk in texts if pk not in vectors]):
        made = first.embed([texts[pk] for pk in rest], tokens=settings.EMBED_TOKENS)
        vectors |= zip(rest, made, strict=True)
    return vectors


def first_tier(space: str) -> bridge.Reads | None:
    """Return what gives papers of a space a vector at once; None where nothing can, or meaning is switched off."""
    return None if settings.MODEL == "none" else bridge.first_tier(space)


def _kept(texts: Mapping[int, str], space: str) -> dict[int, Vector]:
    """Return the vectors that the database keeps of papers with these texts; stale ones, of any model, are deleted."""
    if not Embedding.objects.exists():  # asking for a thousand papers takes a millisecond
        return {}
    rows = Embedding.objects.filter(paper__in=texts)
    kept = list(rows.filter(model=space))
    digests = [(one.paper_id, one.digest) for one in kept] + list(
        rows.exclude(model=space).values_list("paper", "digest")  # by models before or to come
    )
    stale = {pk for pk, digest in digests if digest != embed.digest(texts[pk])}
    if stale:
        rows.filter(paper__in=stale).delete()
    return {one.paper_id: vector_of(one) for one in kept if one.paper_id not in stale}


def vector_of(embedding: Embedding) -> Vector:
    """Return a kept vector as float32."""
    return np.frombuffer(bytes(embedding.vector), dtype="<f2").astype(np.float32)


def text_of(paper: Paper | Row) -> str:
    """Return what is embedded of a paper."""
    return embed.text_of(plain(paper.title), plain(paper.abstract))


def document_of(paper: Paper | Row, vector: Vector | None = None) -> Document:
    """Return what the index is told of a paper."""
    title, abstract = plain(paper.title), plain(paper.abstract)
    # Search knows the shown text and the source's own, as people paste either.
    raw = "\n".join(text for text, shown in ((paper.title, title), (paper.abstract, abstract)) if text != shown)
    return Document(
        id=paper.pk,
        title=title,
        abstract=abstract,
        authors=", ".join(paper.authors),
        categories=tuple(paper.categories),
        day=paper.day,
        source_text=raw,
        names=tuple(paper.authors),
        code=bool(paper.code_url) or names_code(paper.abstract, abstract),
        vector=vector,
    )
