"""One digest for all spellings of a title, so that a title typed in full finds its paper. Pure text, no tables."""

import hashlib
import unicodedata

from broadsheet.papers.tex import plain


def title_key(title: str) -> str:
    """Return 16 hex digits that depend only on the letters and digits of a title, not on case, accents or markup.

    Returns an empty text for a title without letters or digits.
    """
    decomposed = unicodedata.normalize("NFKD", plain(title)).casefold()
    bare = "".join(filter(str.isalnum, decomposed))
    return hashlib.blake2b(bare.encode(), digest_size=8).hexdigest() if bare else ""
