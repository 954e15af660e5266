"""A paper as Markdown, for programs that read and for the terminal. Pages for people are the web room's."""

import re
import unicodedata

from broadsheet.hub.items import code_url, project_url
from broadsheet.hub.texts import web_url
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.sources import arxiv_ids

# What would begin a heading, list, quotation, rule or code at the start of a line.
_OPENING = re.compile(r"^(?=[#>+=~-])|^(\d{1,9})(?=[.)])")
# What would become a link, picture, tag, code or emphasis; and a backslash that would take such a sign's escape away.
_ACTIVE = re.compile(r"\\(?=[!-/:-@\[-`{-~])|[`*\[\]<]")


def paper_markdown(paper: Paper) -> str:
    """Return a paper as Markdown (CommonMark). Texts of sources are escaped, so that they stay text."""
    parts = [f"# {_text(paper.title)}", _facts(paper)]
    if paper.abstract_kind == "description":
        parts += ["## Description", "_Written for this site; the authors' own abstract is at the source._"]
    else:
        parts.append("## Abstract")
    parts.append(_text(paper.abstract) or "_The source gave no abstract._")
    if paper.machine_summary:
        parts += ["## Summary by a machine", _text(paper.machine_summary)]
    return "\n\n".join(parts) + "\n"


def _facts(paper: Paper) -> str:
    """Return what is known beside the texts, one line each, without lines for what is not known."""
    arxiv = arxiv_ids.is_arxiv(paper.key)
    code, stars = code_url(paper), paper.code_stars
    facts = {
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
    return "\n".join(f"- {name}: {value}" for name, value in facts.items() if value)


def _text(source: str) -> str:
    """Return a text of a source as one paragraph that Markdown leaves alone, without control characters."""
    line = " ".join(plain(source).split())
    line = "".join(sign for sign in line if unicodedata.category(sign) != "Cc")
    return _OPENING.sub(lambda found: f"{found[1] or ''}\\", _ACTIVE.sub(r"\\\g<0>", line))
