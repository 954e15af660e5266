"""The first pages of a PDF as lines of text with the size of their letters, read by a process of its own.

A PDF is a program for a reader of PDFs, and one made to harm can keep it busy or let it grow without end. Limits inside
the library can only guess where; so the file is read by another process, whose processor time and memory the system
limits, and which is killed when its time is up. What the lines mean is ``draft_files``.
"""

import json
import math
import subprocess
import sys
import threading
from contextlib import suppress
from io import BytesIO
from typing import Any, NamedTuple

from broadsheet.errors import BadInput, Conflict

MOST_PAGES = 3
MOST_MEMORY = 768 * 1024 * 1024
"""Bytes of address space that reading a PDF may take."""

SECONDS = 8
"""Of processor time; by the clock twice as many, as the machine has other things to do."""

MOST_SIGNS = 60_000
"""Characters that are told of a PDF; what a draft says of itself stands in the first few thousand."""

AT_ONCE = 2
"""PDFs that one process of the site has read at a time."""

PASTE = "Paste its title and abstract instead."
_PROBLEMS = {
    "encrypted": "The PDF is encrypted, so its text cannot be read.",
    "broken": "The PDF is broken: its pages cannot be read.",
    "empty": "The PDF holds no text; it may be a scan, which is pictures of text.",
    "costly": "The PDF takes more time or memory than one draft may.",
}
_free = threading.BoundedSemaphore(AT_ONCE)


class Line(NamedTuple):
    """One line of text. size: of its largest letters, in points. page: from 0."""

    text: str
    size: float
    page: int


def lines_of(content: bytes, *, seconds: float = SECONDS, memory: int = MOST_MEMORY) -> list[Line]:
    """Return the lines of the first pages of a PDF, in the order in which they were set.

    seconds: of processor time. memory: bytes.
    Raises BadInput for one that is encrypted, broken or without text, and for one that would take too long; Conflict
    where others are being read and it is not its turn within ``seconds``.
    """
    if not _free.acquire(timeout=seconds):
        raise Conflict("Other PDFs are being read right now.", f"Try again in some seconds. {PASTE}")
    try:
        told = _asked(content, seconds, memory)
    finally:
        _free.release()
    if problem := told.get("problem"):
        raise BadInput(_PROBLEMS.get(str(problem), _PROBLEMS["broken"]), PASTE)
    return [Line(str(text), float(size), int(page)) for text, size, page in told["lines"]]


def _asked(content: bytes, seconds: float, memory: int) -> dict[str, Any]:
    """Return what the other process tells of a PDF; where it was ended, that it was too costly."""
    command = [sys.executable, "-I", "-X", "utf8", "-m", __spec__.name, str(math.ceil(seconds)), str(memory)]
    try:
        done = subprocess.run(  # noqa: S603 (our own program; the file goes to its input)
            command, input=content, capture_output=True, timeout=2 * seconds, check=False
        )
        told = json.loads(done.stdout) if done.returncode == 0 else {"problem": "costly"}
    except (subprocess.TimeoutExpired, ValueError):
        return {"problem": "costly"}
    return told if isinstance(told, dict) else {"problem": "broken"}


# --- In the other process -----------------------------------------------------------------------------------------


def main() -> None:
    """Read a PDF from the standard input and write what it says as JSON. Arguments: seconds and bytes it may take."""
    _limit(int(sys.argv[1]), int(sys.argv[2]))
    try:
        told: dict[str, Any] = {"lines": _read(sys.stdin.buffer.read())}
        if not any(text.strip() for text, _, _ in told["lines"]):
            told = {"problem": "empty"}
    except MemoryError:
        told = {"problem": "costly"}
    except _Encrypted:
        told = {"problem": "encrypted"}
    except Exception:  # noqa: BLE001 (a broken file may fail anywhere in the library)
        told = {"problem": "broken"}
    sys.stdout.write(json.dumps(told))


class _Encrypted(Exception):
    """The text cannot be had without a password."""


def _limit(seconds: int, memory: int) -> None:
    """Let the system end this process when it takes more; it may write no file. Windows has but the clock."""
    with suppress(ImportError):
        import resource

        limits = ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0))
        for kind, most in limits:
            resource.setrlimit(kind, (most, most))
        with suppress(ValueError, OSError):  # some systems know no limit of the address space
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _read(content: bytes) -> list[tuple[str, float, int]]:
    import pypdf
    from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError

    try:
        reader = pypdf.PdfReader(BytesIO(content))
        # Many files forbid printing and the like with a password, and let everybody read.
        if reader.is_encrypted and not reader.decrypt(""):
            raise _Encrypted
        found: list[tuple[str, float, int]] = []
        left = MOST_SIGNS
        for number in range(min(len(reader.pages), MOST_PAGES)):
            for text, size in _of_page(reader.pages[number]):
                if left <= 0:
                    return found
                found.append((text[:left], size, number))
                left -= len(text)
    except (DependencyError, FileNotDecryptedError) as error:
        raise _Encrypted from error
    except LimitReachedError as error:  # the library's own, for what unpacks to too much
        raise MemoryError from error
    return found


def _of_page(page: Any) -> list[tuple[str, float]]:
    pieces: list[tuple[str, float]] = []

    def visit(text: str, matrix: list[float], at: list[float], _font: Any, size: float | None) -> None:
        # What stands upright or upside down at the margin, as arXiv's stamp does, is no part of the text.
        if abs(at[1] * matrix[0] + at[0] * matrix[1]) > abs(at[0] * matrix[0]) + abs(at[1] * matrix[1]):
            pieces.append(("\n", 0.0))
            return
        scale = math.hypot(at[2], at[3]) * math.hypot(matrix[2], matrix[3])
        pieces.append((text, abs(float(size or 0) * scale)))

    page.extract_text(visitor_text=visit)
    return _lines(pieces)


def _lines(pieces: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return pieces of text put together to lines, each with the size of its largest letters."""
    lines: list[tuple[str, float]] = []
    text, size = "", 0.0
    for piece, its_size in pieces:
        for place, part in enumerate(piece.split("\n")):
            if place:
                lines.append((text, size))
                text, size = "", 0.0
            text += part
            size = max(size, its_size if part.strip() else 0.0)
    lines.append((text, size))
    return [(" ".join(text.split()), round(size, 2)) for text, size in lines if text.strip()]


if __name__ == "__main__":
    main()
