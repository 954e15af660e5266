"""RIS read: the parser is rispy's; an entry without its end is given one, so that none is lost."""

import re
from collections.abc import Iterator
from typing import Any

import rispy

from broadsheet.errors import BadInput
from broadsheet.papers.bibliography.entry import Entry, arxiv_id, bare_doi, own_key

_WHOLE = ("accession_number", "number", "urls", "doi", "id", "custom1", "custom7", "file_attachments1")
_WITHIN = ("journal_name", "secondary_title", "alternate_title1", "publisher", "note", "call_number")


def read_ris(text: str) -> Iterator[Entry]:
    """Yield the entries of a RIS file in their order. Raises BadInput."""
    try:
        records = rispy.loads(_ended(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"The file cannot be read as RIS: {error}.", "See that it was exported whole.") from None
    for number, record in enumerate(records, start=1):
        yield _entry(record, number)


def _ended(text: str) -> str:
    """Return the lines with an end before each beginning that has none."""
    lines: list[str] = []
    is_open = False
    for line in re.split(r"\r\n?|\n", text):
        line = re.sub(r"^\s*([A-Z][A-Z0-9])  ?- ?", r"\1  - ", line)  # noqa: PLW2901 (the line as it should be)
        begins, ends = line.startswith("TY  -"), line.startswith("ER  -")
        if begins and is_open:
            lines.append("ER  - ")
        is_open = begins or (is_open and not ends)
        lines.append(line)
    return "\n".join([*lines, "ER  - "] if is_open else lines)


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
