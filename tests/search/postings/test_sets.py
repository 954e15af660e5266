"""Sets of papers made of postings and texts: what they hold, and where they leave it in doubt."""

import random
import threading
from datetime import date

import numpy as np
import pytest

from broadsheet.errors import BroadsheetError
from broadsheet.search.index import Document
from broadsheet.search.postings import segments
from broadsheet.search.postings import texts as posting_texts
from broadsheet.search.postings import writer as posting_writer
from broadsheet.search.postings.sets import Sets, Steps
from broadsheet.search.postings.writer import PostingWriter
from broadsheet.search.terms.expressions import All, Any, But, Days, Every, Ids, Phrase, Words
from broadsheet.search.terms.fields import pieces

WORDS = ("alpha", "beta", "the", "of", "gamma", "delta")


def paper(pk, title="", abstract="", **facts):
    return Document(pk, title, abstract, "", **facts)


def add(writer, *papers):
    writer.add(papers, [pieces(one) for one in papers])
    writer.flush()


@pytest.fixture
def writer(tmp_path):
    return PostingWriter.anew(tmp_path / "postings")


def text(dice, most=90):
    return " ".join(dice.choices(WORDS, k=dice.randint(0, most)))


def some(dice, papers, deep=3):
    """Return an expression, and the papers that it should find."""
    every = set(papers)
    match dice.randint(0, 3 if deep else 2):
        case 0:
            word, field = dice.choice(("alpha", "gamma", "delta")), dice.choice(("title", "abstract"))
            return Words(((field, word),)), {pk for pk in every if word in papers[pk][field == "abstract"].split()}
        case 1:
            words, field = dice.choices(WORDS, k=dice.randint(1, 4)), dice.choice(("title", "abstract"))
            asked = f" {' '.join(words)} "
            return Phrase(field, tuple(words)), {pk for pk in every if asked in f" {papers[pk][field == 'abstract']} "}
        case 2:
            chosen = sorted(dice.sample(sorted(every), 20))
            return Ids(np.array([*chosen, 10**9])), set(chosen)
        case _:
            (one, found), (other, also) = some(dice, papers, deep - 1), some(dice, papers, deep - 1)
            made = dice.choice((All, Any, But))
            if made is But:
                return But(one, other), found - also
            return made((one, other)), found & also if made is All else found | also


@pytest.mark.parametrize("coded", [segments.CODES, 3])
def test_expressions_find_what_they_ask_for_and_are_right_where_they_are_sure(writer, monkeypatch, coded):
    dice = random.Random(5)
    monkeypatch.setattr(posting_texts, "MOST_CODED", coded)
    monkeypatch.setattr(posting_writer, "MANY", 2)
    papers = {pk: (text(dice, 6), text(dice)) for pk in range(1, 400)}
    ids = list(papers)
    for begin in range(0, len(ids), 70):
        add(writer, *(paper(pk, *papers[pk]) for pk in ids[begin : begin + 70]))
    papers[7] = ("alpha beta", "gamma the of")
    add(writer, paper(7, *papers[7]), paper(8, *papers[8]))
    writer.remove([9, 300])
    writer.flush()
    del papers[9], papers[300]
    doubts = 0
    for _ in range(200):
        expression, wanted = some(dice, papers)
        steps = Steps(writer.postings.view, expression)
        loose, found = steps(loosely=True), steps()
        doubted = set(found.ids(doubted=True).tolist())
        doubts += len(doubted)
        surely = set(found.ids().tolist()) - doubted
        assert surely <= wanted <= surely | doubted
        assert wanted <= set(loose.ids().tolist())
        assert found.certain(np.array(sorted(wanted), np.int64)).ids().tolist() == sorted(wanted)
        chosen = Sets.of_ids(writer.postings.view, np.array(sorted(dice.sample(sorted(papers), 50))))
        assert set(steps(chosen).ids().tolist()) == set(found.ids().tolist()) & set(chosen.ids().tolist())
    assert (doubts > 0) == (coded < len(WORDS))


def test_sets_are_the_same_whichever_thread_makes_which_part_of_them(writer, monkeypatch):
    dice = random.Random(7)
    monkeypatch.setattr(posting_writer, "MANY", 100)
    for begin in range(1, 200, 10):
        add(writer, *(paper(pk, text(dice, 6), text(dice)) for pk in range(begin, begin + 10)))

    def by_three(call):
        threads = [threading.Thread(target=call) for _ in range(3)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    for words in (("alpha", "beta"), ("of", "the"), ("gamma", "of", "delta")):
        expression = Any((Phrase("title", words), Phrase("abstract", words)))
        alone, shared = (Steps(writer.postings.view, expression) for _ in range(2))
        for loosely in (False, True, False):
            found = alone(loosely=loosely)
            assert np.array_equal(shared(loosely=loosely, together=by_three).bits, found.bits)
            assert found.total() > 0


def test_a_rare_word_beside_very_common_ones_is_found_in_its_phrase_alone(writer):
    add(
        writer,
        *(paper(pk, "beta alpha", "gamma of delta") for pk in range(1, 301)),
        paper(301, "rare alpha", "of gamma rare delta"),
        paper(302, "rare beta alpha", "delta, gamma rare"),
    )
    for field, words, wanted in (
        ("title", ("rare", "alpha"), [301]),
        ("title", ("rare", "beta", "alpha"), [302]),
        ("abstract", ("gamma", "rare", "delta"), [301]),
        ("abstract", ("gamma", "rare"), [301, 302]),
        ("abstract", ("delta", "rare"), []),
    ):
        steps = Steps(writer.postings.view, Phrase(field, words))
        assert set(wanted) <= set(steps(loosely=True).ids().tolist()) <= {301, 302}
        assert (steps().ids().tolist(), steps().ids().tolist()) == (wanted, wanted)


def test_days_names_and_what_papers_are_filed_under_are_sets_too(writer):
    add(
        writer,
        paper(1, "one", day=date(2026, 1, 1), categories=("cs.LG",), names=("Ada Example", "Wu Bo"), code=True),
        paper(2, "one", day=date(2026, 1, 2), categories=("math.AG",), names=("Bo Sample",)),
        paper(3, "one"),
    )
    first = date(2026, 1, 1).toordinal()
    for expression, wanted in (
        (Days(first, first), [1]),
        (Days(0, first + 1), [1, 2]),
        (Days(first + 1, 0), [2]),
        (Words((("names", "example"),)), [1]),
        (Words((("names", "bo"),)), [1, 2]),
        (Words((("filed", "category cs"), ("filed", "category math.AG"))), [1, 2]),
        (But(Every(), Words((("filed", "has code"),))), [2, 3]),
        (All(()), [1, 2, 3]),
        (Any(()), []),
    ):
        assert writer.postings.holding(expression).ids().tolist() == wanted, expression


def test_a_phrase_does_not_reach_from_one_text_into_the_next(writer):
    add(writer, paper(1, "alpha beta", "gamma delta"), paper(2, "beta gamma", "delta alpha"), paper(3, "", ""))
    for words, field, wanted in (
        (("beta", "gamma"), "title", [2]),
        (("beta", "gamma"), "abstract", []),
        (("delta", "beta"), "abstract", []),
        (("gamma", "delta"), "abstract", [1]),
    ):
        assert writer.postings.holding(Phrase(field, words)).ids().tolist() == wanted


def test_a_name_that_no_file_can_hold_is_of_no_paper(writer):
    add(writer, paper(1, "alpha", categories=("cs.LG",)))
    assert writer.postings.holding(Words((("filed", "category cs.\ud800"),))).ids().tolist() == []


def test_nothing_is_found_in_an_index_without_papers(writer):
    found = writer.postings.holding(Any((Every(), Phrase("title", ("alpha", "beta")))))
    assert (found.total(), found.ids().tolist()) == (0, [])


@pytest.mark.parametrize(
    "starts", [lambda one: one[:-1], lambda one: one + 1, lambda one: one[::-1]], ids=["fewer", "beyond", "backwards"]
)
def test_texts_whose_places_cannot_be_are_damage(writer, starts):
    add(writer, paper(1, "alpha beta", "gamma"), paper(2, "alpha"))
    segment = writer.postings.segments[0]
    parts = segment.parts._replace(starts=starts(segment.parts.starts.copy()))
    path = writer.folder / f"{'0' * 16}.postings"
    segments.write(path, parts, segment.means, list(segment.names))
    with pytest.raises(BroadsheetError, match="texts have no places"):
        segments.read(path, np.empty(0, np.uint16))
