"""The settings of what is taken in and found out: sources, the ledger, enrichment and jobs. A part of ``settings``."""

import re

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
OFFLINE = switch("OFFLINE", "Never ask the network for papers.")
ARXIV_DELAY = number(
    "ARXIV_DELAY_SECONDS", 3, "Least time between two requests to arXiv, over all threads and processes."
)
ZOTERO_API = knob(
    "ZOTERO_API", "https://api.zotero.org", "Address of the Zotero API (for a server of your own or a test)."
)
if not re.match(r"https://|http://(localhost|127\.0\.0\.1|\[::1\])[:/]", ZOTERO_API + "/"):
    raise ImproperlyConfigured(f"BROADSHEET_ZOTERO_API is {ZOTERO_API!r}; it takes an address with https.")
