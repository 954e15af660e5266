"""Made-up records for tests, in one line each."""

from datetime import date
from typing import Any

from broadsheet.sources.record import Record


def record(key: str = "2501.00001", **given: Any) -> Record:
    """Return a record with every field a list needs; what is given replaces the default."""
    facts: dict[str, Any] = {
        "id": key,
        "title": f"A Study of Subject {key}",
        "source": "made-up",
        "abstract": f"We study subject {key} and report what we find.",
        "authors": ("A. Example", "B. Instance"),
        "categories": ("cs.LG", "stat.ML"),
        "announced": date(2025, 1, 2),
    }
    return Record(**(facts | given))
