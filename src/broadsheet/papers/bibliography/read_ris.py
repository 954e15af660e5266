"""RIS read: its fields become entries. Taking a file apart: ``sources/references``."""

from collections.abc import Iterator
from typing import Any

from broadsheet.papers.bibliography.entry import Entry, own_key
from broadsheet.sources import references
from broadsheet.sources.paper_ids import arxiv_id, bare_doi

_WHOLE = ("accession_number", "number", "urls", "doi", "id", "custom1", "custom7", "file_attachments1")
_WITHIN = ("journal_name", "secondary_title", "alternate_title1", "publisher", "note", "call_number")


def read_ris(text: str) -> Iterator[Entry]:
    """Yield the entries of a RIS file in their order. Raises BadInput."""
    for number, record in enumerate(references.ris(text), start=1):
        yield _entry(record, number)


def _entry(record: dict[str, Any], number: int) -> Entry:
    def texts(*names: str) -> Iterator[str]:
        for name in names:
            value = record.get(name, "")
            yield from map(str, value) if isinstance(value, list) else [str(value)]

    title = next((text for text in texts("title", "primary_title", "short_title") if text), "")
    key = next(texts("id"))
    return Entry(
        place=f"entry {number} ({key[:60]})" if key else f"entry {number}",
        title=title,
        authors=tuple(filter(None, texts("authors", "first_authors"))),
        key=own_key(key),
        arxiv=arxiv_id(texts(*_WHOLE), texts(*_WITHIN)),
        doi=bare_doi(*texts("doi", "urls")),
        note=" ".join(texts("notes")).strip(),
    )
