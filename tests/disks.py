"""A small disk of its own for a test, to be full or closed. Where none may be mounted the test is skipped."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount 32 MB at a folder, which is made, for the time of a block."""
    folder.mkdir()
    if os.geteuid() != 0 or not _mount(folder, "-t", "tmpfs", "-o", "size=32m", "tmpfs"):
        pytest.skip("only who may mount a disk can have one of its own full or closed, as rights bind not everybody")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """Let nobody write on a disk for the time of a block."""
    assert _mount(folder, "-o", "remount,ro")
    yield
    assert _mount(folder, "-o", "remount,rw")


def _mount(folder: Path, *options: str) -> bool:
    return subprocess.run(["mount", *options, folder], capture_output=True, check=False).returncode == 0
