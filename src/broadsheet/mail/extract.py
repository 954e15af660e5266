"""The two lines under a title: the sentences of an abstract that tell what was done, not why the field matters."""

import re
from collections.abc import Sequence

from broadsheet.papers import sentences, tex
from broadsheet.papers.models import Paper

LONGEST = 260
"""Characters, about two lines and a half of a mail."""
_SKIPPED = 8

_OPENING = re.compile(
    r"""(?ix)
    ^(?:recent(?:ly)?\b | in\ recent | in\ the\ (?:era|age|field|realm|last|past)\b | over\ the\ (?:past|last)\b
    | nowadays\b | today\b | traditionally\b | with\ the\ (?:rise|advent|growing|rapid|increasing|development)\b
    | as\ (?:large|ai|llm) | (?:abstract|background|introduction|objectives?|motivation|purpose)\b[.:]? )
    | \b(?:ha(?:s|ve)\ (?:become|attracted|gained|emerged|achieved|made|shown|demonstrated|seen|been\ widely)
    | (?:is|are)\ (?:widely|increasingly|becoming|often|commonly|crucial|essential|critical|important|fundamental|vital
    |known|one\ of|a\ (?:key|central|fundamental|crucial|long-standing|longstanding|challenging|core|critical))\b
    | play(?:s)?\ an?\ | remarkable\ (?:success|progress|performance|capabilit)
    | remains?\ (?:a|an|challenging|difficult|unclear|underexplored|largely)\b)
    """
)
_OWN = re.compile(
    r"(?i)\bwe\b|\b(?:this|the present) (?:paper|work|study|article|survey|review|report|note|thesis)\b"
    r"|\b(?:is|are) (?:proposed|introduced|presented|developed) (?:here|in this)\b"
)

# What points back to sentences that are not shown, or says that this is the paper.
_LINK = re.compile(
    r"(?i)^(?:to \w+ (?:this|these|such|those|both)\b[^,.:;]{0,60}, "
    r"|(?:in|with) this (?:paper|work|study|article|report), "
    r"|here, |however, |therefore, |thus, |hence, |motivated by this, |to this end, )(?=\w)"
)


def two_lines(paper: Paper, longest: int = LONGEST) -> str:
    """Return what a paper is about in at most so many characters, as plain text for one paragraph; '' without abstract.

    They begin where the authors first say what they did. Where they never do so in so many words, sentences about how
    important their field is are passed over, unless nothing else is left. What does not fit is cut between words and
    ends in an ellipsis.
    """
    found = sentences.split(tex.plain(paper.abstract))
    if not found:
        return ""
    first = _first(found[: _SKIPPED + 1])
    text = _LINK.sub("", found[first])
    if text != found[first]:
        text = text[0].upper() + text[1:]
    second = found[first + 1] if first + 1 < len(found) else ""
    if second and len(text) + 1 + len(second) <= longest:
        return f"{text} {second}"
    # The second is begun only where enough of it fits to be worth reading.
    if second and longest - len(text) > longest // 3:
        return _cut(f"{text} {second}", longest)
    return _cut(text, longest)


def _first(found: Sequence[str]) -> int:
    """Return the place of the sentence with which an abstract comes to its point."""
    own = (place for place, one in enumerate(found) if _OWN.search(one))
    plain = (place for place, one in enumerate(found) if not _OPENING.search(one))
    return next(own, next(plain, 0))


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    words = kept.rsplit(" ", 1)[0] if " " in kept[longest // 2 :] else kept
    return words.rstrip(" ,;:–—-(") + "…"
