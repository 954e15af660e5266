"""The messages of tests/data/bounces, about a digest of the test's own."""

from typing import Any

from tests.conftest import DATA

from broadsheet.mail import tokens

FOLDER = DATA / "bounces"


def raw(name: str, token: str = "0" * 24, leaving: str = "A" * 32) -> bytes:
    """Return a message as it arrives, about the mail of this token."""
    text = (FOLDER / f"{name}.eml").read_text()
    return text.replace("{token}", token).replace("{leaving}", leaving).replace("\n", "\r\n").encode()


def about(name: str, delivery: Any, copy: int = 0) -> bytes:
    """Return a message about a digest. copy: another report with the same words, by its own Message-ID."""
    found = raw(name, delivery.token, tokens.token(delivery.subscription))
    return found.replace(f"Message-ID: <{name}".encode(), f"Message-ID: <{name}-{copy}".encode())
