"""Postings: what plain words find and how it is scored, what is written anew and when, and what damage is noticed."""

import contextlib
import os
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import numpy as np
import pytest

from broadsheet.errors import BroadsheetError
from broadsheet.search.index import Document, Filters, Term
from broadsheet.search.postings import making as posting_making
from broadsheet.search.postings import places as posting_places
from broadsheet.search.postings import postings, segments
from broadsheet.search.postings import writer as posting_writer
from broadsheet.search.postings.postings import FILE, Postings
from broadsheet.search.postings.sets import Sets
from broadsheet.search.postings.writer import PostingWriter
from broadsheet.search.terms.expressions import expression
from broadsheet.search.terms.fields import pieces
from broadsheet.search.terms.scoring import wanted
from broadsheet.search.text.compounds import Alike

DAY = date(2026, 1, 5)


def paper(pk, title="", abstract="", **facts):
    return Document(pk, title, abstract, "", **facts)


def add(writer, *papers):
    writer.add(papers, [pieces(one) for one in papers])


@pytest.fixture
def writer(tmp_path):
    return PostingWriter.anew(tmp_path / "postings")


def found(postings, text, filters=None, limit=50, alike=()):
    among = postings.holding(expression(filters, {}.get)) if filters else None
    return postings.best(wanted(text, alike), limit=limit, among=among)


def ids(*asked, **more):
    return [hit.id for hit in found(*asked, **more)]


def test_a_paper_is_found_by_each_of_its_words_in_any_ending_once_it_is_flushed(writer):
    add(writer, paper(1, "Graph Networks", "They are trained on molecules, naïvely."))
    assert ids(writer.postings, "graph") == []
    writer.flush()
    for text in ("graph", "networking", "molecule", "naively", "GRAPHS"):
        assert ids(writer.postings, text) == [1], text
    assert wanted("they", ()) is None
    assert ids(writer.postings, "train") == [1]


def test_letters_of_every_script_are_words(writer):
    add(writer, paper(1, "量子 コンピュータ", "Обучение и χ-squared"), paper(2, "Plain words"))
    writer.flush()
    for text in ("量子", "обучение", "chi"):
        assert ids(writer.postings, text) == [1], text


def test_the_great_letter_whose_small_form_is_two_signs_is_found_in_both_and_without_its_dot(writer):
    add(writer, paper(1, "The \u0130stanbul lectures"), paper(2, "Other lectures"))
    writer.flush()
    for text in ("\u0130stanbul", "istanbul", "Istanbul", "i\u0307stanbul"):
        assert ids(writer.postings, text) == [1], text


def test_papers_without_words_and_with_great_keys_are_papers(writer):
    add(writer, paper(1), paper(2**31 + 5, "alpha"), paper(2**62, "alpha"))
    writer.flush()
    assert (sorted(ids(writer.postings, "alpha")), writer.postings.size()) == ([2**31 + 5, 2**62], 3)
    writer.remove([2**62])
    writer.flush()
    assert Postings(writer.folder).ids().tolist() == [1, 2**31 + 5]


def test_more_papers_than_a_segment_may_have_are_written_as_several(writer, monkeypatch):
    monkeypatch.setattr(posting_writer, "MOST", 16)
    add(writer, *(paper(pk, f"alpha word{pk}") for pk in range(40)))
    writer.flush()
    assert [len(segment.parts.ids) for segment in writer.postings.segments] == [16, 16, 8]
    assert sorted(ids(writer.postings, "alpha")) == list(range(40))
    assert ids(writer.postings, "word39") == [39]


def test_of_papers_far_apart_those_that_may_be_found_are(writer):
    add(writer, paper(10, "alpha"), paper(10**10, "alpha"), paper(10**10 + 7, "alpha"))
    writer.flush()
    among = Sets.of_ids(writer.postings.view, np.array([1, 11, 12, 10**10, 10**10 + 1, 10**11]))
    hits = writer.postings.best(wanted("alpha", ()), limit=9, among=among)
    assert [hit.id for hit in hits] == [10**10]


def test_a_title_counts_more_than_an_abstract_and_a_rare_word_more_than_a_common_one(writer):
    add(writer, *(paper(pk, "thing", "common filler") for pk in range(10, 30)))
    add(writer, paper(1, "common"), paper(2, "thing", "rare"), paper(3, "rare", "filler"))
    writer.flush()
    assert ids(writer.postings, "rare") == [3, 2]
    assert ids(writer.postings, "common rare")[:2] == [3, 2]


def test_of_very_many_papers_the_best_are_found_and_of_any_set_those_that_are_in_it(writer):
    dice = random.Random(11)
    words = [f"w{number}" for number in range(12)]
    every = [paper(pk, "", " ".join(dice.choices(words, k=dice.randint(1, 60)))) for pk in range(1, 1500)]
    for begin in (0, 700):
        add(writer, *every[begin : begin + 700])
        writer.flush()
    whole = found(writer.postings, "w1 w2 w3", limit=len(every))
    assert [hit.score for hit in whole] == sorted((hit.score for hit in whole), reverse=True)
    for limit in (1, 5, 20, 300):
        best = found(writer.postings, "w1 w2 w3", limit=limit)
        assert [hit.score for hit in best] == [hit.score for hit in whole[:limit]]
        above = [hit for hit in best if hit.score > best[-1].score]
        assert above == whole[: len(above)]
    for size in (1, 6, 40, 200, 1200):
        chosen = dice.sample(range(1, 1500), size)
        among = Sets.of_ids(writer.postings.view, np.array(sorted(chosen)))
        hits = writer.postings.best(wanted("w1 w2 w3", ()), limit=1500, among=among)
        assert list(hits) == [hit for hit in whole if hit.id in set(chosen)]


@pytest.mark.parametrize("merged", [False, True])
def test_of_some_papers_those_that_hold_all_of_some_words_are_told(writer, monkeypatch, merged):
    monkeypatch.setattr(posting_writer, "MANY", 1 if merged else 100)
    dice = random.Random(5)
    words = [f"w{number}" for number in range(9)]
    texts = {pk: dice.choices(words, [1, 2, 3, 5, 8, 13, 21, 34, 55], k=dice.randint(1, 40)) for pk in range(1, 1200)}
    every = dice.sample(sorted(texts), len(texts))  # so that lists of merged segments are in no order
    for begin in range(0, len(every), 100):
        add(writer, *(paper(pk, "", " ".join(texts[pk])) for pk in every[begin : begin + 100]))
        writer.flush()
    assert (len(writer.postings.segments) < 12) is merged
    writer.remove(gone := every[:150])
    writer.flush()
    for size in (0, 1, 7, 60, 1000):
        some = sorted(dice.sample(sorted(texts), size))
        for asked in (["w8"], ["w8", "w7", "w6"], ["w0", "w8"], [*words], ["w8", "unheard"]):
            held = [pk for pk in some if set(asked) <= set(texts[pk]) and pk not in gone]
            assert writer.postings.having(np.array(some, np.int64), [((word,),) for word in asked]).tolist() == held
        ways = [(("w0",), ("w1", "w2"), ("unheard",)), (("w8",),)]
        held = [pk for pk in some if {"w8"} < set(texts[pk]) and pk not in gone]
        held = [pk for pk in held if {"w0"} <= set(texts[pk]) or {"w1", "w2"} <= set(texts[pk])]
        assert writer.postings.having(np.array(some, np.int64), ways).tolist() == held


def test_words_are_found_again_however_many_others_were_asked_for(writer, monkeypatch):
    monkeypatch.setattr(posting_places, "MOST", 12)
    names = [f"word{number}" for number in range(40)]
    add(writer, *(paper(number, name, name * 2) for number, name in enumerate(names)))
    writer.flush()
    asked = [name for times in range(3) for name in (*names, "nowhere", " ".join(names[times : times + 9]))]
    with ThreadPoolExecutor(3) as readers:
        answers = list(readers.map(lambda text: ids(writer.postings, text), asked))
    for text, answer in zip(asked, answers, strict=True):
        assert sorted(answer) == [names.index(word) for word in text.split() if word in names], text


def test_who_reads_elsewhere_sees_what_was_flushed_after_a_look(writer):
    add(writer, paper(1, "alpha"))
    writer.flush()
    reader = Postings(writer.folder)
    add(writer, paper(2, "alpha"))
    writer.flush()
    assert ids(reader, "alpha") == [1]
    reader.refresh()
    assert sorted(ids(reader, "alpha")) == [1, 2]


def test_a_paper_that_came_again_is_found_by_its_new_words_alone(writer):
    add(writer, paper(1, "alpha"), paper(2, "alpha"))
    writer.flush()
    add(writer, paper(1, "beta"))
    writer.flush()
    assert (ids(writer.postings, "alpha"), ids(writer.postings, "beta")) == ([2], [1])
    add(writer, paper(3, "gamma"))
    add(writer, paper(3, "delta"))
    writer.flush()
    assert (ids(writer.postings, "gamma"), ids(writer.postings, "delta")) == ([], [3])
    assert writer.postings.size() == 3


def test_what_was_taken_out_is_not_found_and_what_was_never_there_is_no_matter(writer):
    add(writer, paper(1, "alpha"), paper(2, "alpha"), paper(3, "alpha"))
    writer.flush()
    add(writer, paper(4, "alpha"))
    writer.remove([2, 4, 99])
    writer.flush()
    assert sorted(ids(Postings(writer.folder), "alpha")) == [1, 3]
    writer.remove([1, 3])
    writer.flush()
    assert (ids(writer.postings, "alpha"), writer.postings.size()) == ([], 0)


def test_facts_narrow_what_is_found(writer):
    add(
        writer,
        paper(1, "alpha", day=DAY, categories=("cs.LG",), code=True),
        paper(2, "alpha", day=DAY + timedelta(1), categories=("cs.CL", "stat.ML")),
        paper(3, "alpha"),
    )
    writer.flush()
    for filters, left in (
        (Filters(categories=("cs",)), [1, 2]),
        (Filters(categories=("stat.ML", "cs.LG")), [1, 2]),
        (Filters(categories=("math",)), []),
        (Filters(since=DAY + timedelta(1)), [2]),
        (Filters(until=DAY), [1]),
        (Filters(since=DAY, until=DAY), [1]),
        (Filters(has=("code",)), [1]),
        (Filters(lacks=("code",)), [2, 3]),
        (Filters(not_categories=("cs",)), [3]),
        (Filters(categories=("cs",), has=("code",), since=DAY), [1]),
        (Filters(not_categories=("never",)), [1, 2, 3]),
    ):
        assert sorted(ids(writer.postings, "alpha", filters)) == left, filters


def test_of_two_forms_the_better_one_counts_and_the_other_needs_all_its_words(writer):
    add(
        writer,
        paper(1, "llm"),
        paper(2, "large language model"),
        paper(3, "large model"),
        paper(4, "llm, a large language model"),
        *(paper(pk, "filler") for pk in range(10, 40)),
    )
    writer.flush()
    alike = [Alike("llm", "large language model")]
    assert sorted(ids(writer.postings, "llm", alike=alike)) == [1, 2, 4]
    scores = {hit.id: hit.score for hit in found(writer.postings, "llm", alike=alike)}
    assert scores[1] > scores[2]


def test_many_flushes_make_few_segments_and_scores_do_not_depend_on_them(writer, tmp_path):
    dice = random.Random(3)
    words = [f"w{number}" for number in range(40)]
    papers = [paper(pk, " ".join(dice.choices(words, k=5)), " ".join(dice.choices(words, k=30))) for pk in range(600)]
    for begin in range(0, 600, 10):
        add(writer, *papers[begin : begin + 10])
        writer.flush()
    assert len(writer.postings.segments) <= posting_writer.MANY + 1
    assert len(list(writer.folder.iterdir())) == len(writer.postings.segments) + 1
    once = PostingWriter.anew(tmp_path / "once")
    add(once, *papers)
    once.flush()
    for word in words[:5]:
        whole = {hit.id: hit.score for hit in found(once.postings, word, limit=600)}
        many = {hit.id: hit.score for hit in found(Postings(writer.folder), word, limit=600)}
        assert many == pytest.approx(whole, rel=2e-2)


def test_merging_keeps_facts_and_leaves_out_what_is_gone(writer):
    for pk in range(0, 40, 2):
        both = (paper(one, "alpha", day=DAY + timedelta(one), categories=(f"cs.{one}",)) for one in (pk, pk + 1))
        add(writer, *both)
        writer.flush()
        writer.remove([pk])
        writer.flush()
    assert len(writer.postings.segments) <= posting_writer.MANY + 1
    assert any(len(segment.parts.ids) > 2 for segment in writer.postings.segments)
    assert sorted(ids(writer.postings, "alpha")) == list(range(1, 40, 2))
    assert ids(writer.postings, "alpha", Filters(categories=("cs.3",))) == [3]
    assert ids(writer.postings, "alpha", Filters(since=DAY + timedelta(39))) == [39]


def test_a_segment_is_written_anew_once_lengths_are_others(writer):
    add(writer, *(paper(pk, "alpha") for pk in range(50)))
    writer.flush()
    first = writer.postings.segments[0].name
    add(writer, *(paper(pk, "beta gamma", "delta " * 40) for pk in range(100, 150)))
    writer.flush()
    assert first not in {segment.name for segment in writer.postings.segments}
    assert len(ids(writer.postings, "alpha")) == 50


def test_what_could_not_be_written_is_forgotten_and_nothing_has_changed(writer, monkeypatch):
    add(writer, paper(1, "alpha"))
    writer.flush()
    before = sorted(path.name for path in writer.folder.iterdir())

    def full(*_):
        raise BroadsheetError("The disk is full.")

    monkeypatch.setattr(posting_writer, "_prepared", full)
    add(writer, paper(2, "alpha"))
    with pytest.raises(BroadsheetError):
        writer.flush()
    assert sorted(path.name for path in writer.folder.iterdir()) == before
    assert ids(writer.postings, "alpha") == [1]


def test_what_is_listed_is_on_the_disk_before_the_list_is(writer, monkeypatch):
    add(writer, paper(1, "alpha"))
    writer.flush()
    done, sync, replace = [], os.fsync, posting_writer.Path.replace

    def synced(file):
        done.append(os.fstat(file).st_ino)
        sync(file)

    def replaced(path, other):
        done.append(FILE)
        return replace(path, other)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(posting_writer.Path, "replace", replaced)
    before = set(writer.folder.iterdir())
    add(writer, paper(2, "alpha"))
    writer.flush()
    (new,) = set(writer.folder.iterdir()) - before
    folder = writer.folder.stat().st_ino
    assert done == [new.stat().st_ino, (writer.folder / FILE).stat().st_ino, folder, FILE, folder]


def test_what_fails_once_segments_are_listed_takes_none_of_them_away(writer, monkeypatch):
    add(writer, paper(1, "alpha"))
    writer.flush()
    sync, calls = posting_writer.names_synced, []

    def second_time(folder):
        calls.append(folder)
        if len(calls) == 2:
            raise OSError(5, "Input/output error")
        sync(folder)

    monkeypatch.setattr(posting_writer, "names_synced", second_time)
    add(writer, paper(2, "alpha"))
    with pytest.raises(BroadsheetError, match="Input/output"):
        writer.flush()
    assert sorted(ids(PostingWriter(writer.folder).postings, "alpha")) == [1, 2]


def test_who_reads_what_was_made_anew_elsewhere_goes_on_with_what_was_seen(writer, monkeypatch):
    add(writer, paper(1, "alpha"))
    writer.flush()
    reader, look = Postings(writer.folder), postings.listed
    add(writer, paper(2, "alpha"))
    writer.flush()

    def taken_away(folder):
        folder.rename(folder.with_name("gone"))
        return look(folder)

    monkeypatch.setattr(postings, "listed", taken_away)
    reader.refresh()
    assert ids(reader, "alpha") == [1]


def test_what_was_begun_and_never_listed_is_swept_at_the_next_start(writer):
    add(writer, paper(1, "alpha"))
    writer.flush()
    stray = writer.folder / "0123456789abcdef.postings"
    stray.write_bytes(b"half a segment")
    assert ids(PostingWriter(writer.folder).postings, "alpha") == [1]
    assert not stray.exists()


@pytest.fixture
def one(writer):
    add(writer, *(paper(pk, f"alpha word{pk}", "filler words") for pk in range(30)))
    writer.flush()
    (path,) = writer.folder.glob("*.postings")
    return path


def test_a_file_that_was_cut_is_named(one):
    whole = one.read_bytes()
    for size in (0, 10, 4096, len(whole) // 2):
        one.write_bytes(whole[:size])
        with pytest.raises(BroadsheetError, match=one.name):
            Postings(one.parent)
    one.unlink()
    with pytest.raises(BroadsheetError, match=one.name):
        Postings(one.parent)


def test_a_list_that_is_damaged_is_named(one):
    path = one.parent / FILE
    whole = path.read_bytes()
    for damaged in (b"", b"{}", whole.replace(b'"sum": ', b'"sum": 1'), whole[:-5]):
        path.write_bytes(damaged)
        with pytest.raises(BroadsheetError, match=FILE):
            Postings(one.parent)


def test_turned_bits_never_end_the_process_and_are_noticed_by_their_sum(one):
    whole = one.read_bytes()
    assert segments.is_whole(one)
    dice = random.Random(5)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        one.write_bytes(damaged)
        assert not segments.is_whole(one)
        try:
            read = Postings(one.parent)
        except BroadsheetError:
            continue
        assert len(found(read, "alpha word7 filler")) <= 50
        ids, *_, impacts = posting_making.merged(read.segments, [])[0]
        assert len(ids) == 30
        assert len(impacts) <= len(read.segments[0].parts.impacts)


@pytest.mark.parametrize("sign", [0, 127, 255])
def test_places_that_rot_on_the_disk_once_they_were_read_end_nothing(one, sign):
    whole = one.read_bytes()
    for begin in range(4096, len(whole), 256):
        one.write_bytes(whole)
        reader = Postings(one.parent)
        with one.open("r+b") as file:
            file.seek(begin)
            file.write(bytes([sign]) * min(1024, len(whole) - begin))
        phrase = Filters(terms=(Term("title", "alpha word7", exact=True),), without=(Term("abstract", "words"),))
        assert len(found(reader, "alpha word7 filler")) <= 50
        assert reader.holding(expression(phrase)).total() <= 30
        with contextlib.suppress(BroadsheetError):
            assert len(posting_making.merged(reader.segments, [])[0].ids) == 30


def test_segments_whose_places_rotted_are_not_made_one(one):
    (read,) = Postings(one.parent).segments
    for name in ("begins", "starts"):
        rotten = read._replace(parts=read.parts._replace(**{name: getattr(read.parts, name)[::-1]}))
        with pytest.raises(BroadsheetError, match="damaged"):
            posting_making.merged([rotten], [])


@pytest.mark.parametrize(
    "change",
    [
        {"ids": lambda ids: ids[::-1]},
        {"ids": lambda ids: ids[:, None]},
        {"terms": lambda terms: terms[1:]},
        {"begins": lambda begins: begins[::-1]},
        {"lengths": lambda lengths: lengths[:2]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_file_whose_parts_do_not_fit_is_refused(one, tmp_path, change):
    (read,) = Postings(one.parent).segments
    parts = read.parts._replace(**{name: make(getattr(read.parts, name)) for name, make in change.items()})
    path = tmp_path / "0123456789abcdef.postings"
    segments.write(path, parts, read.means, ["category cs.LG"])
    with pytest.raises(BroadsheetError, match="damaged"):
        segments.read(path, read.dead)


@pytest.mark.parametrize("means", [(1.0, 1.0), (float("nan"), 1.0, 1.0), (0.0, 1.0, 1.0)])
def test_a_file_whose_lengths_cannot_be_is_refused(one, tmp_path, means):
    (read,) = Postings(one.parent).segments
    segments.write(tmp_path / "new", read.parts, means, [])
    with pytest.raises(BroadsheetError, match="words long"):
        segments.read(tmp_path / "new", read.dead)


def test_papers_taken_out_that_a_segment_never_had_are_told(one):
    (read,) = Postings(one.parent).segments
    with pytest.raises(BroadsheetError, match="never had"):
        segments.without(read, np.array([30], np.uint16))
