"""Papers and notes written as BibTeX, RIS and CSL-JSON, in UTF-8 and in the order given."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NamedTuple

from broadsheet.papers import names, tex
from broadsheet.papers.bibliography.entry import OWN, Cited
from broadsheet.papers.bibtex import bibtex, escaped
from broadsheet.papers.models import Paper
from broadsheet.sources import arxiv_ids


class Format(NamedTuple):
    """A format of files: what it is called, the type of its content, and its ending."""

    name: str
    content_type: str
    ending: str


FORMATS = {
    "bib": Format("BibTeX", "application/x-bibtex; charset=utf-8", "bib"),
    "ris": Format("RIS", "application/x-research-info-systems; charset=utf-8", "ris"),
    "json": Format("CSL-JSON", "application/vnd.citationstyles.csl+json; charset=utf-8", "json"),
}


def write(kind: str, papers: Iterable[Cited]) -> str:
    """Return papers as a file. kind: ``bib``, ``ris`` or ``json``."""
    return _WRITERS[kind](papers)


def _bib(papers: Iterable[Cited]) -> str:
    taken: set[str] = set()
    return "".join(f"{_bib_entry(cited, taken)}\n\n" for cited in papers)


def _bib_entry(cited: Cited, taken: set[str]) -> str:
    paper = cited.paper
    category = paper.categories[0] if paper.categories else ""
    entry = bibtex(paper.key, paper.title, paper.authors, _day(paper), category, paper.doi)
    more = {"annote": escaped(_line(cited.note))}
    if not arxiv_ids.is_arxiv(paper.key):
        more["broadsheetid"] = paper.key
    head, *fields = entry.removesuffix("\n}").split("\n")
    head = _free(head, taken)
    added = [f"  {name} = {{{value}}}" for name, value in more.items() if value]
    if not fields:  # nothing but a key
        return ",\n".join([head.rstrip(","), *added]) + "\n}"
    return "\n".join([head, ",\n".join(["\n".join(fields), *added])]) + "\n}"


def _free(head: str, taken: set[str]) -> str:
    """Return the first line of an entry with a citation key that no entry before it has: ``last2025word-2``."""
    key = head.removeprefix("@misc{").rstrip(",")
    free, number = key, 1
    while free in taken:
        number += 1
        free = f"{key}-{number}"
    taken.add(free)
    return f"@misc{{{free},"


def _ris(papers: Iterable[Cited]) -> str:
    return "".join(f"{_ris_entry(cited)}\r\n" for cited in papers)


def _ris_entry(cited: Cited) -> str:
    paper, day = cited.paper, _day(cited.paper)
    lines = [("TY", "UNPB" if arxiv_ids.is_arxiv(paper.key) else "GEN"), ("ID", _id(paper))]
    lines += [("AU", _ris_name(author)) for author in paper.authors]
    lines += [
        ("TI", tex.plain(paper.title)),
        ("PY", str(day.year) if day else ""),
        ("DA", day.strftime("%Y/%m/%d") if day else ""),
        ("AB", tex.plain(paper.abstract) if cited.whole else ""),
        ("DO", paper.doi),
        ("UR", _url(paper)),
        ("AN", f"arXiv:{paper.key}" if arxiv_ids.is_arxiv(paper.key) else ""),
    ]
    lines += [("KW", category) for category in paper.categories]
    lines += [("N1", cited.note)]
    written = [f"{tag}  - {_line(value)}" for tag, value in lines if _line(value)]
    return "\r\n".join([*written, "ER  - "]) + "\r\n"


def _ris_name(author: str) -> str:
    name = names.split(author)
    last = " ".join(filter(None, (name.particle, name.family)))
    return ", ".join(filter(None, (last, name.given, name.suffix)))


def _csl(papers: Iterable[Cited]) -> str:
    return json.dumps([_csl_item(cited) for cited in papers], ensure_ascii=False, indent=1) + "\n"


def _csl_item(cited: Cited) -> dict[str, Any]:
    paper, day = cited.paper, _day(cited.paper)
    is_arxiv = arxiv_ids.is_arxiv(paper.key)
    item = {
        "id": _id(paper),
        "type": "article",
        "title": _line(tex.plain(paper.title)),
        "author": [_csl_name(author) for author in paper.authors],
        "issued": {"date-parts": [[day.year, day.month, day.day]]} if day else None,
        "abstract": tex.plain(paper.abstract) if cited.whole else "",
        "DOI": paper.doi,
        "URL": _url(paper),
        "number": f"arXiv:{paper.key}" if is_arxiv else "",
        "publisher": "arXiv" if is_arxiv else "",
        "annote": _line(cited.note),
    }
    return {name: value for name, value in item.items() if value}


def _csl_name(author: str) -> dict[str, str]:
    name = names.split(author)
    if name.group or not name.given:
        return {"literal": " ".join(filter(None, (name.family, name.suffix)))}
    parts = {
        "family": name.family,
        "given": name.given,
        "non-dropping-particle": name.particle,
        "suffix": name.suffix,
    }
    return {part: text for part, text in parts.items() if text}


def _day(paper: Paper) -> date | None:
    return paper.published.date() if paper.published else paper.announced or paper.day


def _id(paper: Paper) -> str:
    return paper.key if arxiv_ids.is_arxiv(paper.key) else OWN + paper.key


def _url(paper: Paper) -> str:
    return f"https://arxiv.org/abs/{paper.key}" if arxiv_ids.is_arxiv(paper.key) else ""


def _line(text: str) -> str:
    """Return a text on one line, as a line break would end the field it stands in."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).split())


_WRITERS: dict[str, Callable[[Iterable[Cited]], str]] = {"bib": _bib, "ris": _ris, "json": _csl}
