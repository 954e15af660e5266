"""What the polite client wants of a memory of former answers. The memory itself is ``work.answers``."""

from typing import NamedTuple, Protocol


class Remembered(NamedTuple):
    """A former answer: its ETag and Last-Modified headers as they came, one of them may be '', and its body."""

    etag: str
    modified: str
    body: bytes


class Memory(Protocol):
    """Remembers answers by a text that names the question."""

    def recall(self, question: str) -> Remembered | None:
        """Return the last answer to a question, None where it is not known."""

    def keep(self, question: str, answer: Remembered) -> None:
        """Remember an answer; one that is too large is forgotten instead."""
