"""A paper's entry for a BibTeX file. Names are set so that BibTeX reads them as their owners write them."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from broadsheet.papers import tex
from broadsheet.papers.names import GROUP, SUFFIXES, surname
from broadsheet.sources import arxiv_ids

_ARTICLES = frozenset({"a", "an", "the"})
# Letters that no decomposition turns into ASCII.
_SPELLED = str.maketrans("øłđðıŋħ", "olddinh") | {ord("ß"): "ss", ord("æ"): "ae", ord("œ"): "oe", ord("þ"): "th"}
# BibTeX counts braces even behind a backslash, so they go by name.
_ESCAPES = str.maketrans(
    {sign: f"\\{sign}" for sign in "&%$#_"}
    | {"{": r"\textbraceleft{}", "}": r"\textbraceright{}", "\\": r"\textbackslash{}"}
    | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\u00a0": "~"}
)
_SIGNS = {written: chr(sign) for sign, written in _ESCAPES.items()}
_ESCAPED = re.compile("|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True)))
_WORD = re.compile(r"[^\s,:;.!?()“”\"]+")


def bibtex(key: str, title: str, authors: Sequence[str], day: date | None, primary_category: str, doi: str) -> str:
    """The paper as an ``@misc`` entry with arXiv's fields, ending without a newline.

    key: canonical id. authors: in their order, each as ``First Last``. day: when it was published, None if unknown.
    primary_category, doi: empty where unknown.
    """
    year = str(day.year) if day else ""
    shown = [_author(tex.plain(author)) for author in authors]
    fields = {
        "title": _title(title),
        "author": " and ".join(author for author in shown if author),
        "year": year,
    }
    if arxiv_ids.is_arxiv(key):
        fields |= {"eprint": key, "archivePrefix": "arXiv", "primaryClass": primary_category}
        fields["url"] = f"https://arxiv.org/abs/{key}"
    fields["doi"] = re.sub(r"[{}\\\s]", "", doi)  # read verbatim, so nothing is escaped
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return ",\n".join([f"@misc{{{_citation_key(title, authors, year)}", *lines]) + "\n}"


def escaped(text: str) -> str:
    """Return a text as it stands in a field: signs that BibTeX or TeX would read as theirs are written by name."""
    return text.translate(_ESCAPES)


def unescaped(text: str) -> str:
    """Return what ``escaped`` was given; other TeX stays as it is."""
    return _ESCAPED.sub(lambda found: _SIGNS[found[0]], text)


def _title(title: str) -> str:
    """The title with its specials escaped, its formulas as TeX, and every word with a capital letter in braces."""
    parts = []
    for kind, text in tex.pieces(title):
        if kind == "text":
            parts.append(_WORD.sub(lambda word: _protected(word[0]), text))
        else:
            parts.append(f"{{${text}$}}" if text.count("{") == text.count("}") else text.translate(_ESCAPES))
    return " ".join("".join(parts).split())


def _protected(word: str) -> str:
    escaped = word.translate(_ESCAPES)
    return f"{{{escaped}}}" if any(sign.isupper() for sign in word) else escaped


def _author(name: str) -> str:
    """One author so that BibTeX finds the surname: ``Example, Jr., A.``, and a group's name as one word."""
    name = " ".join(name.split())
    if GROUP.search(name):
        return f"{{{name.translate(_ESCAPES)}}}"
    words = re.sub(r",(?=\s*(?:jr|sr|ii|iii|iv)\b)", "", name, flags=re.IGNORECASE).split()
    if len(words) > 2 and words[-1].lower() in SUFFIXES and "," not in words[:-1]:
        last = surname(words[:-1])
        first = words[: len(words) - 1 - len(last)]
        name = f"{' '.join(last)}, {words[-1]}, {' '.join(first)}"
    return name.translate(_ESCAPES)


def _citation_key(title: str, authors: Sequence[str], year: str) -> str:
    """Surname of the first author, year and first word of the title that is no article, in plain ASCII letters."""
    first = tex.plain(authors[0]).replace(",", " , ").split() if authors else []
    if "," in first and first[first.index(",") + 1 :] and first[-1].lower() not in SUFFIXES:
        first = first[: first.index(",")]  # "Last, First"
    words = [word for word in first if word != ","]
    while len(words) > 1 and words[-1].lower() in SUFFIXES:
        words.pop()
    named_after = "".join(map(_ascii, surname(words))) if words else ""
    titled = [plain for word in re.split(r"[\s\-–—:/]+", tex.plain(title)) if (plain := _ascii(word))]
    word = next((word for word in titled if word not in _ARTICLES), titled[0] if titled else "")
    return f"{named_after or 'paper'}{year}{word}"


def _ascii(text: str) -> str:
    """Letters and digits of ``text`` in lower-case ASCII; empty where its script has none."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(_SPELLED)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", folded)
