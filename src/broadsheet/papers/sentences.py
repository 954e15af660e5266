"""Where one sentence of a shown text ends and the next begins. Which of them are shown is decided elsewhere."""

import re

LONGEST = 5_000
"""Characters of a text that are looked at; twice the longest abstract."""

# Not after abbreviations and initials, and not where a small letter follows.
_ABBREVIATIONS = (
    "e.g|i.e|al|cf|vs|Fig|Figs|Eq|Eqs|Sec|Sect|Tab|Ref|Refs|Thm|Prop|Def|resp|approx|ca|viz|Dr|Prof|No|Vol|Ch|St"
    "|w.r.t|a.k.a"
)
_NOT_AFTER = "".join(rf"(?<!\b{re.escape(word)}\.)" for word in _ABBREVIATIONS.split("|"))
_END = re.compile(rf"(?<!\b[A-Z]\.){_NOT_AFTER}(?<=[.!?])[\"”’)]?\s+(?=[\"“‘(]?[^\sa-z])")


def split(text: str) -> list[str]:
    """Return the sentences of a shown text, without space around them.

    text: plain, as ``tex.plain`` gives it; what lies beyond ``LONGEST`` is not read.
    """
    line = " ".join(text[:LONGEST].split())
    return [one for one in _END.split(line) if one]
