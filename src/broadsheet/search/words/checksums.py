"""Whether the files of the index of words still hold what was written: each ends with the check sum of what is before.

Neither the engine (Tantivy) nor the postings look at these when an index is opened.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from broadsheet.search.postings import postings, segments
from broadsheet.search.words.lexicon import POSTINGS

KINDS = ("fast", "fieldnorm", "idx", "pos", "store", "term")
"""Endings of a segment's files."""

_MAGIC = 1337
_PIECE = 8 << 20


def broken(folder: Path) -> list[str]:
    """Return the names of files that lack, are cut, or hold something else than was written.

    An owner may merge segments meanwhile: what is wrong counts only if the list of segments still names it.
    Raises OSError or ValueError where that list cannot be read.
    """
    wrong = {name for name in _named(folder) if not _is_whole(folder / name)}
    wrong |= {name for name in _listed(folder) if not segments.is_whole(folder / name)}
    return sorted(wrong.intersection(_named(folder)) | wrong.intersection(_listed(folder))) if wrong else []


def _listed(folder: Path) -> list[str]:
    """Return the segments of postings that count."""
    return [f"{POSTINGS}/{name}" for name, _ in postings.listed(folder / POSTINGS)]


def _named(folder: Path) -> Iterator[str]:
    """Yield the files that the list of segments names. Raises ValueError for one of another form."""
    try:
        for segment in json.loads((folder / "meta.json").read_text())["segments"]:
            stem = segment["segment_id"].replace("-", "")
            yield from (f"{stem}.{kind}" for kind in KINDS)
            if deletes := segment.get("deletes"):
                yield f"{stem}.{deletes['opstamp']}.del"
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{folder / 'meta.json'} is no list of segments") from error


def _is_whole(path: Path) -> bool:
    """Tell whether a file's content has the CRC-32 that stands in its footer: content, JSON, its length, a number."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(size - 8)
            length, magic = struct.unpack("<II", file.read(8))
            left = size - 8 - length
            if magic != _MAGIC or left < 0:
                return False
            file.seek(left)
            wanted = json.loads(file.read(length))["crc"]
            file.seek(0)
            sum_ = 0
            while left > 0 and (piece := file.read(min(_PIECE, left))):
                sum_ = zlib.crc32(piece, sum_)
                left -= len(piece)
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return False
    return bool(left == 0 and sum_ == wanted)
