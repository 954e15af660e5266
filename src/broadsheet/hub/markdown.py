"""A paper as Markdown, for programs that read and for the terminal. Pages for people are the web room's."""

from collections.abc import Sequence

from broadsheet.enrich import facts, fulltext
from broadsheet.enrich.fulltext import Reading
from broadsheet.enrich.looks import LOOKS
from broadsheet.hub.items import code_url, project_url
from broadsheet.hub.texts import web_url
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.sources import arxiv_html, arxiv_ids
from broadsheet.sources import markdown_text as md
from broadsheet.sources.arxiv_html import FullPage

READ_MORE = 30
"""Seconds after which it is worth asking again for a text that could not be fetched in time."""


def paper_markdown(paper: Paper, reading: Reading | None = None) -> str:
    """Return a paper as Markdown (CommonMark). Texts of sources are escaped, so that they stay text.

    reading: its full text, or why there is none; without one, or with none, the abstract alone is given.
    """
    known = facts.of(paper) if paper.pk else []
    parts = [f"# {_text(paper.title)}", "\n".join([_facts(paper), *_found(known)])]
    page = reading.page if reading else None
    if page is None or "\n## Abstract\n" not in f"\n{page.markdown[:2000]}":
        parts += _abstract(paper)
    parts += _summary(known)
    if page:
        parts += [page.markdown, _origin(paper, page)]
    elif reading and reading.why in ("later", "off"):
        parts.append(f"_The full text is at <{fulltext.address_of(paper)}>; it is not here now._")
    return "\n\n".join(parts) + "\n"


def _found(known: Sequence[facts.Shown]) -> list[str]:
    """Return what was found out about a paper, one line each, with where it comes from."""
    told = [one for one in known if not LOOKS[one.kind].apart]
    return [f"- {one.label}: {_text(one.text)} ({_text(one.origin)}, {one.date:%Y-%m-%d})" for one in told]


def _abstract(paper: Paper) -> list[str]:
    parts = []
    if paper.abstract_kind == "description":
        parts += ["## Description", "_Written for this site; the authors' own abstract is at the source._"]
    else:
        parts.append("## Abstract")
    parts.append(_text(paper.abstract) or "_The source gave no abstract._")
    if paper.machine_summary:
        parts += ["## Summary by a machine", _text(paper.machine_summary)]
    return parts


def _summary(known: Sequence[facts.Shown]) -> list[str]:
    """Return a summary that was written here, by a model or by a person in its place, with whose it is."""
    shown = [one for one in known if one.kind == "summaries"]
    return [f"## Summary\n\n{_text(one.text)}\n\n_{_text(one.origin)}, {one.date:%Y-%m-%d}_" for one in shown]


def _origin(paper: Paper, page: FullPage) -> str:
    """Return whose text it is, where it stands, and what its licence allows."""
    name, address = _text(arxiv_html.licence_name(page.licence)), web_url(page.licence)
    licence = f"[{name}]({address})" if address and name != address else f"<{address}>" if address else "not known"
    kept = "" if arxiv_html.may_be_kept(page.licence) else " It is passed on to be read, and not stored here."
    return (
        f"## About this text\n\nThe authors' own text of version {page.version or paper.version or 1}, from "
        f"<{fulltext.address_of(paper)}>, turned into Markdown; its pictures are left out. Licence: {licence}.{kept}"
    )


def _facts(paper: Paper) -> str:
    """Return what is known beside the texts, one line each, without lines for what is not known."""
    arxiv = arxiv_ids.is_arxiv(paper.key)
    code, stars = code_url(paper), paper.code_stars
    known = {
        "Authors": ", ".join(_text(author) for author in paper.authors),
        "arXiv": f"https://arxiv.org/abs/{paper.key}" if arxiv else "",
        "PDF": f"https://arxiv.org/pdf/{paper.key}" if arxiv else "",
        "Published": f"{paper.published:%Y-%m-%d}" if paper.published else "",
        "Announced": str(paper.announced or ""),
        "Edition": str(paper.day or ""),
        "Withdrawn": f"{paper.withdrawn:%Y-%m-%d}" if paper.withdrawn else "",
        "Categories": ", ".join(_text(category) for category in paper.categories),
        "Organization": _text(paper.organization),
        "Code": f"<{code}>" + (f" ({stars} stars)" if stars is not None and web_url(paper.code_url) else "")
        if code
        else "",
        "Project": f"<{project_url(paper)}>" if project_url(paper) else "",
        "DOI": _text(paper.doi),
        "Journal": _text(paper.journal_ref),
        "Comment": _text(paper.comment),
        "Keywords": ", ".join(_text(keyword) for keyword in paper.keywords),
        "Votes": str(paper.votes),
    }
    return "\n".join(f"- {name}: {value}" for name, value in known.items() if value)


def _text(source: str) -> str:
    """Return a text of a source as one paragraph that Markdown leaves alone, without signs that show nothing."""
    return md.paragraph(md.escaped(plain(source)))
