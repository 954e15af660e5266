"""What should differ from a paper, read from a reader's words and chips: more of this, less of that, conditions.

No index here: what is done with a wish is ``unlike``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.utils import timezone

from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper
from broadsheet.search.grammar import days
from broadsheet.search.index import Filters, Term
from broadsheet.search.query import parse

LONGEST = 300
"""Characters of the words that are read."""

CHIPS: dict[str, str] = {
    "newer": "newer",
    "older": "older",
    "code": "with code",
    "survey": "a survey",
    "no-survey": "no survey",
    "field": "of another field",
    "few": "of few authors",
    "short": "a shorter list",
}
"""What can be wished for without typing: name in addresses, and how it is called."""

FEW_AUTHORS = 3
SURVEYS = ("survey", "review", "overview", "tutorial")

FIELDS: dict[str, tuple[str, ...]] = {
    "artificial intelligence": ("cs.AI",),
    "astronomy": ("astro-ph",),
    "astrophysics": ("astro-ph",),
    "biology": ("q-bio",),
    "chemistry": ("physics.chem-ph",),
    "computer vision": ("cs.CV",),
    "cosmology": ("astro-ph.CO",),
    "cryptography": ("cs.CR",),
    "databases": ("cs.DB",),
    "economics": ("econ",),
    "finance": ("q-fin",),
    "game theory": ("cs.GT",),
    "genomics": ("q-bio.GN",),
    "graphics": ("cs.GR",),
    "human-computer interaction": ("cs.HC",),
    "information retrieval": ("cs.IR",),
    "information theory": ("cs.IT",),
    "language": ("cs.CL",),
    "machine learning": ("cs.LG", "stat.ML"),
    "materials": ("cond-mat.mtrl-sci",),
    "materials science": ("cond-mat.mtrl-sci",),
    "mathematics": ("math",),
    "natural language processing": ("cs.CL",),
    "neuroscience": ("q-bio.NC",),
    "nlp": ("cs.CL",),
    "optimization": ("math.OC",),
    "physics": ("physics",),
    "quantum physics": ("quant-ph",),
    "robotics": ("cs.RO",),
    "security": ("cs.CR",),
    "signal processing": ("eess.SP",),
    "software engineering": ("cs.SE",),
    "speech": ("eess.AS", "cs.SD"),
    "statistical mechanics": ("cond-mat.stat-mech",),
    "statistics": ("stat",),
    "superconductivity": ("cond-mat.supr-con",),
    "vision": ("cs.CV",),
}
"""Fields by the words that people use, and the categories or archives that count as such."""

_NOT = re.compile(
    r"\b(?:not|without|no|except|instead of|rather than|less)\s+(?:the |a |an |any |about |on |for |in |of |with )*"
    r"(?P<what>\"[^\"]+\"|[^,;.]+?)(?=\s*(?:[,;.]|\band\b|\bbut\b|\bwith\b|\bfor\b|$))",
    re.IGNORECASE,
)
_CHIP_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf'(?<![-:"])(?:{words})', re.IGNORECASE))  # not what belongs to an operator
    for name, words in (
        ("no-survey", r"\b(?:not|no|without)\s+(?:a |an |any )?(?:surveys?|reviews?|overviews?)\b"),
        ("newer", r"\b(?:newer|more recent|most recent|recent|newest|latest|later)\b"),
        ("older", r"\b(?:older|earlier)\b"),
        ("code", r"\b(?:with|has|having|and)\s+(?:open |source |public |available )*code\b|\bopen[- ]source code\b"),
        (
            "survey",
            r"\b(?:as |is )?(?:an? )?(?:surveys?|overviews?|tutorials?|reviews? (?:articles?|papers?))\b|\ba review\b",
        ),
        ("field", r"\b(?:in|from|of|for)?\s*(?:another|a different|other|different)\s+(?:fields?|areas?|domains?)\b"),
        ("few", r"\b(?:of |with |by )?(?:few|fewer) authors\b|\b(?:a )?shorter author list\b"),
        ("short", r"\b(?:a )?(?:shorter|short) list\b"),
    )
)
_NO_CODE = re.compile(r"\b(?:without|no)\s+code\b", re.IGNORECASE)
_TIMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"\b(?:{words})\s+(?P<when>\d{{4}}(?:-\d\d?){{0,2}})\b", re.IGNORECASE))
    for name, words in (("since", "since|from"), ("after", "after"), ("until", "until|up to"), ("before", "before"))
)
_LEADING = re.compile(
    r"^(?:\s|[,;.]|(?:but|and|more|for|about|on|in|with|using|applied to|to|of|from|like this|similar)\b)+",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"(?:\s|[,;.]|\b(?:but|and|or|with|for))+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """What should differ, understood.

    more: words to go to. less: what to leave, each by itself. chips: names of CHIPS that count, ticked or typed.
    filters: conditions. any_title: one of these words must stand in the title. fields: categories to lean to.
    few: at most FEW_AUTHORS authors. short: a shorter list. said: how it was read. notes: what was not understood.
    """

    more: str = ""
    less: tuple[str, ...] = ()
    chips: tuple[str, ...] = ()
    filters: Filters = Filters()  # noqa: RUF009 (frozen)
    any_title: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    few: bool = False
    short: bool = False
    said: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """What has been understood so far, and the words that are left."""

    left: str
    chips: list[str]
    less: list[str] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)


def read(text: str, chips: Sequence[str], papers: Sequence[Paper]) -> Wish:
    """Read what should differ from some papers.

    text: in plain words, also with the operators of the search box. chips: names of CHIPS.
    Raises BadInput for a chip that does not exist and a text with operators that contradict themselves.
    """
    for name in chips:
        if name not in CHIPS:
            raise BadInput(f"{name[:40]!r} is nothing that can be ticked.", f"There are: {', '.join(CHIPS)}.")
    reading = _Reading(" ".join(text[:LONGEST].split()), list(chips))
    _take_chips(reading)
    _take_times(reading)
    _take_less(reading)
    query = parse(" ".join([_bare(reading.left), *reading.operators]))
    wish = Wish(
        more=_bare(query.text),
        less=tuple(dict.fromkeys(reading.less)),
        chips=tuple(name for name in CHIPS if name in reading.chips),
        filters=query.filters,
        notes=query.notes,
    )
    return _said(_fielded(_chipped(_fulfillable(wish, papers), papers)))


def _take_chips(reading: _Reading) -> None:
    if _NO_CODE.search(reading.left):
        reading.left = _NO_CODE.sub(" ", reading.left)
        reading.operators.append("-has:code")
    for name, words in _CHIP_WORDS:
        if words.search(reading.left):
            reading.left = words.sub(" ", reading.left)
            reading.chips.append(name)


def _take_times(reading: _Reading) -> None:
    for name, words in _TIMES:
        found = words.search(reading.left)
        span = days(found["when"], timezone.localdate()) if found else None
        if span is None:
            continue
        reading.left = words.sub(" ", reading.left)
        match name:
            case "since":
                reading.operators.append(f"since:{span[0]}")
            case "after":
                reading.operators.append(f"since:{span[1] + timedelta(1)}")
            case "until":
                reading.operators.append(f"until:{span[1]}")
            case "before":
                reading.operators.append(f"until:{span[0] - timedelta(1)}")


def _bare(text: str) -> str:
    """Return words without what only joins them to what was taken out."""
    return _TRAILING.sub("", _LEADING.sub("", text))


def _take_less(reading: _Reading) -> None:
    for found in _NOT.finditer(reading.left):
        reading.less.append(found["what"].strip(' "'))
    reading.left = _NOT.sub(" ", reading.left)


def _fulfillable(wish: Wish, papers: Sequence[Paper]) -> Wish:
    """Leave out chips that hold against something which none of the papers has, and say so."""
    lacking: dict[str, str] = {}
    if papers and not any(paper.day for paper in papers):
        lacking |= dict.fromkeys(("newer", "older"), "an edition day")
    if papers and not any(paper.categories for paper in papers):
        lacking["field"] = "a category"
    said = (
        f"Left out: {CHIPS[name]}, as nothing that you began with has {lacking[name]}."
        for name in wish.chips
        if name in lacking
    )
    left = tuple(name for name in wish.chips if name not in lacking)
    return replace(wish, chips=left, notes=(*wish.notes, *said))


def _chipped(wish: Wish, papers: Sequence[Paper]) -> Wish:
    """Turn chips into conditions."""
    filters = wish.filters
    own_days = [paper.day for paper in papers if paper.day]
    if "newer" in wish.chips and own_days:
        filters = replace(filters, since=max(max(own_days) + timedelta(1), filters.since or date.min))
    if "older" in wish.chips and own_days:
        filters = replace(filters, until=min(min(own_days) - timedelta(1), filters.until or date.max))
    if "code" in wish.chips:
        filters = replace(filters, has=tuple(dict.fromkeys([*filters.has, "code"])))
    if "field" in wish.chips:
        own = dict.fromkeys(paper.categories[0] for paper in papers if paper.categories)
        filters = replace(filters, not_categories=tuple(dict.fromkeys([*filters.not_categories, *own])))
    if "no-survey" in wish.chips:
        without = (Term("title", word) for word in SURVEYS)
        filters = replace(filters, without=tuple(dict.fromkeys([*filters.without, *without])))
    # What is not wanted may be named in passing, so only a title that holds it rules a paper out.
    titles = (Term("title", what, exact=" " in what) for what in wish.less)
    return replace(
        wish,
        filters=replace(filters, without=tuple(dict.fromkeys([*filters.without, *titles]))),
        any_title=SURVEYS if "survey" in wish.chips else (),
        few="few" in wish.chips,
        short="short" in wish.chips,
    )


def _fielded(wish: Wish) -> Wish:
    """Lean to the categories of a field that is named."""
    return replace(wish, fields=FIELDS.get(wish.more.casefold(), ()))


def _said(wish: Wish) -> Wish:
    """Tell how the wish was read, as sentences without verbs for a list."""
    filters = wish.filters
    said = [CHIPS[name] for name in wish.chips]
    said += [f"more of “{wish.more}”"] if wish.more else []
    said += [f"fields: {', '.join(wish.fields)}"] if wish.fields else []
    said += [f"less of “{what}”" for what in wish.less]
    said += [f"category {name}" for name in filters.categories]
    said += [f"not in {name}" for name in filters.not_categories]
    said += [f"from {filters.since}"] if filters.since else []
    said += [f"until {filters.until}"] if filters.until else []
    said += ["without known code"] if "code" in filters.lacks else []
    return replace(wish, said=tuple(said))
