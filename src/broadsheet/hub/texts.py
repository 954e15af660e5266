"""The small forms of the hub's JSON: times, ids, links, and JSON as text."""

import json
import re
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any

Json = dict[str, Any]

_WEB_URL = re.compile(r"https?://[^\s<>\"'\\^`{|}\x00-\x1f]+", re.IGNORECASE)


def object_id(*content: str) -> str:
    """Return 24 hex characters that depend on the content alone, in the form of the original's database ids."""
    return blake2b("\0".join(content).encode(), digest_size=12).hexdigest()


def web_url(text: str) -> str:
    """Return a link if it is one that a browser may follow (http or https, nothing to break out with), else ''."""
    return text if _WEB_URL.fullmatch(text) and text.isprintable() else ""


def time_text(moment: datetime) -> str:
    """Return a time as ``2026-11-21T17:08:00.000Z``, the only form that the client reads."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_text(day: date) -> str:
    """Return the first moment of a day (UTC) in the same form."""
    return f"{day.isoformat()}T00:00:00.000Z"


def compact(content: Json | list[Json]) -> str:
    """Return JSON as text without needless space, letters of every language as they are."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
