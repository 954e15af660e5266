"""A file of references, BibTeX, RIS or CSL-JSON, as papers. The files' own shape: ``references``.

What a person noted on an entry is theirs and is not taken over.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import unescape
from typing import Any

from bibtexparser.library import Library
from bibtexparser.middlewares import LatexDecodingMiddleware
from bibtexparser.middlewares.names import split_multiple_persons_names
from bibtexparser.model import Entry, Field

from broadsheet.errors import BadInput
from broadsheet.sources import arxiv_ids, paper_ids, references
from broadsheet.sources.entries import KEPT, Row, day_of, folded, in_reading_order, row_of, sorted_terms
from broadsheet.sources.record import Reject
from broadsheet.sources.references import BibFields, csl_text

_OWN = "broadsheet:"
_VERBATIM = ("doi", "url", "eprint", "howpublished", "arxivid", "number")
_TEX = re.compile(r"[\\{}~$]|--|``")
_LONGEST_NAME = 500
_MARKUP = re.compile(r"</?(?:i|b|em|strong|sup|sub|span|p|sc|jats:[a-z]+)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_decoder = LatexDecodingMiddleware(allow_inplace_modification=True)


def read(content: bytes, name: str) -> Iterator[Row]:
    """Yield the papers of a file of references, in its order. Raises BadInput where it is of no known format."""
    text = references.decoded(content)
    match references.form_of(text):
        case "bibtex":
            yield from (_of_bibtex(found, name) for found in references.bibtex(text))
        case "ris":
            yield from (_of_ris(record, number, name) for number, record in enumerate(references.ris(text), start=1))
        case "csl":
            yield from read_csl(references.csl(text), name)
        case _:
            raise BadInput("The file is none of BibTeX, RIS and CSL-JSON.", "Export it again in one of these formats.")


def is_csl(value: object) -> bool:
    """Whether decoded JSON is CSL-JSON: items that have a type, and a title or a DOI."""
    items = value.get("items") if isinstance(value, dict) and "items" in value else value
    first = items[0] if isinstance(items, list) and items else items
    return isinstance(first, dict) and isinstance(first.get("type"), str) and not {"title", "DOI"}.isdisjoint(first)


def read_csl(content: Any, name: str) -> Iterator[Row]:
    """Yield the papers of decoded CSL-JSON."""
    for number, item in enumerate(references.csl_items(content), start=1):
        yield _of_csl(item, number, name)


def _of_bibtex(found: BibFields, name: str) -> Row:
    raw = found.raw
    if found.problem:
        return Reject(f"{found.place}: {found.problem.rstrip('.')}.", raw[:KEPT])
    fields = _read(found.fields)
    archive = fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv"
    eprint = fields.get("eprint", "") if archive.lower() == "arxiv" else ""
    facts = {
        "title": fields.get("title", ""),
        "authors": _people(found.fields.get("author", "")),
        "abstract": fields.get("abstract", ""),
        "addresses": [eprint, *(fields.get(part, "") for part in ("arxivid", "url", "howpublished"))],
        "doi": paper_ids.bare_doi(fields.get("doi", "")),
        "mentions": [fields.get(part, "") for part in ("journal", "journaltitle", "publisher", "series")],
        "day": _iso_day(fields.get("date", ""))
        or day_of(fields.get("year", ""), fields.get("month", ""), fields.get("day", "")),
        "year": fields.get("year", "") or fields.get("date", "")[:4],
        "where": fields.get("journal") or fields.get("journaltitle") or fields.get("booktitle", ""),
        "volume": fields.get("volume", ""),
        "issue": fields.get("number", ""),
        "pages": fields.get("pages", ""),
        "terms": [
            *fields.get("primaryclass", "").split(),
            *map(_unicode, re.split(r"[,;]", fields.get("keywords", ""))),
        ],
        "own": fields.get("broadsheetid", ""),
    }
    return _row(facts, name, found.place, raw)


def _read(fields: Mapping[str, str]) -> dict[str, str]:
    """Return fields as the source wrote them, but for braces around them and those that only guard capitals.

    Their TeX is read where they are shown. Addresses are taken without its escapes.
    """
    found = {name: references.bare(value) for name, value in fields.items()}
    return {
        name: value.replace("\\", "") if name in _VERBATIM else references.without_braces(value)
        for name, value in found.items()
    }


def _people(names: str) -> list[str]:
    """Return authors in reading order; ``and`` within braces belongs to a name."""
    found = []
    for name in split_multiple_persons_names(names):
        whole = re.fullmatch(r"\{[^{}]*\}", name)
        found.append(folded(_unicode(name)) if whole else in_reading_order(_unicode(name)))
    return [name for name in found if name and name.lower() != "others"]


@lru_cache(maxsize=10_000)
def _unicode(text: str) -> str:
    """Return a short text with TeX's letters as Unicode: names and terms are compared, not only shown."""
    if not _TEX.search(text) or len(text) > _LONGEST_NAME:
        return text
    made = _decoder.transform_entry(Entry("misc", "entry", [Field("author", text)]), Library())
    return str(made.fields[0].value) if isinstance(made, Entry) else text


def _of_ris(record: Mapping[str, Any], number: int, name: str) -> Row:
    def texts(*fields: str) -> list[str]:
        found = (record.get(field) or [] for field in fields)
        return [str(text).strip() for value in found for text in (value if isinstance(value, list) else [value])]

    def first(*fields: str) -> str:
        return next(filter(None, texts(*fields)), "")

    own = first("id")
    year, month, day = (*re.findall(r"\d+", first("date") or first("year", "publication_year")), "", "", "")[:3]
    facts = {
        "title": first("title", "primary_title", "short_title"),
        "authors": [in_reading_order(author) for author in texts("authors", "first_authors") if author],
        "abstract": first("abstract", "notes_abstract"),
        "addresses": texts("accession_number", "urls", "custom7", "file_attachments1"),
        "doi": paper_ids.bare_doi(*texts("doi")),
        "mentions": texts("journal_name", "secondary_title", "alternate_title1", "publisher"),
        "day": day_of(year, month, day),
        "year": year,
        "where": first("journal_name", "secondary_title", "alternate_title3", "alternate_title1"),
        "volume": first("volume"),
        "issue": first("number"),
        "pages": "-".join(filter(None, (first("start_page"), first("end_page")))),
        "terms": texts("keywords"),
        "own": own.removeprefix(_OWN) if own.startswith(_OWN) else "",
    }
    place = f"entry {number} ({own[:60]})" if own else f"entry {number}"
    return _row(facts, name, place, json.dumps(record, ensure_ascii=False, default=str))


def _of_csl(item: Any, number: int, name: str) -> Row:
    raw = json.dumps(item, ensure_ascii=False)
    if not isinstance(item, dict):
        return Reject(f"entry {number}: it is not an object.", raw[:KEPT])
    fields = {str(field): csl_text(value[0] if _is_listed(value) else value) for field, value in item.items()}
    issued = item.get("issued")
    parts = issued.get("date-parts") if isinstance(issued, dict) else None
    first = parts[0] if isinstance(parts, list) and parts and isinstance(parts[0], list) else []
    year, month, day = (*map(str, first), "", "", "")[:3]
    terms = item.get("categories") if isinstance(item.get("categories"), list) else []
    facts = {
        "title": _unmarked(fields.get("title", "")),
        "authors": list(references.csl_authors(item.get("author"))),
        "abstract": _unmarked(fields.get("abstract", "")),
        "addresses": [fields.get(part, "") for part in ("number", "archive_location", "URL", "id")],
        "doi": paper_ids.bare_doi(fields.get("DOI", "")),
        "mentions": [fields.get(part, "") for part in ("container-title", "publisher", "genre")],
        "day": day_of(year, month, day),
        "year": year,
        "where": _unmarked(fields.get("container-title", "")),
        "volume": fields.get("volume", ""),
        "issue": fields.get("issue", ""),
        "pages": fields.get("page", ""),
        "terms": [*(term for term in terms or [] if isinstance(term, str)), *fields.get("keyword", "").split(",")],
        "own": fields.get("id", "").removeprefix(_OWN) if fields.get("id", "").startswith(_OWN) else "",
    }
    own = fields.get("citation-key") or fields.get("id", "")
    return _row(facts, name, f"entry {number} ({own[:60]})" if own else f"entry {number}", raw)


def _is_listed(value: Any) -> bool:
    """Whether a text comes in a list of its own, as Crossref writes titles."""
    return isinstance(value, list) and len(value) > 0 and isinstance(value[0], str)


def _unmarked(text: str) -> str:
    """Return a text without the marks of italics and the like that CSL and Crossref allow in it."""
    lines = (
        folded(line) for line in _MARKUP.sub(lambda mark: "\n" if mark[0].endswith("p>") else "", text).split("\n")
    )
    return unescape("\n".join(filter(None, lines))) if _MARKUP.search(text) else text


def _row(facts: Mapping[str, Any], name: str, place: str, raw: str) -> Row:
    """Return the paper of an entry, known by the id that it names, else by its title, first author and year."""
    doi, addresses = facts["doi"], facts["addresses"]
    letters = re.sub(r"\W", "", facts["title"].lower())
    digest = paper_ids.digest(letters, facts["authors"][0].lower() if facts["authors"] else "", facts["year"])
    names = paper_ids.keys_of(addresses, doi=doi, within=facts["mentions"])
    key = next(iter(names), "") or facts["own"] or (f"bib:{digest}" if letters else "")
    categories, keywords = sorted_terms(facts["terms"])
    page = next((text for text in addresses if re.match(r"https?://", text, re.IGNORECASE)), "")
    record = {
        "id": key,
        "other_ids": names,
        "title": folded(facts["title"]),
        "abstract": facts["abstract"],
        "authors": facts["authors"],
        "categories": categories,
        # Of arXiv's papers the moment is known better, and the earliest counts.
        "published": "" if arxiv_ids.is_arxiv(key) else facts["day"],
        "doi": paper_ids.publishers_doi(doi),
        "journal_ref": _where(facts),
        "keywords": keywords,
        "project_page": "" if paper_ids.address(key) else page,
    }
    return row_of(record, name, place, raw)


def _where(facts: Mapping[str, Any]) -> str:
    """Return where it was published: ``Journal of Examples 12(3), pages 45-67 (2024)``; preprints were nowhere yet."""
    if not facts["where"] or re.match(r"arxiv\b|corr\b", facts["where"], re.IGNORECASE):
        return ""
    issue = f"({facts['issue']})" if facts["issue"] and facts["volume"] else ""
    title = f"{facts['where']} {facts['volume']}{issue}".strip()
    pages = f", pages {facts['pages'].replace('--', '-')}" if facts["pages"] else ""
    year = f" ({facts['year']})" if facts["year"] and facts["year"] not in title else ""
    return folded(f"{title}{pages}{year}")


def _iso_day(text: str) -> str:
    return day_of(*(*re.findall(r"\d+", text), "", "", "")[:3])
