"""Mailboxes that are files on this machine: a Maildir, and an mbox file. How they are gone through: see ``mailbox``."""

import contextlib
import mailbox
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote


@contextlib.contextmanager
def maildir(parts: SplitResult) -> Iterator["MaildirBox"]:
    """Open a Maildir."""
    yield MaildirBox(_there(parts, "new"))


@contextlib.contextmanager
def mbox(parts: SplitResult) -> Iterator["MboxBox"]:
    """Open an mbox file, locked against the mail server as long as it is read."""
    path = _there(parts, "")
    box = mailbox.mbox(path, create=False)
    try:
        with contextlib.closing(box):  # which writes what was marked, and frees the lock
            box.lock()
            yield MboxBox(box)
    except mailbox.ExternalClashError:
        raise BlockingIOError(f"{path} is in use by another program") from None


class MaildirBox:
    """A Maildir: what was seen lies in ``cur`` under a name that ends with the flag S."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def messages(self, longest: int) -> Iterator[tuple[str, bytes | None]]:
        """Return what was not seen yet."""
        for inside in ("new", "cur"):
            for path in sorted((self.folder / inside).glob("[!.]*")):
                if "S" not in path.name.partition(":2,")[2]:
                    with contextlib.suppress(FileNotFoundError):  # somebody's mail program was quicker
                        yield f"{inside}/{path.name}", path.read_bytes() if path.stat().st_size <= longest else None

    def done(self, key: str) -> None:
        """Delete a message."""
        (self.folder / key).unlink(missing_ok=True)

    def seen(self, key: str) -> None:
        """Put a message where read ones lie."""
        bare, _, flags = Path(key).name.partition(":2,")
        with contextlib.suppress(FileNotFoundError):
            (self.folder / key).rename(self.folder / "cur" / f"{bare}:2,{''.join(sorted({*flags, 'S'}))}")


class MboxBox:
    """An mbox file: what was seen has ``Status: RO``, as mail programs write it."""

    def __init__(self, box: Any) -> None:
        self.box = box  # its keys are numbers, whatever its types say

    def messages(self, longest: int) -> Iterator[tuple[str, bytes | None]]:
        """Return what was not seen yet."""
        for key in list(self.box.keys()):
            with self.box.get_file(key) as file:
                raw = file.read(longest + 1)
            if not re.search(rb"(?im)^status:.*R", raw.partition(b"\n\n")[0]):
                yield str(key), raw if len(raw) <= longest else None

    def done(self, key: str) -> None:
        """Delete a message."""
        self.box.remove(int(key))

    def seen(self, key: str) -> None:
        """Mark a message as read."""
        first, _, rest = self.box.get_bytes(int(key), from_=True).partition(b"\n")
        self.box[int(key)] = first + b"\nStatus: RO\n" + rest


def _there(parts: SplitResult, inside: str) -> Path:
    path = Path(unquote(parts.path))
    if not (path / inside).exists():
        raise FileNotFoundError(f"there is no {path / inside}")
    return path
