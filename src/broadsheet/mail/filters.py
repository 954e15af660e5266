"""Whether a paper passes what a subscription asks for: categories, words, authors. All is compared folded."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cached_property

from broadsheet.mail.models import Subscription
from broadsheet.papers import names, tex
from broadsheet.papers.models import Paper

# Letters that do not come apart into a base letter and a mark.
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"})
_PARTICLES = frozenset(
    ["van", "von", "de", "der", "den", "da", "di", "del", "la", "le", "du", "dos", "das", "ter", "ten"]
)
_BETWEEN = re.compile(r"[^\w+#]+|_+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def folded(text: str) -> str:
    """Return a text in small letters without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).translate(_LETTERS)


def spaced(text: str) -> str:
    """Return the words of a text, folded, each with a blank before and after: a phrase is found as it stands."""
    return f" {' '.join(_BETWEEN.sub(' ', folded(text)).split())} "


class Read:
    """A paper made ready to be compared, once for all who may get it."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.text = f"{tex.plain(paper.title)}\n{tex.plain(paper.abstract)}"
        self.categories = {category.lower() for category in paper.categories}
        self.categories |= {category.partition(".")[0] for category in self.categories}

    @cached_property
    def words(self) -> str:
        """Title and abstract as ``spaced`` makes them."""
        return spaced(self.text)

    @cached_property
    def authors(self) -> list[tuple[str, names.Name]]:
        """Each author as shown, and taken apart in folded form."""
        return [(tex.plain(author), _folded_name(author)) for author in self.paper.authors]


class Wanted:
    """What a subscription asks for, made ready to be compared."""

    def __init__(self, subscription: Subscription) -> None:
        self.least_votes = subscription.least_votes
        self.categories = frozenset(category.lower() for category in subscription.categories)
        self.include = [(phrase, _finder(phrase)) for phrase in subscription.include]
        self.exclude = [_finder(phrase) for phrase in subscription.exclude]
        self.authors = [_folded_name(author) for author in subscription.authors]

    def takes(self, read: Read) -> bool:
        """Tell whether a paper passes."""
        return (
            read.paper.votes >= self.least_votes
            and (not self.categories or not self.categories.isdisjoint(read.categories))
            and (not self.include or any(finds(read) for _, finds in self.include))
            and not any(finds(read) for finds in self.exclude)
            and (not self.authors or self.author_of(read) is not None)
        )

    def author_of(self, read: Read) -> str | None:
        """Return the first author of a paper who is asked for, as the paper writes the name."""
        return next((shown for shown, name in read.authors if any(same(asked, name) for asked in self.authors)), None)

    def phrase_in(self, read: Read) -> str | None:
        """Return the first asked word or phrase that a paper holds."""
        return next((phrase for phrase, finds in self.include if finds(read)), None)


def same(asked: names.Name, found: names.Name) -> bool:
    """Tell whether a name that somebody typed may be that of an author, both folded.

    The family name is the same; given names are where both are written out, else their first letters. A particle
    or further given names may be left out.
    """
    if asked.family != found.family or (asked.particle and found.particle and asked.particle != found.particle):
        return False
    pairs = zip(_given(asked), _given(found), strict=False)
    return all(_begin_alike(one, other) for one, other in pairs)


def _given(name: names.Name) -> Sequence[str]:
    return re.findall(r"\w+", name.given)


def _begin_alike(one: str, other: str) -> bool:
    return one[0] == other[0] if min(len(one), len(other)) == 1 else one == other


def _folded_name(author: str) -> names.Name:
    name = names.split(author)
    given, particle = folded(name.given), folded(name.particle)
    if given and _PARTICLES.issuperset(given.split()):  # of who typed no given name
        given, particle = "", f"{given} {particle}".strip()
    return names.Name(folded(name.family), given, particle, group=name.group)


def _finder(phrase: str) -> Callable[[Read], bool]:
    """Return what looks for a phrase: as whole words, or anywhere in scripts that put no blanks between words."""
    looked_for = spaced(phrase)
    if not looked_for.strip():
        return lambda _: False
    if _UNSPACED.search(looked_for):
        return lambda read: looked_for.strip() in read.words
    return lambda read: looked_for in read.words
