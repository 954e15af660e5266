"""Which pieces of words texts hold and how often, quickly: what a static student reads of them.

The rules are those of ``wordpieces``, which is asked itself for all but plain words of ASCII. Loops: ``piece_loops``.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.encoders.wordpieces import LONGEST_WORD, UNKNOWN, WordPieces

ODD_KEPT = 1 << 15
"""Words with other signs than those of ASCII whose pieces are remembered."""

_LETTERS = bytes(range(ord("0"), ord("9") + 1)) + bytes(range(ord("A"), ord("Z") + 1))
_LETTERS += _LETTERS[10:].lower()


class Counts(NamedTuple):
    """The different pieces of some texts, as they first stand there, and how often. ends: of each text's."""

    ids: NDArray[np.int32]
    times: NDArray[np.int32]
    ends: NDArray[np.int64]


class PieceCounts:
    """Counts the pieces of a vocabulary. Calls may come from any thread."""

    def __init__(self, words: WordPieces) -> None:
        from broadsheet.search.encoders import piece_loops as loops

        self._words = words
        self._pieces_of = lru_cache(ODD_KEPT)(words.of_chunk)
        self._kinds = np.full(256, loops.ODD, np.uint8)
        self._kinds[33:127] = loops.MARK
        self._kinds[list(_LETTERS)] = loops.PLAIN
        self._kinds[list(b" \t\n\r")] = loops.BLANK
        self._unknown = words.pieces.index(UNKNOWN)
        plain = [piece.removeprefix("##") if piece.isascii() else "" for piece in words.pieces]
        self._letters = np.frombuffer("".join(plain).encode(), np.uint8)
        self._starts = np.cumsum([0, *map(len, plain)])
        first = [
            (loops.WITHIN if bare != piece else loops.BEGINNING) if bare else 0
            for bare, piece in zip(plain, words.pieces, strict=True)
        ]
        room = 1 << (2 * len(plain)).bit_length()
        self._table, self._numbers = np.zeros(room, np.uint64), np.zeros(room, np.int32)
        loops.learn(self._letters, self._starts, np.array(first, np.uint64), self._table, self._numbers)

    def of(self, texts: Sequence[str], most: int) -> Counts:
        """Return the pieces among the first ``most`` of each text."""
        from broadsheet.search.encoders import piece_loops as loops

        # Marks of the vocabulary itself stand in brackets: few texts have any, and fewer those.
        apart = {place: self._words.ids(text)[:most] for place, text in enumerate(texts) if "[" in text}
        encoded = [
            b"" if place in apart else f"{text}\n".encode(errors="surrogatepass") for place, text in enumerate(texts)
        ]
        flat = b"".join(encoded)
        text = np.frombuffer(flat, np.uint8)
        odd, odd_ends = self._odd(flat, text)
        found, counts = np.empty((len(texts), most), np.int32), np.zeros(len(texts), np.int64)
        loops.cut(
            text, np.cumsum([len(one) for one in encoded], dtype=np.int64), self._kinds, LONGEST_WORD,
            self._letters, self._starts, self._table, self._numbers, self._unknown, odd, odd_ends, found, counts,
        )  # fmt: skip
        for place, known in apart.items():
            found[place, : len(known)], counts[place] = known, len(known)
        total = int(counts.sum())
        ids, times, ends = np.empty(total, np.int32), np.empty(total, np.int32), np.empty(len(texts), np.int64)
        total = loops.count(found, counts, np.zeros(len(self._words.pieces), np.int32), ids, times, ends)
        return Counts(ids[:total], times[:total], ends)

    def _odd(self, flat: bytes, text: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the pieces of the words that the loops do not know, and where those of each end."""
        from broadsheet.search.encoders import piece_loops as loops

        begins, ends = np.empty((2, len(text) // 2 + 1), np.int64)
        number = loops.odd_words(text, self._kinds, begins, ends)
        places = zip(begins[:number].tolist(), ends[:number].tolist(), strict=True)
        pieces = [self._pieces_of(flat[begin:end].decode(errors="surrogatepass")) for begin, end in places]
        of_all = np.array(list(chain.from_iterable(pieces)), np.int32)
        return of_all, np.cumsum([len(one) for one in pieces], dtype=np.int64)
