"""ORCID iDs: how they are written, and their check digit (ISO 7064, 11-2)."""

import re

from broadsheet.errors import BadInput


def read(text: str) -> str:
    """Return an iD as 0000-0000-0000-0000 from the iD or its address; nothing for nothing. Raises BadInput."""
    bare = re.sub(r"\A(?:https?://)?(?:www\.)?(?:orcid\.org/)?", "", text.strip(), flags=re.IGNORECASE).rstrip("/")
    digits = bare.replace("-", "").replace(" ", "").upper()
    if not digits:
        return ""
    if not re.fullmatch(r"[0-9]{15}[0-9X]", digits):
        raise BadInput(f"{text.strip()[:60]!r} is no ORCID iD.", "It has sixteen digits, as 0000-0002-1825-0097.")
    if digits[-1] != _check(digits[:15]):
        raise BadInput(
            f"{text.strip()[:60]!r} is no ORCID iD: its last digit does not fit.", "Look for a typing error."
        )
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))


def _check(digits: str) -> str:
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    left = (12 - total % 11) % 11
    return "X" if left == 10 else str(left)
