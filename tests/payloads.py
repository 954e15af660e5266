"""The corpus of payloads, and what makes a piece of HTML dangerous once a parser has read it."""

import json
from html.parser import HTMLParser
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "xss.txt"
_TAGS = """p br hr em strong s a code pre blockquote ul ol li h4 h5 h6 table thead tbody tr th td math mrow mi mn mo
    mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd mstyle mpadded mphantom
    mmultiscripts mprescripts none"""
_ATTRIBUTES = """href rel class start display stretchy fence accent movablelimits displaystyle minsize maxsize width
    lspace rspace form scriptlevel linethickness columnalign mathvariant"""
TAGS = set(_TAGS.split())
ATTRIBUTES = set(_ATTRIBUTES.split())


def payloads() -> list[str]:
    """Return every payload; lines that begin with ``# `` name their kind."""
    lines = _FILE.read_text("ascii").splitlines()
    return [json.loads(f'"{line}"', strict=False) for line in lines if line and not line.startswith("# ")]


class _Look(HTMLParser):
    """Notes whatever may not stand in a comment."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.bad.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.bad.append(f"{tag} {name}={value!r}")
            fine = ("http://", "https://", "mailto:", "/", "#")
            if name == "href" and (not (value or "").lower().startswith(fine) or (value or "").startswith("//")):
                self.bad.append(f"href={value!r}")
        if tag == "a" and ("rel", "nofollow ugc noopener") not in attrs:
            self.bad.append("a link without its rel")

    def handle_comment(self, data: str) -> None:
        self.bad.append(f"comment {data!r}")

    def handle_decl(self, decl: str) -> None:
        self.bad.append(f"declaration {decl!r}")

    def handle_pi(self, data: str) -> None:
        self.bad.append(f"instruction {data!r}")

    def unknown_decl(self, data: str) -> None:
        self.bad.append(f"section {data!r}")


def dangers(html: str) -> list[str]:
    """Return what in a piece of HTML should not be there, once parsed."""
    look = _Look()
    look.feed(html)
    look.close()
    return look.bad
