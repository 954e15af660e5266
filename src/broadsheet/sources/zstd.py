"""Reading a zstd file in a stream, in flat memory, and noticing where it is cut off; the library's reader does not."""

import io
from typing import IO, TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A zstd block of four bytes can stand for 128 KiB, so a piece stands for 8 MiB at most.
PIECE = 256


class ZstdReader(io.RawIOBase):
    """The content of a zstd file of one or more frames. Raises EOFError where the last frame is not complete."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._is_inside = False
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill a buffer as far as the next piece goes and return the bytes written; 0 at the end."""
        while not self._ready:
            piece = self._frame.unused_data if self._frame.eof else b""
            if not (piece := piece or self._raw.read(PIECE)):
                if self._is_inside:
                    raise EOFError("the last frame is not complete")
                return 0
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._ready = memoryview(self._frame.decompress(piece))
            self._is_inside = not self._frame.eof
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._ready))
        target[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size
