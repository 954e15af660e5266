"""What the places of facts have in common: an answer that should be JSON, and why it is none. Knows no place."""

import json
from typing import Any

from broadsheet.errors import Refused, Upstream
from broadsheet.sources.http import Answer

KEY_WANTED = frozenset({401, 403})


def decoded(answer: Answer, place: str, key: str = "", secret: str = "") -> Any:
    """Return an answer's JSON.

    place: its name, for people. key: the variable that holds the key to it, '' where it has none. secret: the key
    itself, which some places repeat when they refuse it; it is taken out of every message.
    Raises Refused where the key is not taken or one is wanted, and Upstream for any other answer that is no answer,
    such as a page where JSON was asked for.
    """
    if answer.status in KEY_WANTED:
        hint = (
            f"Look at {key}, or wait until its limit is lifted." if key else "It may let nobody ask, or not so often."
        )
        raise Refused(f"{place} refused to answer ({answer.status}): {_said(answer.body, secret)}.", hint)
    if answer.status != 200:
        raise Upstream(f"{place} answered {answer.status}: {_said(answer.body, secret)}.", "Try again later.")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        said = _said(answer.body, secret)
        raise Upstream(f"{place} answered {said!r}, which is not JSON.", "Try again later.") from None


def whole(value: object) -> int | None:
    """Return a count as places write it: a whole number of at least 0; None for anything else."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return value if is_count and isinstance(value, int) else None


def text(value: object, longest: int = 300) -> str:
    """Return a text on one line without what cannot be printed, '' for anything else."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value[: longest * 2]).split())[:longest]


def rows(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list, and nothing for anything else."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _said(body: bytes, secret: str) -> str:
    """Return the beginning of what a place said, short enough for a message."""
    said = body[:2000].decode("utf-8", "replace")
    try:
        told = json.loads(body)
        found = told.get("message") or told.get("error") if isinstance(told, dict) else None
        said = str(found.get("message", found) if isinstance(found, dict) else found or said)
    except (ValueError, RecursionError):
        pass
    return text(said.replace(secret, "...") if secret else said, 160) or "nothing"
