"""A search as the search page has it in its address, words and filters apart, as the list that can be followed."""

from collections.abc import Mapping

from broadsheet.errors import BadInput
from broadsheet.ranking.listings import Listing, listing


def searched(asked: Mapping[str, str]) -> Listing:
    """Return the list of a search: its filters become operators of the query.

    asked: the page's question: q, category, since and until. Raises BadInput for a search that cannot be read.
    """
    categories = asked.get("category", "").replace(",", " ").split()
    operators = [f"cat:{category}" for category in categories]
    operators += [f"{name}:{value.strip()}" for name in ("since", "until") if (value := asked.get(name, "")).strip()]
    return listing("search", " ".join([asked.get("q", ""), *operators]))


def followable(asked: Mapping[str, str]) -> Listing | None:
    """Return the list of a search, None where it has no words or cannot be followed."""
    try:
        return searched(asked)
    except BadInput:
        return None
