"""What authors say of their paper: venue, length, DOI, what it offers. Pure; links are ``papers.links``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from broadsheet.enrich import venues
from broadsheet.papers import tex

LONGEST = 2_000
"""Characters of a comment that are looked at."""


@dataclass(frozen=True, slots=True)
class Venue:
    """Where a paper came out or will. name: as in ``ICML 2026``. note: such as ``oral`` or ``workshop``."""

    name: str
    note: str = ""


class Length(NamedTuple):
    """How long a paper is, None where that is not said."""

    pages: int | None = None
    figures: int | None = None
    tables: int | None = None


# --- Venue --------------------------------------------------------------------------------------------------------

_TAKEN = re.compile(
    r"""(?ix)
    (?: \b(?:early\ |conditionally\ |provisionally\ |now\ |been\ |was\ |is\ )?acc?e?p\w{0,2}ted\b
      | \b(?:to\ appear|appears|appearing|appeared|forthcoming)\b
      | \b(?:published|in\ press|presented)\b )
    """
)
_NOT_TAKEN = re.compile(
    r"""(?ix)
    \b(?: submitted(?!\ and\ accepted) | submitting | submission | under\ (?:review|revision|consideration|submission)
    | in\ (?:submission|review)
    | rejected | withdrawn | revision\ (?:at|for|in|of) | possible | in\ preparation | prepar(?:ed|ing)\ for | planned
    | not\ (?:yet\ )?(?:been\ )?(?:accepted|published) | if\ accepted | to\ be\ submitted | intended\ for
    | extend(?:s|ing)? | extended\ (?:from|our|the) | template | format | style | class\ file | supersedes
    | follow[\s-]up
    | (?:parts?|sections?|versions?)\ of\ this | in\ parts )\b
    """
)
# Before "accepted" or "published" these tell of another text than this one.
_ANOTHER = re.compile(
    r"(?i)\b(?:extended|expanded|longer|previous|earlier|prior|preliminary|short|shorter|conference|journal|abridged|"
    r"early|"
    r"first|older|former|condensed|summary|workshop)\b.{0,25}\b(?:version|edition)\b"
    r"|\b(?:based on|builds on|(?<!preprint )(?<!accepted )version of (?:a|our|the))\b"
)
_END = re.compile(r"[;|]|\.(?=\s|$)(?<!Proc\.)(?<!Int\.)(?<!Conf\.)(?<!J\.)(?<!Trans\.)(?<!\b[A-Z]\.)")
_COUNTS = re.compile(
    r"(?i)^(?:[\s,]*\d+\s*(?:[a-z]+\s){0,2}(?:pages?|figures?|tables?|pp|figs?)\b\.?(?:\s*\([^()]*\))?(?:\s+and\b)?)+[\s,]*"
)
_NOTES = (
    ("workshop", re.compile(r"(?i)\bworkshops?\b|@|\b(?:CVPR|ICCV)W")),
    ("oral", re.compile(r"(?i)\b(?:oral|orals)\b")),
    ("spotlight", re.compile(r"(?i)\bspotlight\b")),
    ("highlight", re.compile(r"(?i)\bhighlight(?:ed)?\b")),
    ("poster", re.compile(r"(?i)\bposter\b")),
    ("findings", re.compile(r"(?i)\bfindings\b")),
    ("demonstration", re.compile(r"(?i)\bdemo(?:s|nstrations?)?(?: track| paper)?\b")),
    ("industry track", re.compile(r"(?i)\bindustry track\b|\bindustrial track\b")),
    ("tutorial", re.compile(r"(?i)\btutorial\b")),
    ("best paper", re.compile(r"(?i)\bbest (?:student )?paper(?: award)?\b(?! (?:nomin|candid|final))")),
)


def venue(comment: str) -> Venue | None:
    """Return where a comment says that the paper was accepted or published, None where it does not.

    A place that it was only submitted to, whose template it uses, or where another version appeared, is none.
    """
    for clause in _clauses(_shown(comment)):
        taken = _TAKEN.search(clause)
        if _NOT_TAKEN.search(clause) or _ANOTHER.search(clause[: taken.start() if taken else None]):
            continue
        rest = _COUNTS.sub("", clause)
        found = venues.first(rest)
        if found is None and taken:
            found = venues.journal(clause[taken.end() :])
        if found and (taken or venues.stands_alone(rest, found)):
            return Venue(found.name, ", ".join(_notes(rest, found.name)))
    return None


def _notes(clause: str, name: str) -> Iterator[str]:
    for word, pattern in _NOTES:
        if word not in name.lower() and pattern.search(clause):
            yield word


def _clauses(shown: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(shown):
        yield shown[start : end.start()].strip()
        start = end.end()
    yield shown[start:].strip()


# --- Length -------------------------------------------------------------------------------------------------------

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBER_WORDS = {word: number for number, word in enumerate(_WORDS, start=1)}
_COUNT = rf"(\d{{1,4}}|{'|'.join(_NUMBER_WORDS)})"
_WHAT = {
    "pages": r"(?:pages?|pgs?|pp)\b\.?",
    "figures": r"(?:figures?|figs?|fgiures?|figues?|fiures?)\b\.?",
    "tables": r"(?:tables?|tabs?)\b\.?",
}
_COUNTED = {
    what: re.compile(rf"(?i)(?<![\w.–+-])(?<!\d,){_COUNT}[\s~-]*(?:[A-Za-z-]+\s){{0,2}}?{sign}")
    for what, sign in _WHAT.items()
}
_SUPPLEMENT = re.compile(
    r"(?i)\b(?:suppl\w*|appendix|appendices|SI|SM|references|bibliography|extended data|additional)\b|\bplus\b"
)
_RANGE = re.compile(r"(?i)\bpages?:?\s*\d+\s*[-–—]+\s*\d+")


def length(comment: str) -> Length | None:
    """Return how many pages, figures and tables a comment names, of the paper itself; None where it names none.

    Of several counts the first is the paper's; those after a word such as ``supplement`` are not.
    """
    shown = _RANGE.sub(" ", _shown(comment))
    counts = {what: _first_count(pattern, shown) for what, pattern in _COUNTED.items()}
    return Length(**counts) if any(count is not None for count in counts.values()) else None


def _first_count(pattern: re.Pattern[str], shown: str) -> int | None:
    for match in pattern.finditer(shown):
        if _SUPPLEMENT.search(match[0]):
            continue
        word = match[1].lower()
        count = _NUMBER_WORDS.get(word) or int(word)
        # A year before "pages" or a count of none tells nothing.
        if 0 < count < 1900:
            return count
    return None


# --- DOI ----------------------------------------------------------------------------------------------------------

_DOI = re.compile(
    r"(?i)(?:\bdoi\s*(?:\.org/|number|[:=])*\s*(?:https?://(?:dx\.)?doi\.org/)?|//(?:dx\.)?doi\.org/)(10\.\d{4,9}/[^\s\"<>]+)"
)
_BARE_DOI = re.compile(r"(?<![\w/.])(10\.\d{4,9}/[^\s\"<>]+)")
_OTHERS = re.compile(
    r"(?i)\b(?:code|data(?:set|base)?s?|software|model|zenodo|repository|archive|supplement\w*)\b[^.;]{0,60}$"
)
_DEPOSITS = re.compile(
    r"(?i)^10\.(?:5281/zenodo|48550/arxiv|6084/m9|17632/|7910/|17605/|57967/hf|21227/|24432/|15139/|34740/)"
)


def doi(comment: str) -> str:
    """Return the DOI under which a comment says that the paper appeared, '' where it names none.

    DOIs of code, of data and of preprints are others' than the paper's.
    """
    shown = _shown(comment)
    for pattern in (_DOI, _BARE_DOI):
        for match in pattern.finditer(shown):
            found = match[1].rstrip(".,;:)]}'\"").lower()
            if not _DEPOSITS.match(found) and not _OTHERS.search(shown[: match.start()]):
                return found
    return ""


# --- What it offers -----------------------------------------------------------------------------------------------

OFFERS = ("survey", "dataset", "benchmark")
_OURS = r"(?:we|this (?:paper|work|study|article|report))\b[^.;:]{0,60}?\b"
_NATURES = (
    (
        "survey",
        re.compile(
            r"(?i)^(?:(?:a |an |the )?(?:[\w-]+ ){0,5}(?:survey|systematic review|literature review|review paper)\b)"
            r"|\bthis (?:[\w-]+ ){0,3}(?:survey|review)\b"
            r"|\bwe (?:survey|review) (?:the|recent|existing|current|over|more)\b"
            rf"|\b{_OURS}(?:present|provide|offer|conduct|give)s? an? (?:[\w-]+ ){{0,4}}(?:survey|review)\b(?! stud)"
        ),
    ),
    (
        "dataset",
        re.compile(
            r"(?i)\b(?:we|this (?:paper|work|study|article))\b (?:also |further |therefore |thus |then |here |first )?"
            r"(?:introduce|present|release|propose|construct|collect|build|create|contribute|curate|develop|"
            r"provide|publish)"
            r"(?:s|d|ed)?\b (?:\S+ ){0,9}?(?<!the )\b"
            r"(?:dataset|data set|corpus|corpora|datasets)\b(?!s? (?:of size|shift))"
        ),
    ),
    (
        "benchmark",
        re.compile(
            r"(?i)\b(?:we|this (?:paper|work|study|article))\b (?:also |further |therefore |thus |then |here |first )?"
            r"(?:introduce|present|release|propose|construct|build|create|contribute|curate|develop|provide|establish)"
            r"(?:s|d|ed)?\b (?:\S+ ){0,9}?\b"
            r"benchmark(?:s|ing suite)?\b(?! (?:data|result|task|perform|experiment|problem))"
        ),
    ),
)


def offers(title: str, abstract: str) -> tuple[str, ...]:
    """Return what the authors say the paper is or brings: of ``survey``, ``dataset`` and ``benchmark``."""
    text = " ".join(tex.plain(abstract).split())
    head = " ".join(tex.plain(title).split())
    found = [name for name, pattern in _NATURES if pattern.search(text)]
    if "survey" not in found and _SURVEY_TITLE.search(head):
        found.insert(0, "survey")
    return tuple(found)


_SURVEY_TITLE = re.compile(
    r"(?i)(?:^|[:.?!–—-]\s+)(?:an? |the )?(?:[\w-]+,? (?:and )?){0,5}"
    r"(?:survey|systematic review|literature review|review)$"
    r"|^(?:an? )(?:[\w-]+,? (?:and )?){0,4}(?:survey|systematic review|literature review|review) (?:of|on)\b"
)


def _shown(comment: str) -> str:
    return " ".join(tex.clean(comment[:LONGEST]).split())
