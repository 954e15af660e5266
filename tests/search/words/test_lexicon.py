"""The index of words by itself: what is seen when, how texts are cut, what it tells of papers. The port: test_whole."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from broadsheet.errors import BroadsheetError
from broadsheet.search.index import Document, Facts, Filters, Term
from broadsheet.search.machine.trouble import NoRoom
from broadsheet.search.postings.writer import PostingWriter
from broadsheet.search.words.lexicon import Lexicon

EVERYTHING = Filters()
FIRST = date(2026, 1, 1)


def paper(pk: int, title: str = "", abstract: str = "", **more) -> Document:
    return Document(pk, title, abstract, "", **more)


def words(lexicon: Lexicon, text: str, filters: Filters = EVERYTHING) -> set[int]:
    return {hit.id for hit in lexicon.words(text, limit=100, filters=filters)}


@pytest.fixture
def lexicon(tmp_path) -> Iterator[Lexicon]:
    lexicon = Lexicon.anew(tmp_path / "words")
    yield lexicon
    lexicon.close()


def test_what_was_added_or_removed_is_seen_from_the_flush_on(lexicon):
    lexicon.add([paper(1, "alpha"), paper(2, "beta")])
    assert (lexicon.pending, lexicon.size(), words(lexicon, "alpha")) == (True, 0, set())
    lexicon.flush()
    assert (lexicon.pending, lexicon.size(), words(lexicon, "alpha")) == (False, 2, {1})
    lexicon.remove([1])
    lexicon.add([paper(2, "gamma")])
    assert words(lexicon, "alpha beta gamma") == {1, 2}
    lexicon.flush()
    assert (words(lexicon, "alpha beta"), words(lexicon, "gamma"), lexicon.size()) == (set(), {2}, 1)


def test_what_a_category_has_is_known_until_something_new_is_seen(lexicon):
    of_logic = Filters(("cs.LO",))
    lexicon.add([paper(1, "alpha", categories=("cs.LO",)), paper(2, "alpha", categories=("cs.LG",))])
    lexicon.flush()
    for _ in range(2):
        assert (words(lexicon, "alpha", of_logic), lexicon.tally(filters=of_logic).total) == ({1}, 1)
    lexicon.add([paper(3, "alpha", categories=("cs.LO",))])
    lexicon.remove([1])
    lexicon.flush()
    assert (words(lexicon, "alpha", of_logic), lexicon.tally(filters=of_logic).total) == ({3}, 1)


def test_a_paper_is_replaced_before_and_after_the_flush(lexicon):
    for start in range(0, 3000, 500):
        lexicon.add([paper(pk, f"number{pk}") for pk in range(start, start + 500)])
    lexicon.add([paper(7, "other"), paper(7, "seven"), paper(5000, "last"), paper(4000, "between")])
    lexicon.flush()
    assert (lexicon.size(), words(lexicon, "number7 other"), words(lexicon, "seven")) == (3002, set(), {7})
    lexicon.remove([4000, 5000])
    lexicon.flush()
    assert (lexicon.size(), words(lexicon, "number2750")) == (3000, {2750})
    lexicon.add([paper(2750, "changed")])
    lexicon.flush()
    assert (lexicon.size(), words(lexicon, "number2750"), words(lexicon, "changed")) == (3000, set(), {2750})


def test_what_was_not_flushed_is_flushed_at_the_end(tmp_path):
    lexicon = Lexicon.anew(tmp_path)
    lexicon.add([paper(1, "alpha")])
    lexicon.close()
    lexicon = Lexicon.open(tmp_path)
    assert words(lexicon, "alpha") == {1}
    lexicon.close()


def test_a_folder_without_an_index_is_none(tmp_path):
    with pytest.raises(BroadsheetError, match="no index of words"):
        Lexicon.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "asked", "found"),
    [
        ("T cells", "t", True),
        ("Newton's laws", "that's", False),
        ("हिन्दी", "हिन्द", False),
        ("שָׁלוֹם", "שלום", True),
        ("x\u0302 in a space", "x", True),
        ("heart ❤\ufe0f rate", "heart❤rate", True),
        ("a_b", "b", True),
        ("中" * 64, "中" * 64, True),
        ("a" * 300, "a" * 300, False),
    ],
)
def test_texts_are_cut_into_words_alike_on_both_sides(lexicon, text, asked, found):
    lexicon.add([paper(1, text)])
    lexicon.flush()
    assert words(lexicon, asked) == ({1} if found else set())


def test_conditions_never_change_the_scores(lexicon):
    days = {pk: FIRST + timedelta(pk % 10) for pk in range(200)}
    lexicon.add(
        [paper(pk, "alpha " * (1 + pk % 5), "filler " * (pk % 7), day=day, categories=("cs.LG",), code=True)
         for pk, day in days.items()]
    )  # fmt: skip
    lexicon.flush()
    plain = lexicon.words("alpha filler", limit=300, filters=EVERYTHING)
    narrow = Filters(("cs",), FIRST, FIRST + timedelta(20), has=("code",), terms=(Term("title", "alpha"),))
    assert {hit.id: hit.score for hit in lexicon.words("alpha filler", limit=300, filters=narrow)} == {
        hit.id: pytest.approx(hit.score, rel=1e-2) for hit in plain
    }


def test_stop_words_alone_are_held_by_no_paper_and_no_word_at_all_by_each(lexicon):
    lexicon.add([paper(1, "the of and")])
    lexicon.flush()
    assert lexicon.tally(filters=Filters(terms=(Term("words", "the of"),))).total == 0
    assert lexicon.tally(filters=Filters(terms=(Term("words", "?!"),))).total == 1
    assert lexicon.tally(filters=Filters(terms=(Term("any", "the of", exact=True),))).total == 1


def test_papers_without_a_day_take_no_place_among_the_newest(lexicon):
    lexicon.add([paper(pk, day=FIRST if pk % 2 else None) for pk in range(20)])
    lexicon.flush()
    assert {hit.id for hit in lexicon.newest(limit=10, filters=EVERYTHING)} == set(range(1, 20, 2))
    assert len(lexicon.newest(limit=100, filters=EVERYTHING)) == 10


def test_counts_by_category_are_exact_in_several_segments(lexicon):
    for start in range(0, 600, 100):
        lexicon.add([paper(pk, categories=(f"c{pk % 60:02}.X", *(["top"] * (pk < 99)))) for pk in range(start, 600)])
        lexicon.flush()
    told = lexicon.tally(filters=EVERYTHING, facets=True)
    assert told.total == 600
    assert told.categories[0] == ("top", 99)
    assert len(told.categories) == 40
    assert {number for _, number in told.categories[1:]} == {10}


def test_ids_are_listed_in_order_and_behind_one(lexicon):
    lexicon.add([paper(pk) for pk in (30, 10, 20, 40)])
    lexicon.flush()
    assert lexicon.ids(0, 3) == [10, 20, 30]
    assert lexicon.ids(30, 3) == [40]
    assert lexicon.ids(40, 3) == lexicon.ids(0, 0) == []


def test_it_tells_what_papers_are_filed_under_and_which_fulfil_something(lexicon):
    lexicon.add([paper(1, "alpha", categories=("cs.LG", "math"), day=FIRST, code=True), paper(2, "alpha"), paper(3)])
    lexicon.flush()
    assert lexicon.facts([1, 2, 77]) == {1: Facts(("cs.LG", "math", "cs"), FIRST.toordinal(), ("code",)), 2: Facts()}
    holding = Filters(terms=(Term("any", "alpha"),))
    assert sorted(lexicon.matching(holding)) == [1, 2]
    assert lexicon.which([2, 3, 77], holding) == {2}
    assert lexicon.which([], holding) == set()
    assert lexicon.facts([]) == {}


def test_texts_are_cut_in_several_threads_at_once(lexicon):
    lexicon.add([paper(pk, f"number{pk} common") for pk in range(50)])
    lexicon.flush()
    wrong: list[object] = []

    def ask() -> None:
        for pk in range(50):
            try:
                if words(lexicon, f"number{pk}", Filters(terms=(Term("title", "common"),))) != {pk}:
                    wrong.append(pk)
            except BroadsheetError as error:
                wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_after_a_failure_to_write_the_next_change_is_taken_in(lexicon, tmp_path):
    lexicon.add([paper(1, "alpha")])
    lexicon.flush()
    lexicon.add([paper(2, "beta")])
    (tmp_path / "words").rename(tmp_path / "elsewhere")  # nothing can be written, as on a full disk
    with pytest.raises(BroadsheetError, match="writing to disk"):
        lexicon.flush()
    (tmp_path / "elsewhere").rename(tmp_path / "words")
    assert (lexicon.pending, words(lexicon, "alpha beta")) == (False, {1})
    lexicon.add([paper(2, "beta")])
    lexicon.flush()
    assert words(lexicon, "alpha beta") == {1, 2}


def test_what_went_while_the_disk_was_full_between_both_halves_goes_at_the_next_flush(lexicon, monkeypatch):
    lexicon.add([paper(1, "alpha"), paper(2, "alpha"), paper(3, "alpha")])
    lexicon.flush()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PostingWriter, "publish", full)
    lexicon.remove([1])
    lexicon.add([paper(3, "alpha gamma"), paper(4, "alpha")])
    with pytest.raises(NoRoom):
        lexicon.flush()
    monkeypatch.undo()
    lexicon.flush()
    assert (lexicon.ids(0, 10), lexicon.listed().tolist()) == ([2, 3], [2, 3])  # 4 comes again, as no state knows of it
    lexicon.add([paper(3, "alpha gamma"), paper(4, "alpha")])
    lexicon.flush()
    assert (words(lexicon, "alpha"), words(lexicon, "gamma"), lexicon.size()) == ({2, 3, 4}, {3}, 3)
