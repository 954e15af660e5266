"""What one look of ``broadsheet doctor`` found, as a sentence with its way out."""

from dataclasses import dataclass
from enum import StrEnum


class Finding(StrEnum):
    """ok: as it should be. weak: works, could be better. bad: must be mended. unknown: could not be looked at."""

    OK = "ok"
    WEAK = "weak"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. name: what it is called. hint: what to do, where there is something to do."""

    name: str
    finding: Finding
    message: str
    hint: str = ""


def fine(name: str, message: str) -> Check:
    """Return that something is as it should be."""
    return Check(name, Finding.OK, message)


def weak(name: str, message: str, hint: str) -> Check:
    """Return that something works and could be better."""
    return Check(name, Finding.WEAK, message, hint)


def bad(name: str, message: str, hint: str) -> Check:
    """Return that something must be mended."""
    return Check(name, Finding.BAD, message, hint)


def unknown(name: str, message: str, hint: str = "") -> Check:
    """Return that something could not be looked at."""
    return Check(name, Finding.UNKNOWN, message, hint)
