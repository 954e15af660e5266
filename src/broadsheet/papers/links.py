"""A paper's code and its project page, found in what its authors wrote: abstract or comment."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from broadsheet.papers import addresses, tex

# A host of code is often named without a scheme, or with one that a blank or a lost slash broke.
_BARE_HOST = re.compile(r"(?:(?<![\w./@-])|(?<=: //)|(?<=s:/))(?:www\.)?(?:github|gitlab)\.com/", re.IGNORECASE)
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?"
_GITHUB_PAGES = frozenset(
    {"about", "apps", "collections", "enterprise", "explore", "features", "login", "marketplace", "notifications"}
    | {"orgs", "pricing", "search", "settings", "sponsors", "topics", "trending", "users"}
)
_TWO_NAMES = {"bitbucket.org", "codeberg.org", "gitee.com", "gist.github.com"}
_PROJECT_HOSTS = (".github.io", ".gitlab.io", ".netlify.app", ".vercel.app", ".pages.dev", ".surge.sh", ".web.app")
_ANNOUNCED = re.compile(
    r"\b(?:project|home|web|demo|companion)[\s-]*(?:page|site|website|webpage)s?\b[^.!?]{0,60}$|\bwebsite\b[^.!?]{0,30}$",
    re.IGNORECASE,
)

_USUAL = re.compile(r"https://github\.com/([A-Za-z0-9][A-Za-z0-9_-]*)/[A-Za-z0-9]")

# Directly before an address these tell of what others made.
_OTHERS = re.compile(
    r"\b(?:based on|built (?:on|upon)|fork(?:ed)? (?:of|from)|baselines? (?:from|of)|implementation of \w+ (?:from|by)|"
    r"their|adapted from|borrow\w* from|modified from|derived from|original (?:code|implementation|repository)|"
    r"template|we (?:use|used|adopt)|using|taken from)\b[^.;!?]{0,50}$",
    re.IGNORECASE,
)


LONGEST = 20_000
"""Characters of a text that are looked at; ten times the longest abstract."""


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses with http or https; empty where the text names none.

    official: the text reads as though its authors gave the code as theirs, and not as what they built on.
    """

    code: str = ""
    project: str = ""
    official: bool = field(default=True, compare=False)


_NONE = Links()


def find_links(text: str) -> Links:
    """Find the first repository and the first project page in an abstract or comment.

    text: as the source wrote it, TeX and all. A repository's address is cut to the repository itself; a page on
    Hugging Face counts as the project's where no other is named.
    """
    # Nearly every abstract is passed over here, so the plain looks come before the pattern.
    if "/" not in text or ("://" not in text and (".com/" not in text.lower() or not _BARE_HOST.search(text))):
        return _NONE
    shown = tex.clean(text[:LONGEST])
    code = project = space = ""
    official = True
    for start, address in _addresses(shown):
        try:
            parts = urlsplit(address)
            host = (parts.hostname or "").removeprefix("www.")
        except ValueError:  # a bracket in the host that is no IPv6 address
            continue
        repository = _repository(host, parts.path)
        if repository and not code:
            code, official = repository, not _OTHERS.search(shown[max(0, start - 90) : start])
        announced = _ANNOUNCED.search(shown[max(0, start - 90) : start])
        if not repository and (announced or _is_page(host, parts.path)):
            project = project or address
        elif host == "huggingface.co" and parts.path.startswith("/spaces/"):
            space = space or address
    return Links(code, project or space, official)


def names_code(text: str, shown: str) -> bool:
    """Whether ``find_links`` finds a repository in a text, of which ``shown`` is the plain form (``tex.plain``).

    Most texts name no address at all, and most of those that do name a repository in the usual way.
    """
    if "://" not in text and ".com/" not in text.lower():
        return False
    usual = _USUAL.search(shown, 0, LONGEST)
    if usual and usual[0] in text and usual[1].lower() not in _GITHUB_PAGES:
        before = shown[max(0, usual.start() - 1) : usual.start()]
        if before in ("", " ", "\n"):
            return True
    return bool(find_links(text).code)


def _addresses(shown: str) -> list[tuple[int, str]]:
    """Every address with its place, those that lack their scheme included."""
    full = list(addresses.found(shown))
    if _hosts_of_code(shown) == sum(_hosts_of_code(address) for _, address in full):
        return full
    within = [(start, start + len(address)) for start, address in full]
    for match in _BARE_HOST.finditer(shown):
        if not any(start <= match.start() < end for start, end in within):
            address = addresses.ADDRESS.match(f"https://{shown[match.start() :]}")
            assert address is not None
            full.append((match.start(), address[0][: addresses.ending(address[0])]))
    return sorted(full)


def _hosts_of_code(text: str) -> int:
    """Return how often a host that is named without a scheme too is named; the pattern takes ten times as long."""
    small = text.lower()
    return small.count("github.com/") + small.count("gitlab.com/")


def _repository(host: str, path: str) -> str:
    """Address of the repository that a path on ``host`` lies in, empty where it lies in none."""
    if host == "github.com":
        match = re.match(rf"/({_NAME})/([A-Za-z0-9._-]*\w[A-Za-z0-9._-]*)", path)
        if not match or match[1].lower() in _GITHUB_PAGES:
            return ""
        return f"https://github.com/{match[1]}/{match[2].removesuffix('.git')}"
    if host == "gitlab.com" or host.startswith("gitlab."):
        project = re.match(rf"/{_NAME}(?:/{_NAME})+", path.split("/-/", 1)[0])
        return f"https://{host}{project[0].removesuffix('.git')}" if project else ""
    if host in _TWO_NAMES:
        match = re.match(rf"/({_NAME})/({_NAME})", path)
        return f"https://{host}/{match[1]}/{match[2].removesuffix('.git')}" if match else ""
    if host == "anonymous.4open.science":
        match = re.match(rf"/r/({_NAME})", path)
        return f"https://{host}/r/{match[1]}" if match else ""
    return ""


def _is_page(host: str, path: str) -> bool:
    """Whether the host is one where project pages live."""
    return host.endswith(_PROJECT_HOSTS) or (host == "sites.google.com" and path.startswith("/view/"))
