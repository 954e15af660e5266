"""What full and closed disks do to an index: it is said, and nothing is lost."""

import contextlib
import os
import resource
import subprocess
from pathlib import Path

import pytest
from tests.search.keeping.damaged import (
    EVERYTHING,
    PAPERS,
    fill,
    found,
    looked,
)

from broadsheet.errors import BroadsheetError
from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.keeping import upkeep

pytestmark = pytest.mark.django_db


class Disk:
    """A small disk of its own for the index, where it may be mounted; else files of this process may not grow."""

    def __init__(self, folder: Path, settings):
        self.folder = folder
        folder.mkdir()
        self.mounted = os.geteuid() == 0 and self._mount("-t", "tmpfs", "-o", "size=3m", "tmpfs")
        settings.INDEX_DIR = folder / "index"

    def _mount(self, *options):
        return subprocess.run(["mount", *options, self.folder], capture_output=True, check=False).returncode == 0

    @contextlib.contextmanager
    def full(self):
        """Leave no room for the time of a block."""
        if not self.mounted:
            before = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 12, before[1]))
            try:
                yield
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
            return
        filler = self.folder / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                pass
        yield
        filler.unlink()
        assert self._mount("-o", "remount,size=64m")

    @contextlib.contextmanager
    def closed(self):
        """Let nobody write for the time of a block; no right binds the one who may mount."""
        assert self._mount("-o", "remount,ro")
        yield
        assert self._mount("-o", "remount,rw")

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.folder], check=False)


@pytest.fixture
def disk(tmp_path, settings, table):
    disk = Disk(tmp_path / "disk", settings)
    current.release()
    fill()
    yield disk
    current.release()
    state.read(now=True)
    disk.close()


def test_a_full_disk_is_told_loses_nothing_and_is_gone_on_from(disk):
    own = current.own()
    upkeep.catch_up(own)
    with disk.full():
        for number in (PAPERS + 1, 1200):
            fill(number)
            with pytest.raises(BroadsheetError, match="disk") as raised:
                upkeep.catch_up(own)
            assert "room" in f"{raised.value}".lower()
            assert (len(own.words("alpha", limit=2000, filters=EVERYTHING)), Paper.objects.count()) == (PAPERS, number)
            assert state.read(now=True).papers == PAPERS
    assert upkeep.catch_up(own) == 1200 - PAPERS
    assert looked()[0].keys() <= {"Room"}
    assert len(own.words("alpha", limit=2000, filters=EVERYTHING)) == 1200


def test_an_index_is_not_begun_on_a_full_disk(disk):
    with disk.full():
        with pytest.raises(BroadsheetError) as raised:
            upkeep.catch_up(current.own())
        assert "room" in f"{raised.value}".lower()
        current.release()
    upkeep.catch_up(current.own())
    current.release()
    assert found() == PAPERS


def test_a_disk_that_may_not_be_written_is_searched_and_told(disk):
    if not disk.mounted:
        pytest.skip("only who may mount a disk can close it, as rights do not bind everybody")
    upkeep.catch_up(current.own())
    current.release()
    with disk.closed():
        assert found() == PAPERS
        current.release()
        wrong, _ = looked()
        assert "may not be written" in wrong["Rights"].message
        with pytest.raises(BroadsheetError, match="written"):
            current.own()
        assert found() == PAPERS
    current.release()
    assert looked()[0].keys() <= {"Room"}
