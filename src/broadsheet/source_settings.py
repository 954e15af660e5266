"""The settings of what is taken in and found out: sources, the ledger, enrichment and jobs. A part of ``settings``."""

import re
from datetime import date

from django.core.exceptions import ImproperlyConfigured

from broadsheet.knobs import knob, number, switch, words

CATEGORIES = words(
    "CATEGORIES",
    "cs.AI cs.CL cs.CV cs.LG stat.ML",
    "arXiv categories taken in each day, parted by spaces or commas.",
)
for _category in CATEGORIES:
    if not re.fullmatch(r"[a-z-]+(\.[A-Za-z-]+)?", _category):
        raise ImproperlyConfigured(f"BROADSHEET_CATEGORIES holds {_category!r}; categories look like cs.LG or hep-th.")
    if _category in ["astro-ph", "cond-mat", "cs", "econ", "eess", "math", "nlin", "physics", "q-bio", "q-fin", "stat"]:
        raise ImproperlyConfigured(
            f"BROADSHEET_CATEGORIES holds {_category!r}, a whole archive, which is no paper's category; "
            "name those of its categories that you want, as in: cs.AI cs.LG."
        )
CONTACT = knob("CONTACT", "", "Mail address or URL of the operator, told to the sources in the agent string.")
if not (CONTACT.isascii() and (CONTACT.isprintable() or not CONTACT)):
    raise ImproperlyConfigured(f"BROADSHEET_CONTACT is {CONTACT!r}; it takes plain ASCII, as it is sent in a header.")
ARXIV_API = knob(
    "ARXIV_API", "https://export.arxiv.org/api/query", "Address of the arXiv API (for a mirror or a test)."
)
ARXIV_OAI = knob("ARXIV_OAI", "https://oaipmh.arxiv.org/oai", "Address of arXiv's OAI-PMH (for a mirror or a test).")
ARXIV_RSS = knob(
    "ARXIV_RSS",
    "https://rss.arxiv.org/rss",
    "Address of arXiv's feeds of the day, .../rss or .../atom (for a mirror or a test).",
)
ARXIV_HTML = knob(
    "ARXIV_HTML", "https://arxiv.org/html", "Address below which arXiv has papers as HTML (for a mirror or a test)."
)
DAILY_PAPERS = knob(
    "DAILY_PAPERS",
    "https://huggingface.co/api/daily_papers",
    "Address of the daily papers that are taken in, followed or compared with.",
)
FOLLOW_DAILY_PAPERS = knob(
    "FOLLOW_DAILY_PAPERS",
    "no",
    "Take in the daily papers of another site each hour: yes for those of BROADSHEET_DAILY_PAPERS, or an address.",
).strip()
if FOLLOW_DAILY_PAPERS.lower() in ("", "0", "no", "false", "off"):
    FOLLOW_DAILY_PAPERS = ""
if not re.fullmatch(r"|yes|https?://\S+", FOLLOW_DAILY_PAPERS):
    raise ImproperlyConfigured(
        f"BROADSHEET_FOLLOW_DAILY_PAPERS is {FOLLOW_DAILY_PAPERS!r}; it takes yes, no, or an address."
    )
FULL_TEXT = switch("FULL_TEXT", "Give the full text of papers that arXiv has as HTML at /papers/ID.md.", default=True)
OFFLINE = switch("OFFLINE", "Never ask the network for papers.")
ARXIV_DELAY = number(
    "ARXIV_DELAY_SECONDS", 3, "Least time between two requests to arXiv, over all threads and processes."
)
HOST_DELAY = number("HOST_DELAY_SECONDS", 1, "Least time between two requests to one host other than arXiv's.")
ZOTERO_API = knob(
    "ZOTERO_API", "https://api.zotero.org", "Address of the Zotero API (for a server of your own or a test)."
)
if not re.match(r"https://|http://(localhost|127\.0\.0\.1|\[::1\])[:/]", ZOTERO_API + "/"):
    raise ImproperlyConfigured(f"BROADSHEET_ZOTERO_API is {ZOTERO_API!r}; it takes an address with https.")
ENRICH = words(
    "ENRICH",
    "said phrases extract",
    "Kinds of facts that are looked for in papers, parted by spaces or commas; none: nothing is.",
)
# What asks no host first, then what does; the kinds themselves live in the enrich room.
ENRICH_KINDS = ("said", "phrases", "extract", "stars", "hub", "citations", "orcid", "summaries", "fulltext")
for _kind in set(ENRICH) - {"none"}:
    if _kind not in ENRICH_KINDS:
        raise ImproperlyConfigured(f"BROADSHEET_ENRICH holds {_kind!r}; it takes none or {', '.join(ENRICH_KINDS)}.")

_holidays = words(
    "HOLIDAYS",
    "",
    "Further days without an announcement, as arXiv writes them (2027-12-28); with a minus before it a day is none.",
)
try:
    HOLIDAYS = (
        [date.fromisoformat(_day) for _day in _holidays if not _day.startswith("-")],
        [date.fromisoformat(_day[1:]) for _day in _holidays if _day.startswith("-")],
    )
except ValueError:
    raise ImproperlyConfigured(
        f"BROADSHEET_HOLIDAYS is {' '.join(_holidays)!r}; it takes days like 2027-12-28, or -2027-12-28."
    ) from None
LATE_HOURS = number("LATE_HOURS", 5, "Hours after arXiv's announcement until papers that have not come are late.")
ALERTS = words("ALERTS", "", "Mail addresses told of a day that stays incomplete; without any, the administrators are.")
for _address in ALERTS:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", _address):
        raise ImproperlyConfigured(f"BROADSHEET_ALERTS holds {_address!r}; it takes mail addresses.")
ALERT_HOURS = number("ALERT_HOURS", 12, "Hours after arXiv's announcement until operators are told what is missing.")
GAP_REQUESTS = number("GAP_REQUESTS", 20, "Requests a day at most that ask arXiv for papers that seem to be missing.")
METRICS_TOKEN = knob(
    "METRICS_TOKEN", "", "With this as bearer token /metrics is read from elsewhere; else from this machine alone."
)

# --- Facts that other places tell, each only where ENRICH names its kind


def _place(name: str, default: str, help_text: str) -> str:
    """Read an address with https, or of this machine."""
    address = knob(name, default, help_text)
    if address and not re.match(r"https://|http://(localhost|127\.0\.0\.1|\[::1\])[:/]", address + "/"):
        raise ImproperlyConfigured(f"BROADSHEET_{name} is {address!r}; it takes an address with https.")
    return address


def _secret(name: str, help_text: str) -> str:
    """Read a key that is sent in a header. Its value stands in no message."""
    key = knob(name, "", help_text).strip()
    if not (key.isascii() and (key.isprintable() or not key)):
        raise ImproperlyConfigured(f"BROADSHEET_{name} holds a sign that no header takes.")
    return key


def _chosen(name: str, default: str, places: tuple[str, ...], help_text: str) -> tuple[str, ...]:
    """Read which of two places are asked: one by its name, both, or off."""
    value = knob(name, default, help_text).strip().lower()
    if value in ("", "off"):
        return ()
    if value != "both" and value not in places:
        raise ImproperlyConfigured(f"BROADSHEET_{name} is {value!r}; it takes {', '.join(places)}, both or off.")
    return places if value == "both" else (value,)


GITHUB_API = _place("GITHUB_API", "https://api.github.com", "Address of GitHub's API, asked for stars.")
GITHUB_TOKEN = _secret(
    "GITHUB_TOKEN", "Token of a GitHub account, without any permission: 5,000 requests an hour, not 60."
)
HUB_API = _place("HUB_API", "https://huggingface.co", "Address of the Hub, asked for models, datasets and spaces.")
CITATIONS = _chosen(
    "CITATIONS",
    "off",
    ("semanticscholar", "openalex"),
    "Who is asked for citations: semanticscholar, openalex, both or off.",
)
SEMANTIC_SCHOLAR_API = _place(
    "SEMANTIC_SCHOLAR_API", "https://api.semanticscholar.org", "Address of Semantic Scholar's API."
)
SEMANTIC_SCHOLAR_KEY = _secret("SEMANTIC_SCHOLAR_KEY", "Key to it; without one all who have none share one limit.")
OPENALEX_API = _place("OPENALEX_API", "https://api.openalex.org", "Address of OpenAlex's API.")
OPENALEX_KEY = _secret("OPENALEX_KEY", "Key to it, which is free; without one it answers some questions a day.")
ORCIDS = _chosen(
    "ORCIDS", "openalex", ("openalex", "orcid"), "Who is asked for authors' ORCID iDs: openalex, orcid, both or off."
)
ORCID_API = _place("ORCID_API", "https://pub.orcid.org", "Address of ORCID's public API.")
ORCID_TOKEN = _secret("ORCID_TOKEN", "Token for reading what is public there (/read-public).")
SUMMARIES_URL = _place(
    "SUMMARIES_URL", "", "Address of an endpoint that speaks chat/completions, up to and with /v1, asked for summaries."
)
SUMMARIES_MODEL = knob("SUMMARIES_MODEL", "", "Name of the model there.")
SUMMARIES_KEY = _secret("SUMMARIES_KEY", "Key to the endpoint, where it wants one.")
SUMMARIES_PER_DAY = number("SUMMARIES_PER_DAY", 100, "Questions to the endpoint in a day at most.")
