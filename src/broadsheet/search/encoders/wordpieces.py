"""Cutting text into the pieces of words that BERT models read, as the published tokenizer does, many times faster.

The same numbers come out as of ``tokenizers`` with the model's own file; that library also reckons where each piece
stands in the text, which takes most of its time and is of no use to the static student. They differ in rare signs that
came to Unicode after 2015, which that library does not know.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from broadsheet.errors import BadInput

WORDS_KEPT = 1 << 16
"""Words whose pieces are remembered; with more of them memory would grow by 200 bytes each, to no gain."""

LONGEST_WORD = 100
"""Signs of a word beyond which it counts as unknown, as in the published tokenizer."""

UNKNOWN = "[UNK]"

_MARK_NAMES = frozenset({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"})
_MARKS = re.compile(r"(\[(?:PAD|UNK|CLS|SEP|MASK)\])")  # the vocabulary's own marks count wherever they stand in a text
_ASCII_MARKS = r"!-/:-@\[-`{-~"
_CHUNKS = re.compile(rf"[^ \t\n\r{_ASCII_MARKS}]+|[{_ASCII_MARKS}]")
_CJK = re.compile(
    "([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002b81d\U0002b920-\U0002ceaf"
    "\U0002f800-\U0002fa1f])"
)
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs"})


class WordPieces:
    """The pieces of a vocabulary. Calls may come from any thread: what they share is filled in whole steps.

    pieces: in the order of their numbers; those within a word begin with ``##``.
    """

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = pieces
        self._numbers = {piece: number for number, piece in enumerate(pieces)}
        self._unknown = (self._numbers[UNKNOWN],)
        self._longest = max(map(len, pieces))
        self._known = _Remembered(self)

    def ids(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces, without marks of its beginning and end."""
        if "[" in text and (parts := _MARKS.split(text))[1:]:
            return [number for part in parts for number in (self._mark(part) or self._ids(part))]
        return self._ids(text)

    def _ids(self, text: str) -> list[int]:
        # Capitals beyond ASCII are made small word by word, in the order in which the published tokenizer does it.
        return list(chain.from_iterable(map(self._known.__getitem__, _CHUNKS.findall(_small(text)))))

    def _mark(self, part: str) -> tuple[int, ...]:
        return (self._numbers[part],) if _MARKS.fullmatch(part) else ()

    def of_chunk(self, chunk: str) -> tuple[int, ...]:
        """Return the pieces of what stands between blanks and marks of ASCII; it may hold others."""
        if chunk.isascii() and chunk.isprintable():
            return self._of_word(chunk.lower())
        return tuple(number for word in _words(chunk) for number in self._of_word(word))

    def _of_word(self, word: str) -> tuple[int, ...]:
        """Cut a word into the longest pieces from its beginning on (Wu et al. 2016); unknown where one is missing."""
        if len(word) > LONGEST_WORD:
            return self._unknown
        found, begin = [], 0
        while begin < len(word):
            before = "##" if begin else ""
            for end in range(min(len(word), begin + self._longest), begin, -1):
                number = self._numbers.get(before + word[begin:end])
                if number is not None:
                    found.append(number)
                    begin = end
                    break
            else:
                return self._unknown
        return tuple(found)


def pieces_of(tokenizer: Path) -> tuple[str, ...]:
    """Return the pieces in a published tokenizer's file, by number. Raises BadInput for one that cuts otherwise."""
    told = json.loads(tokenizer.read_bytes())
    normal = told.get("normalizer") or {}
    as_here = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "lowercase": True}
    if told["model"].get("type") != "WordPiece" or not as_here.items() <= normal.items():
        raise BadInput(f"{tokenizer} cuts words in another way than uncased BERT models do.", "Use another model.")
    return tuple(sorted(told["model"]["vocab"], key=told["model"]["vocab"].__getitem__))


def of_ascii(file: Path, published: Any) -> Callable[[str], list[int]] | None:
    """Return what cuts texts of ASCII as a published tokenizer does, a mark at either end; None where that is unlike.

    file: of the tokenizer ``published``, which takes twice as long for a few words.
    """
    marks = {mark.get("content") for mark in json.loads(file.read_bytes()).get("added_tokens") or ()}
    try:
        known = pieces_of(file)
    except BadInput:
        return None
    if marks != _MARK_NAMES or not marks <= set(known):  # else one stands for itself in one of the two alone
        return None
    pieces = WordPieces(known)
    begin, *inner, end = published.encode(_PROBE).ids
    if inner != pieces.ids(_PROBE):
        return None
    return lambda text: [begin, *pieces.ids(text), end]


_PROBE = f"Un-affable [GRAPHS], [MASK] x[SEP]y [cls] v1.5:\t\x07 {'a' * LONGEST_WORD} {'a' * LONGEST_WORD}b (models)"


class _Remembered(dict[str, tuple[int, ...]]):
    """The pieces of words seen so far, most of them of running text; begun anew when full."""

    def __init__(self, pieces: WordPieces) -> None:
        super().__init__()
        self._pieces = pieces

    def __missing__(self, chunk: str) -> tuple[int, ...]:
        found = self._pieces.of_chunk(chunk)
        if len(self) >= WORDS_KEPT:
            self.clear()
        self[chunk] = found
        return found


def _small(text: str) -> str:
    return text.lower() if text.isascii() else text


def _words(chunk: str) -> list[str]:
    """Return the words of a chunk by BERT's rules: cleaned, each CJK sign alone, no accents, small, marks apart."""
    kept = "".join(" " if sign.isspace() else sign for sign in chunk if not _is_dropped(sign))
    if not kept.isascii():
        kept = _CJK.sub(r" \1 ", kept)
        kept = "".join(sign for sign in unicodedata.normalize("NFD", kept) if unicodedata.category(sign) != "Mn")
    kept = "".join(sign.lower() for sign in kept)  # one by one: the last sigma of a word is no other letter here
    return "".join(f" {sign} " if _is_mark(sign) else sign for sign in kept).split()


def _is_dropped(sign: str) -> bool:
    return sign == "\ufffd" or (unicodedata.category(sign) in _UNSEEN and sign not in "\t\n\r")


def _is_mark(sign: str) -> bool:
    if sign.isascii():  # such as the = of a crossed-out one, which is a symbol by its category
        return not (sign.isalnum() or sign.isspace())
    return unicodedata.category(sign)[0] == "P"
