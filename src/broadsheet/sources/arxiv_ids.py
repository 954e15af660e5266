"""arXiv identifiers as people and feeds write them, brought to one form. Whether a paper exists is not asked here."""

import re
from urllib.parse import unquote

from broadsheet.errors import BadInput

_NEW = r"(?P<month>\d{2}(?:0[1-9]|1[0-2]))\.(?P<serial>\d{4,5})"
_OLD = r"(?P<archive>[a-z]{1,8}(?:-[a-z]{2,4})?)(?:\.[a-z-]{2,8})?/(?P<number>\d{2}(?:0[1-9]|1[0-2])\d{3})"
_ID = re.compile(rf"(?:{_NEW}|{_OLD})(?:v(?P<version>[1-9]\d{{0,2}}))?", re.ASCII | re.IGNORECASE)
_PREFIX = re.compile(r"arxiv:\s*|(?:doi:\s*)?10\.48550/arxiv\.", re.IGNORECASE)
_ARXIV_HOST = r"(?:[a-z0-9-]+\.)*(?:arxiv\.org|ar5iv\.org|alphaxiv\.org)|ar5iv\.labs\.arxiv\.org|xxx\.lanl\.gov"
_ARXIV_PATH = r"(?:abs|pdf|html|format|e-print|src|ps|overview|papers?)"
# Broadsheet may run anywhere, as may mirrors of Hugging Face, so /papers/ID counts at every host.
_URL = re.compile(
    rf"(?:https?://)?(?:(?:{_ARXIV_HOST})/{_ARXIV_PATH}|(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d+)?/papers)/"
    r"(?P<rest>[^?#\s]+)(?:[?#]\S*)?|(?:https?://)?(?:dx\.|www\.)?doi\.org/(?P<doi>10\.48550/[^?#\s]+)(?:[?#]\S*)?",
    re.IGNORECASE,
)
_OWN_PATH = re.compile(r"/papers/(?P<rest>[^?#\s]+)(?:[?#]\S*)?", re.IGNORECASE)
_STAMP = re.compile(r"\s+\[[a-z-]{1,9}(?:\.[a-z-]{2,8})?\](?:\s.*)?", re.IGNORECASE)
_LONGEST = 300


def split_version(text: str) -> tuple[str, int | None]:
    """Return the canonical id and the version of an identifier in any of its spellings.

    Known spellings: new and old ids with or without version, ``arXiv:``, the stamp on a first page
    (``arXiv:2305.12102v1 [cs.CL] 20 May 2023``), arXiv's DOIs, and addresses of a paper at arXiv, its mirrors, ar5iv,
    alphaXiv, and below ``/papers/`` at any host, as Hugging Face and Broadsheet have it. The canonical form has no
    version and, for old ids, no subject class, as arXiv's own: ``math.GT/0309136v2`` is ``math/0309136``.
    Raises BadInput, naming the text, for anything else.
    """
    found = _ID.fullmatch(_bare(text)) if len(text) <= _LONGEST else None
    if found is None or not _is_possible(found):
        raise BadInput(
            f"{text[:60]!r} is not an arXiv id.",
            "Ids look like 2305.12102 or cs/0601001; addresses of papers work too.",
        )
    version = int(found["version"]) if found["version"] else None
    if found["archive"]:
        return f"{found['archive'].lower()}/{found['number']}", version
    return f"{found['month']}.{found['serial']}", version


def canonical(text: str) -> str:
    """Return the canonical id of an identifier in any of its spellings; raises BadInput as ``split_version`` does."""
    return split_version(text)[0]


def find(text: str) -> str | None:
    """Return the canonical id when a whole text names one paper, as in a search box; else None."""
    try:
        return canonical(text)
    except BadInput:
        return None


def is_arxiv(key: str) -> bool:
    """Whether a paper's key is a canonical arXiv id."""
    return find(key) == key


def _bare(text: str) -> str:
    """Return what is left of an identifier without its address or prefix."""
    text = text.strip().strip("<>").rstrip("/").strip()
    if url := _URL.fullmatch(text) or _OWN_PATH.fullmatch(text):
        text = unquote(url.groupdict().get("doi") or url["rest"]).rstrip("/")
    elif stamp := _STAMP.search(text):
        text = text[: stamp.start()]
    text = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
    for ending in (".pdf", ".md"):
        text = text.removesuffix(ending)
    return text.strip()


def _is_possible(found: re.Match[str]) -> bool:
    """New ids begin in April 2007 and have five digits since January 2015; old ones end in March 2007."""
    if found["archive"]:
        year = int(found["number"][:2])
        return year >= 91 or found["number"][:4] <= "0703"
    month = found["month"]
    return month >= "0704" and len(found["serial"]) == (5 if month >= "1501" else 4)
