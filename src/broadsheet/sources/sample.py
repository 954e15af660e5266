"""The sample edition that the package brings: real papers of eleven days, with descriptions written for it."""

import importlib.resources
import json
from collections.abc import Iterator

from broadsheet.sources.record import Item
from broadsheet.sources.rows import record_of


class Sample:
    """The sample edition as a source. done and total are papers."""

    name = "sample"

    def __init__(self) -> None:
        self._lines = importlib.resources.files(__package__).joinpath("sample.jsonl").read_text("utf-8").splitlines()
        self.total: int | None = len(self._lines)
        self.done = 0

    def fetch(self, after: int = 0) -> Iterator[Item]:
        """Yield the papers after number ``after``."""
        for position, line in enumerate(self._lines[after:], start=after + 1):
            self.done = position
            yield Item(position, record_of(json.loads(line), self.name))
