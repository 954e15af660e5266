"""Related work of a draft as JSON, for the API and ``broadsheet draft --json``. Finding it: ``ranking.drafts``."""

from broadsheet.hub.texts import Json
from broadsheet.papers.tex import plain
from broadsheet.ranking.drafts import Answer, Related


def as_object(answer: Answer) -> Json:
    """Return an answer as plain objects."""
    return {
        "groups": [
            {"label": group.label, "kind": group.kind, "papers": [_paper(one) for one in group.papers]}
            for group in answer.groups
        ],
        "cited": {"here": answer.here, "missing": list(answer.missing)},
        "notes": list(answer.notes),
    }


def _paper(one: Related) -> Json:
    paper, shared = one.paper, one.shared
    return {
        "id": paper.key,
        "title": plain(paper.title),
        "authors": list(paper.authors),
        "categories": list(paper.categories),
        "day": paper.day.isoformat() if paper.day else None,
        "closeness": one.closeness,
        "cited": one.cited,
        "shared": {
            "phrases": list(shared.phrases),
            "sentence": shared.sentence,
            "yours": shared.yours,
            "authors": list(shared.authors),
            "beside": shared.beside.key if shared.beside else None,
        },
    }
