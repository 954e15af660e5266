"""A reader's own draft in a file: title, abstract and what it cites, from a PDF, a file of references or plain text.

Nothing is kept. How a PDF is opened without harm is ``pdf_pages``; which papers are meant by what is cited is asked
where the papers are.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from broadsheet.errors import BadInput
from broadsheet.sources import biblio, pdf_pages, references
from broadsheet.sources.pdf_pages import Line
from broadsheet.sources.record import Record

MOST_BYTES = 10_000_000
MOST_TEXT = 2_000_000
"""Bytes of a file and of one that is not a PDF, which is read in the process that answers."""

MOST_WORKS = 2_000
MOST_AUTHORS = 100
"""Authors of a draft that are read; each is compared with those of every paper found."""

LONGEST_TITLE, LONGEST_ABSTRACT = 500, 6_000
PASTE = pdf_pages.PASTE


_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = re.compile(rb"[\x00-\x06\x0e-\x1a]")
_MARKUP = re.compile(r"\s*<(?:!doctype|\?xml|html|rdf:)", re.IGNORECASE)
_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{\]])')
"""How JSON of references begins; a text may begin with a bracket too."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody is writing. works: what it cites, as its file of references tells. notes: on what was not read."""

    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    works: tuple[Record, ...] = ()
    notes: tuple[str, ...] = ()


def read(content: bytes) -> Draft:
    """Return the draft in a file: PDF, BibTeX, RIS, CSL-JSON or text, told apart by what it holds.

    A file of references with one entry that has an abstract is that entry; others are what the draft cites. Of a text
    the first line is the title, the rest the abstract.
    Raises BadInput for a file that is too large or cannot be read, with what to do instead; Conflict as ``lines_of``.
    """
    if len(content) > MOST_BYTES:
        raise BadInput(f"The file has {len(content):,} bytes, and {MOST_BYTES:,} are possible.", PASTE)
    if not content.strip():
        raise BadInput("The file is empty.", PASTE)
    if b"%PDF-" in content[:1024]:
        return _within(from_lines(pdf_pages.lines_of(content)))
    if len(content) > MOST_TEXT:
        raise BadInput(f"The text has {len(content):,} bytes, and {MOST_TEXT:,} are possible.", PASTE)
    text = _decoded(content)
    if _MARKUP.match(text):
        raise BadInput("The file is HTML or XML, which is not read here.", PASTE)
    form = references.form_of(text)
    is_text = form in (None, "rdf") or (form == "csl" and not _JSON.match(text))
    return _within(_of_text(text) if is_text else _of_references(content))


def _decoded(content: bytes) -> str:
    """Return a file as text. Raises BadInput for one of another kind, and for a text that is not UTF-8."""
    # What text never holds: NUL, but for UTF-16 with its mark, and most other control characters.
    if content[:2] not in _UTF_16 and _CONTROLS.search(content[:4096]):
        raise BadInput("The file is neither a PDF nor a text.", PASTE)
    return references.decoded(content)


def joined(typed: Draft, filed: Draft) -> Draft:
    """Return one draft of what was typed and what a file holds; what was typed counts where both say something."""
    return Draft(
        typed.title or filed.title,
        typed.abstract or filed.abstract,
        typed.authors or filed.authors,
        filed.works or typed.works,
        (*typed.notes, *filed.notes),
    )


def _within(draft: Draft) -> Draft:
    return replace(draft, title=draft.title[:LONGEST_TITLE], abstract=draft.abstract[:LONGEST_ABSTRACT])


def _of_text(text: str) -> Draft:
    head, _, rest = text.strip().partition("\n")
    if len(head) > LONGEST_TITLE:
        head, rest = "", text
    return Draft(" ".join(head.split()), re.sub(r"^abstract[\s:.—-]*", "", " ".join(rest.split()), flags=re.IGNORECASE))


def cited(content: bytes) -> Draft:
    """Return what a file of references cites, as a draft without a text of its own. Raises BadInput as ``read``."""
    if len(content) > MOST_TEXT:
        raise BadInput(f"The references have {len(content):,} bytes, and {MOST_TEXT:,} are possible.")
    rows = []
    notes: list[str] = []
    if len(references.BEGINNING.findall(references.decoded(content))) > MOST_WORKS:
        raise BadInput(f"The file has more than {MOST_WORKS:,} entries.", "Give the references of one draft.")
    for row in biblio.read(content, "draft"):
        rows.append(row)
        if len(rows) > MOST_WORKS:
            raise BadInput(f"The file has more than {MOST_WORKS:,} entries.", "Give the references of one draft.")
    works = tuple(row for row in rows if isinstance(row, Record))
    if left := len(rows) - len(works):
        notes.append(f"{left} {'entry' if left == 1 else 'entries'} of the file could not be read.")
    if not works:
        raise BadInput("No entry of the file could be read.", "See that it was exported whole, or paste the text.")
    return Draft(works=works, notes=tuple(notes))


def _of_references(content: bytes) -> Draft:
    draft = cited(content)
    if len(draft.works) == 1 and draft.works[0].abstract:
        own = draft.works[0]
        return Draft(own.title, own.abstract, own.authors[:MOST_AUTHORS], notes=draft.notes)
    return draft


# --- A PDF's lines ------------------------------------------------------------------------------------------------

_ABSTRACT = re.compile(r"(?:a\s*b\s*s\s*t\s*r\s*a\s*c\s*t|summary)\b\s*[.:—–-]*\s*(?P<rest>.*)", re.IGNORECASE)
_END = re.compile(
    r"(?:(?:1|i|1\.1)\s*[.:]?\s*)?(?:introduction|background)\b"
    r"|i\s*n\s*t\s*r\s*o\s*d\s*u\s*c\s*t\s*i\s*o\s*n\b"
    r"|(?:1|i)\s*[.:]?\s+i\s*ntroduction\b"
    r"|(?:key\s?-?words|index terms|ccs concepts|categories and subject|acm reference|general terms|contents)\b",
    re.IGNORECASE,
)
_NOT_TITLE = re.compile(
    r"^(?:arxiv:|published (?:as|in)|under review|preprint|accepted|proceedings|journal of|vol\.|doi|https?:|\d+$)",
    re.IGNORECASE,
)
FEWEST_LETTERS = 12
"""Letters of a title; fewer are a mere initial or a page's number."""

_NAMES = 30
"""Lines of the first page in which the title stands where no abstract is marked."""


def from_lines(lines: Sequence[Line]) -> Draft:
    """Return title and abstract by how the first pages are set: the largest letters, and what the headings say.

    Raises BadInput where neither is found.
    """
    start, rest = _abstract_at(lines)
    above = [line for line in lines[: start if start is not None else _NAMES] if line.page == 0]
    title, after = _title(above)
    notes: list[str] = []
    if start is None:
        abstract = _first_paragraph(lines[after:])
        notes.append("No heading “Abstract” was found; the text below the title was taken. See that it is right.")
    else:
        abstract = _joined([rest, *_until_end(lines[start + 1 :])])
    if not title and not abstract:
        raise BadInput("Neither a title nor an abstract was found in the first pages of the PDF.", PASTE)
    return Draft(title, abstract, notes=tuple(notes))


def _abstract_at(lines: Sequence[Line]) -> tuple[int | None, str]:
    """Return where the heading of the abstract stands, and what follows it on its line."""
    for number, line in enumerate(lines):
        found = _ABSTRACT.match(line.text)
        if found and (not found["rest"] or line.text[:1].isupper()):
            return number, found["rest"]
    return None, ""


def _until_end(lines: Iterable[Line]) -> Iterator[str]:
    length = 0
    for line in lines:
        if length > LONGEST_ABSTRACT or (_END.match(line.text) and len(line.text) < 120):
            return
        length += len(line.text)
        yield line.text


def _title(lines: Sequence[Line]) -> tuple[str, int]:
    """Return the run of lines with the largest letters that may be a title, and the place after it."""
    may = [number for number, line in enumerate(lines) if line.size and not _NOT_TITLE.match(line.text)]
    for size in sorted({lines[number].size for number in may}, reverse=True):
        run = _first_run([number for number in may if lines[number].size >= size * 0.97])
        text = _joined([lines[number].text for number in run])
        if len(re.findall(r"[^\W\d_]", text)) >= FEWEST_LETTERS:
            return text[:LONGEST_TITLE], run[-1] + 1
    return "", 0


def _first_run(places: Sequence[int]) -> list[int]:
    """Return the first places that follow each other."""
    run = [places[0]]
    for place in places[1:]:
        if place != run[-1] + 1:
            break
        run.append(place)
    return run


def _first_paragraph(lines: Sequence[Line]) -> str:
    """Return what may be the abstract where no heading says so: the first long lines after title and names."""
    kept: list[str] = []
    for text in _until_end(lines):
        if kept or len(text.split()) >= 9:
            kept.append(text)
        if sum(map(len, kept)) > 1500:
            break
    return _joined(kept)


def _joined(lines: Iterable[str]) -> str:
    """Return lines as one: ligatures apart, words that were hyphenated at the end of a line whole."""
    text = "\n".join(filter(None, lines))
    text = unicodedata.normalize("NFKC", text).replace("\u00ad", "")
    text = re.sub(r"(?<=[^\W\d_])-\n(?=[a-zß-ÿ])", "", text)
    return " ".join(text.split())
