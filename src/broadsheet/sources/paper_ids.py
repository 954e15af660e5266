"""Which paper an entry from elsewhere names, and the one key it has here whatever file or feed brought it.

arXiv's own ids are read in ``arxiv_ids``; whether a paper is here is not asked.
"""

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit

from broadsheet.sources import arxiv_ids
from broadsheet.sources.rows import OTHER_KEY

_NAMED = re.compile(
    r"(?:arxiv\s*[:.]\s*|arxiv\.org/[a-z-]+/|10\.48550/arxiv\.|alphaxiv\.org/[a-z-]+/)"
    r"(?P<id>\d{4}\.\d{4,5}|[a-z-]{1,8}(?:\.[a-z-]{2,8})?/\d{7})",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>{}]+")
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.", re.IGNORECASE)
_ACL_OLD = r"[A-Z]\d\d-\d{4}"
_ACL_NEW = r"\d{4}\.[a-z0-9_]+-[a-z0-9_]+\.\d+"
_ACL = re.compile(
    rf"(?:https?://)?(?:(?:www\.)?aclanthology\.org|(?:www\.)?aclweb\.org/anthology)/(?:[A-Z]/[A-Z]\d\d/)?"
    rf"(?P<page>{_ACL_OLD}|{_ACL_NEW})(?:v\d+)?(?:/|\.pdf|\.bib)?(?:[?#].*)?"
    rf"|(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?10\.(?:18653|3115)/v1/(?P<doi>{_ACL_OLD}|{_ACL_NEW})",
    re.IGNORECASE,
)
_OPENREVIEW = re.compile(
    r"(?:https?://)?(?:www\.)?openreview\.net/(?:forum|pdf)\?(?:[^#\s]*&)?id=(?P<id>[\w-]{4,40})(?:[&#].*)?", re.ASCII
)
_OWN_KEY = re.compile(r"acl:\S+|openreview:\S+|doi-digest:\S+")
# The address of a preprint ends in its version, and often in the part or form of it that is shown.
_AFTER_PREPRINT = re.compile(r"v\d+(?:[./].*)?$|\.(?:full|abstract)\b.*$")
_AFTER_DOI = re.compile(r"(?:/(?:full|abstract|pdf|epdf|html|meta|fulltext))+$|\.pdf$")
# What ends so is another address below that of the paper.
_TAKEN = re.compile(r"(?:/(?:vote|save|mark|claim|links)|\.(?:md|atom|rss|json))$")


def arxiv_id(whole: Iterable[str], within: Iterable[str] = ()) -> str:
    """Return the canonical arXiv id that fields name, '' if none does.

    whole: fields that may be an id or address as they stand. within: fields that may mention one, marked as arXiv's.
    """
    candidates = list(whole)
    for text in candidates:
        if text and (found := arxiv_ids.find(text)):
            return found
    for text in (*candidates, *within):
        for mention in _NAMED.finditer(text[:2000]):
            if found := arxiv_ids.find(mention["id"]):
                return found
    return ""


def bare_doi(*texts: str) -> str:
    """Return the DOI in the first text that has one, without the address before it; '' if none has."""
    for text in texts:
        if found := _DOI.search(text[:2000]):
            return found[0].rstrip(".,;")
    return ""


def doi_in(address: str) -> str:
    """Return the DOI that stands in the path of a web address, as publishers and preprint servers write it; '' if none.

    The versions and forms that follow it there are no part of it.
    """
    parts = urlsplit(address[:2000]) if re.match(r"https?://", address, re.IGNORECASE) else None
    doi = bare_doi(unquote(parts.path)).rstrip("/") if parts else ""
    if parts and re.search(r"(?:bio|med)rxiv\.org$", parts.netloc.lower()):
        return _AFTER_PREPRINT.sub("", doi)
    return doi if parts and parts.netloc.lower().endswith("doi.org") else _AFTER_DOI.sub("", doi)


def publishers_doi(*dois: str) -> str:
    """Return the first DOI that is not arXiv's own, as the paper's arXiv id says the same; '' if there is none."""
    return next((doi for doi in dois if doi and not _ARXIV_DOI.match(doi)), "")


def key_of(addresses: Iterable[str], *, doi: str = "", within: Iterable[str] = ()) -> str:
    """Return the key of the paper that an entry names, '' where it names none.

    addresses: fields that are an address or id of the paper itself. doi: bare, '' where the entry has none. within:
    fields that may mention the paper's arXiv id, marked as such.
    An arXiv id goes first, then the ACL Anthology's id (its DOIs hold it), a DOI, and OpenReview's id.
    """
    return next(iter(keys_of(addresses, doi=doi, within=within)), "")


def keys_of(addresses: Iterable[str], *, doi: str = "", within: Iterable[str] = ()) -> list[str]:
    """Return all keys of the paper that an entry names, the one that ``key_of`` chooses first; the arguments are its.

    Of each kind the first is taken, as an entry is of one paper.
    """
    known = [address.strip() for address in addresses if address]
    arxiv = arxiv_id([*known, doi], within)
    anthology = (_ACL.fullmatch(text) for text in (*known, doi))
    acl = next((acl_key(one["page"] or one["doi"]) for one in anthology if one), "")
    dois = (one for one in (doi, *map(doi_in, known)) if one and not _ACL.fullmatch(one))
    dois = (one for one in dois if not (arxiv and _ARXIV_DOI.match(one)))
    other = next((doi_key(one) for one in dois), "")
    ids = (_OPENREVIEW.fullmatch(text) for text in known)
    openreview = next((openreview_key(one["id"]) for one in ids if one), "")
    return [key for key in (arxiv, acl, other, openreview) if key]


def doi_keys(text: str) -> list[str]:
    """Return the keys that a field of one DOI or several stands for; arXiv's own say nothing that an id does not."""
    keys = []
    for found in _DOI.findall(text[:500]) if text else ():
        doi = found.rstrip(".,;")
        if not _ARXIV_DOI.match(doi):
            acl = _ACL.fullmatch(doi)
            keys.append(acl_key(acl["doi"]) if acl else doi_key(doi))
    return keys


def acl_key(anthology_id: str) -> str:
    """Return the key of an id of the ACL Anthology, in either of its forms and any case."""
    is_old = re.fullmatch(_ACL_OLD, anthology_id, re.IGNORECASE)
    return f"acl:{anthology_id.upper() if is_old else anthology_id.lower()}"


def openreview_key(note_id: str) -> str:
    """Return the key of a submission at OpenReview, where capital and small letters differ."""
    return f"openreview:{note_id}"


def doi_key(doi: str) -> str:
    """Return the key of a DOI. Its letters have no case.

    One that is too long for a key, or holds signs that no key has, is known by a digest: ``doi-digest:10.1000/...``.
    """
    key = f"doi:{doi.lower()}"
    if OTHER_KEY.fullmatch(key) and not _TAKEN.search(key):
        return key
    return f"doi-digest:{doi.partition('/')[0]}/{digest(doi.lower())}"


def digest(*parts: str) -> str:
    """Return 16 hex digits for texts, by which a paper without any id is known again."""
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


def address(key: str) -> str:
    """Return where the paper of a key is read at its own place, '' where the key does not tell."""
    return original(key)[1]


def original(key: str) -> tuple[str, str]:
    """Return the name of the place that a paper comes from and its address there, both '' where the key tells none."""
    if arxiv_ids.is_arxiv(key):
        return "arXiv", f"https://arxiv.org/abs/{key}"
    place, _, name = key.partition(":")
    ways = {
        "acl": ("ACL Anthology", "https://aclanthology.org/{}/"),
        "doi": ("DOI", "https://doi.org/{}"),
        "openreview": ("OpenReview", "https://openreview.net/forum?id={}"),
    }
    if place not in ways:
        return "", ""
    title, way = ways[place]
    return title, way.format(quote(name, safe="/:;().-_~@!$&'*+,="))


def find(text: str) -> str | None:
    """Return the key when a whole text is the address or id of one paper, as in a search box; else None."""
    text = text.strip()
    if len(text) > 300 or re.search(r"\s", text):
        return None
    if _OWN_KEY.fullmatch(text) and OTHER_KEY.fullmatch(text):
        return text
    doi = text if _DOI.fullmatch(text) else bare_doi(text) if text.lower().startswith("doi:10.") else ""
    return key_of([text], doi=doi) or None
