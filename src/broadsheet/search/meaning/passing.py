"""Which rows of an index of vectors fulfil filters, and which row a paper has."""

import threading

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.index import Facts, Filters
from broadsheet.search.machine.mapped import Array
from broadsheet.search.meaning.codes import Rows, Words, fixed
from broadsheet.search.meaning.columns import DAYS, GONE, IDS, View, filed_name, words_of

_MOST, _ALL = int(np.iinfo(np.int64).max), np.uint64(2**64 - 1)

# Keys below are looked up in an array, of which only the pages that are used take memory; others in a dict.
_ARRAY = 1 << 26


def filed_under(facts: Facts) -> tuple[str, ...]:
    """Return the names that a paper has bits of: its categories and what it has."""
    return (*(f"category {one}" for one in facts.categories), *(f"has {one}" for one in facts.has))


def bits_of(names: dict[str, int], wanted: tuple[str, ...]) -> dict[int, int]:
    """Return the bits of names by column; names that no paper was ever filed under have none."""
    found: dict[int, int] = {}
    for name in wanted:
        if (bit := names.get(name)) is not None:
            found[bit // 64] = found.get(bit // 64, 0) | 1 << bit % 64
    return found


def filed_bits(names: dict[str, int], under: list[tuple[str, ...]]) -> Array:
    """Return the bits of papers that are filed under names, as [papers, words]."""
    kinds: dict[tuple[str, ...], list[int]] = {}
    for one in under:
        if one not in kinds:
            bits = bits_of(names, one)
            kinds[one] = [bits.get(word, 0) for word in range(words_of(names))]
    return np.array([kinds[one] for one in under], np.uint64).reshape(len(under), words_of(names))


def filed_again(view: View, rows: Rows, names: dict[str, int]) -> Array:
    """Return the bits of rows as [rows, words] by other names, which hold all of theirs."""
    found = np.zeros((len(rows), words_of(names)), np.uint64)
    for name, bit in view.names.items():
        has = view.arrays[filed_name(bit // 64)][rows] >> np.uint64(bit % 64) & np.uint64(1)
        found[:, names[name] // 64] |= has << np.uint64(names[name] % 64)
    return found


def every(count: int) -> Words:
    """Return the set of the first rows, a bit a row."""
    bits = np.full(-(-count // 64), _ALL)
    if count % 64:
        bits[-1] = np.uint64((1 << count % 64) - 1)
    return bits


def among(rows: Rows, count: int) -> Words:
    """Return the set of some rows of the first ``count``; those below 0 are none."""
    from broadsheet.search.meaning import row_sets

    bits = np.zeros(-(-count // 64), np.uint64)
    row_sets.marked(rows, bits)
    return bits


def taken(view: View, bits: Words) -> None:
    """Take out of a set the rows that are free."""
    from broadsheet.search.meaning import row_sets

    row_sets.between(_column(view, IDS, bits), GONE + 1, _MOST, bits)


def narrow(view: View, bits: Words, filters: Filters) -> None:
    """Take out of a set the rows that do not fulfil the facts of filters, ids and terms aside."""
    from broadsheet.search.meaning import row_sets

    if filters.since or filters.until:
        low = filters.since.toordinal() if filters.since else 1
        high = filters.until.toordinal() if filters.until else _MOST
        row_sets.between(_column(view, DAYS, bits), low, high, bits)
    for one in filters.has:
        bits &= _any(view, bits, (f"has {one}",))
    if filters.categories:
        bits &= _any(view, bits, tuple(f"category {one}" for one in filters.categories))
    none_of = Facts(filters.not_categories, None, filters.lacks)
    if none_of.categories or none_of.has:
        bits &= ~_any(view, bits, filed_under(none_of))


def rows_of(bits: Words) -> NDArray[np.int32]:
    """Return the rows of a set, in rising order."""
    from broadsheet.search.meaning import row_sets

    rows = np.empty(int(np.bitwise_count(bits).sum()), np.int32)
    row_sets.rows_of(bits, rows)
    return rows


def narrows(filters: Filters) -> bool:
    """Tell whether filters ask for facts at all."""
    return bool(
        filters.since or filters.until or filters.has or filters.categories or filters.not_categories or filters.lacks
    )


def _any(view: View, bits: Words, names: tuple[str, ...]) -> Words:
    """Return those of a set that have one of the names."""
    from broadsheet.search.meaning import row_sets

    found = np.zeros(len(bits), np.uint64)
    for word, wanted in bits_of(view.names, names).items():
        row_sets.holding(_column(view, filed_name(word), bits), np.uint64(wanted), bits, found)
    return found


def _column(view: View, name: str, bits: Words) -> Array:
    """Return a column that has a row for every bit of a set."""
    column = view.arrays[name]
    if len(column) < 64 * len(bits):
        raise IndexError("The column is not of as many rows.")
    return fixed(column)


class Places:
    """Which row each paper has. Of rows that were freed or given to others it may still know: compare with the ids."""

    def __init__(self) -> None:
        self._near: NDArray[np.int32] = np.zeros(1024, np.int32)  # the row plus one, 0 for none
        self._far: dict[int, int] = {}
        self._seen = 0
        self._reused = -1
        self._learning = threading.Lock()

    def follow(self, ids: Array, count: int, reused: int) -> None:
        """Learn the rows that came since; all of them where freed rows were given to others."""
        if count == self._seen and reused == self._reused:
            return
        with self._learning:
            begin = self._seen if reused == self._reused else 0
            self._learn(ids[begin:count], np.arange(begin, count))
            self._seen, self._reused = count, reused

    def note(self, ids: Array, rows: Rows, count: int, reused: int) -> None:
        """Learn the rows that this process just wrote, which are all that changed."""
        with self._learning:
            self._learn(ids, rows)
            self._seen, self._reused = count, reused

    def _learn(self, ids: Array, rows: Rows) -> None:
        ids = np.array(ids)  # a copy: rows may be freed meanwhile, and what they say then is no key
        near = (ids >= 0) & (ids < _ARRAY)
        if near.any():
            keys = ids[near]
            if (most := int(keys.max())) >= len(self._near):
                wider = np.zeros(1 << most.bit_length(), np.int32)
                wider[: len(self._near)] = self._near
                self._near = wider
            self._near[keys] = rows[near] + 1
        if not near.all():
            far = zip(ids[~near].tolist(), rows[~near].tolist(), strict=True)
            self._far.update((key, row) for key, row in far if key != GONE)

    def rows(self, wanted: Array, ids: Array) -> Rows:
        """Return the row of each paper, -1 for those that have none."""
        from broadsheet.search.meaning import row_sets

        rows = np.empty(len(wanted), np.int64)
        row_sets.looked_up(self._near, fixed(np.ascontiguousarray(wanted)), fixed(ids), rows)
        if self._far:
            for place in np.flatnonzero((wanted < 0) | (wanted >= len(self._near))).tolist():
                row = self._far.get(int(wanted[place]), -1)
                rows[place] = row if row < len(ids) and ids[row] == wanted[place] else -1
        return rows
