"""Papers like this one: by the meaning of its vector and the words of its title, fused as in search."""

from django.conf import settings

from broadsheet.errors import BroadsheetError
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.search import current, embed, hybrid
from broadsheet.search.index import Filters
from broadsheet.search.models import Embedding
from broadsheet.search.upkeep import vector_of

CANDIDATES = 50

OF_LIKE_TITLE = 10
"""Papers that are compared with one because its title shares words with theirs."""


def similar_to(paper: Paper, *, limit: int = 6) -> list[Paper] | None:
    """Return the papers nearest to one, best first; None where the index cannot be asked right now."""
    try:
        searcher = current.searcher()
        words = searcher.words(plain(paper.title), limit=CANDIDATES, filters=Filters())
        embedding = Embedding.objects.filter(pk=paper.pk, model=embed.mark(settings.MODEL)).first()
        meaning = searcher.meaning(vector_of(embedding), limit=CANDIDATES, filters=Filters()) if embedding else []
    except BroadsheetError:
        return None
    hits = [hit for hit in hybrid.fuse(words, meaning, settings.DENSE_WEIGHT) if hit.paper_id != paper.pk][:limit]
    papers = Paper.objects.standing().in_bulk([hit.paper_id for hit in hits])
    return [papers[hit.paper_id] for hit in hits if hit.paper_id in papers]


def of_like_title(paper: Paper, *, opens: bool = True) -> list[int]:
    """Return the papers, by primary key, whose words fit the title and the first authors of one best.

    opens: whether an index that nobody has open is opened. Raises what the index raises where it cannot be asked.
    """
    asked = " ".join([paper.title, *paper.authors[:2]])
    hits = current.searcher(opens=opens).words(plain(asked)[:400], limit=OF_LIKE_TITLE + 1, filters=Filters())
    return [hit.id for hit in hits if hit.id != paper.pk][:OF_LIKE_TITLE]
