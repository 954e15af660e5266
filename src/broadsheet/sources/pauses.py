"""Reading how long a host wants to be left alone: Retry-After, and the headers that tell a limit is spent."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def asked_for(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that a host wants to be left alone, None where it does not say. now: seconds since 1970."""
    return retry_after(headers, now) or spent_for(headers, now)


def spent_for(headers: Mapping[str, str], now: float) -> float | None:
    """Return for how many seconds nothing is left of what a host lets one ask, None where it tells of no such thing.

    Read are x-ratelimit-remaining with x-ratelimit-reset, a moment in seconds since 1970 or a number of seconds, and
    the newer RateLimit with r and t.
    """
    told = re.search(r"\br=0\s*;\s*t=(\d{1,9})\b", headers.get("ratelimit", ""))
    if told:
        return float(told[1])
    reset = headers.get("x-ratelimit-reset", "").strip()
    if headers.get("x-ratelimit-remaining", "").strip() != "0" or not re.fullmatch(r"\d{1,12}", reset, re.ASCII):
        return None
    return max(0.0, float(reset) - now) if float(reset) > 1e9 else float(reset)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, given as a number or as a date."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())
