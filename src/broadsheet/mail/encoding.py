"""Text of a mail as quoted-printable with open places in it, so that one rendered letter is filled for each reader.

A place stands between soft line breaks, so filling is a join of bytes and no line grows. What stands in the places
lives in ``message``.
"""

import binascii
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """An open place of a form. name: of what is put there."""

    name: str


type Form = Sequence[bytes | Place]
"""Bytes with open places, in order."""


@dataclass(frozen=True, slots=True)
class Marks:
    """How open places are written while a text is still a text; nobody who writes a title can guess the mark."""

    nonce: str = field(default_factory=lambda: secrets.token_hex(8))

    def mark(self, name: str) -> str:
        """Return the mark of a place. name: lower-case letters and underscores."""
        return f"{self.nonce}-{name}-{self.nonce}"

    def split(self, text: str) -> list[str]:
        """Return a text cut at its marks: prose and the names of places in turn, prose first and last."""
        return re.split(rf"{self.nonce}-([a-z_]+)-{self.nonce}", text)


def quoted(text: str) -> bytes:
    """Return a text as quoted-printable of UTF-8 with the line ends of mail, no line longer than 76 bytes."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    # Its soft breaks follow the first line end it meets, so mail's line ends are put in afterwards.
    return binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True).replace(b"\n", b"\r\n")


def value(text: str) -> bytes:
    """Return what stands before a soft line break as quoted-printable."""
    # Encoded with one sign more, the last line has room for the break, and a blank at its end is no end.
    return quoted(text + "-")[:-1]


def form(text: str, marks: Marks) -> list[bytes | Place]:
    """Return a text as quoted-printable with an open place at each mark."""
    made: list[bytes | Place] = []
    cuts = marks.split(text)
    for prose, name in zip(cuts[::2], cuts[1::2], strict=False):
        made += [value(prose) + b"=\r\n", Place(name), b"=\r\n"]
    return [*made, quoted(cuts[-1])]


def joined(parts: Form) -> list[bytes | Place]:
    """Return a form with neighbouring bytes as one, so that filling it joins as few pieces as can be."""
    made: list[bytes | Place] = []
    for part in parts:
        if isinstance(part, bytes) and made and isinstance(made[-1], bytes):
            made[-1] += part
        else:
            made.append(part)
    return made


def filled(parts: Form, values: Mapping[str, bytes]) -> bytes:
    """Return a form with values in its places. Raises KeyError for a place that has none."""
    return b"".join(part if isinstance(part, bytes) else values[part.name] for part in parts)
