"""How commands show progress and tables. What untrusted text may do to a terminal is undone here."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

errors = Console(stderr=True, highlight=False)

type Advance = Callable[[float, float | None, str], None]


@contextmanager
def progress(what: str) -> Iterator[Advance]:
    """Show a bar with rate and remaining time on the error output; yields a function of (done, total, note).

    On an output that is not a terminal a line is printed at most every few seconds instead.
    """
    if errors.is_terminal:
        columns = (
            TextColumn(what),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=errors) as bar:
            task = bar.add_task(what, total=None, note="")
            yield lambda done, total, note: bar.update(task, completed=done, total=total, note=note)
    else:
        yield _Lines(what)


class _Lines:
    """Progress as lines, for logs: one at every tenth of the way, of each part where there are several."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.tenth = -1

    def __call__(self, done: float, total: float | None, note: str) -> None:
        tenth = int(done * 10 / total) if total else -1
        if tenth != self.tenth:
            self.tenth = tenth
            print(f"{self.what}: {tenth * 10} % {note}".rstrip(), file=sys.stderr, flush=True)  # noqa: T201 (its job)


def safe(text: str) -> str:
    """Return a text without control characters, which could rewrite a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
