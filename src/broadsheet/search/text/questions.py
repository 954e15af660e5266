"""Queries that are questions: which of their words ask, and tell nothing of what is asked for. Pure text."""

_FIRST = {"what", "which", "who", "whose", "how", "when", "where", "why", "is", "are"}
_FIRST |= {"do", "does", "did", "has", "have", "can", "could", "should", "would"}
_ASKING = (_FIRST - {"is", "are"}) | {"whom", "done", "had", "having", "been", "being", "am", "were"}
_ASKING |= {"may", "might", "must", "any", "anyone", "there"}


def bare(text: str) -> str:
    """Return a question without the words that only ask; any other text, or where nothing would be left, as it is.

    Only of questions: elsewhere these words are an author's own, and tell papers apart (docs/search/quality.md).
    """
    words = text.split()
    if not words or not (words[0].lower().strip(",") in _FIRST or words[-1].endswith("?")):
        return text
    return " ".join(word for word in words if word.strip("?.,").lower() not in _ASKING) or text
