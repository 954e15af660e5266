"""Key phrases: what they are made of, which are chosen, and that their frequencies are counted on and survive."""

from collections import Counter

import pytest
from tests import cast

from broadsheet.enrich import frequencies, from_corpus
from broadsheet.enrich.models import Fact
from broadsheet.papers import phrases

SMALL = "Small Papers by Masked Diffusion Language Models"
ABSTRACT = (
    "We propose a method for masked diffusion language models, e.g. of short text. Masked diffusion language models "
    "are trained with score matching. Results show that score matching, unlike the baseline, is stable."
)


@pytest.fixture(autouse=True)
def _small_table(monkeypatch):
    """A table of 256 kB in place of 64 MB, which takes seconds to write."""
    monkeypatch.setattr(frequencies, "SIZE", 1 << 16)


def never():
    return False


def quiet(what, done, total):
    """Report to nobody."""


def test_phrases_stand_between_stop_words_and_punctuation():
    assert list(phrases.candidates("We study score matching, and graph neural networks.")) == [
        ["score", "matching"],
        ["graph", "neural", "networks"],
    ]


def test_a_phrase_is_counted_once_a_paper_and_without_its_plural():
    assert "graph neural network" in phrases.counted("Graph neural networks", "A graph neural network.")
    assert "we" not in phrases.counted("", "We are.")


def test_what_the_papers_here_use_again_goes_before_what_is_said_once():
    seen = Counter({"masked diffusion language model": 40, "score matching": 60, "short text": 3})
    chosen = phrases.choose(SMALL, ABSTRACT, 10_000, lambda names: [seen[name] for name in names])
    assert [one.text for one in chosen[:2]] == ["Masked Diffusion Language Models", "score matching"]


def test_of_phrases_that_hold_one_another_one_is_chosen():
    chosen = phrases.choose(SMALL, ABSTRACT, 100, lambda names: [1] * len(names))
    assert sum("diffusion" in one.text.lower() for one in chosen) == 1


def test_a_text_without_words_has_no_phrases():
    assert phrases.choose("", "$x$ 1 2 3", 10, lambda names: [1] * len(names)) == []


def test_frequencies_are_counted_on_and_kept(db, settings, tmp_path):
    settings.HOME = tmp_path
    for place in range(3):
        cast.paper(f"2601.0000{place}", SMALL, abstract=ABSTRACT)
    frequencies.bring_up(never, lambda done, total: None)
    assert frequencies.read().papers == 3
    assert frequencies.read().of(["score matching", "no such phrase"]) == [3, 0]
    cast.paper("2601.00009", "Score matching", abstract="")
    frequencies.bring_up(never, lambda done, total: None)
    assert frequencies.read().of(["score matching"]) == [4]


def test_counting_that_was_stopped_is_carried_on(db, settings, tmp_path, monkeypatch):
    settings.HOME = tmp_path
    monkeypatch.setattr(frequencies, "BATCH", 1)
    for place in range(3):
        cast.paper(f"2601.0000{place}", SMALL, abstract=ABSTRACT)
    asked = iter([False, True])
    frequencies.bring_up(lambda: next(asked), lambda done, total: None)
    assert frequencies.read().papers == 1
    frequencies.bring_up(never, lambda done, total: None)
    assert frequencies.read().of(["score matching"]) == [3]


def test_a_table_that_is_broken_or_of_another_database_begins_anew(db, settings, tmp_path):
    settings.HOME = tmp_path
    cast.paper(title=SMALL, abstract=ABSTRACT)
    frequencies.bring_up(never, lambda done, total: None)
    notes = tmp_path / "phrases" / "notes.npy"
    notes.write_bytes(notes.read_bytes()[:-9])
    assert frequencies.read().papers == 0
    frequencies.bring_up(never, lambda done, total: None)
    assert frequencies.read().papers == 1


@pytest.mark.parametrize("name", ["notes.npy", "frequencies.npy"])
def test_a_table_with_a_changed_bit_counts_as_it_is_or_begins_anew(db, settings, tmp_path, monkeypatch, name):
    settings.HOME = tmp_path
    monkeypatch.setattr(frequencies, "SIZE", 1 << 10)
    cast.paper(title=SMALL, abstract=ABSTRACT)
    frequencies.bring_up(never, lambda done, total: None)
    path = tmp_path / "phrases" / name
    whole = path.read_bytes()
    for place in range(128):  # the head; numbers are only wrong
        for bit in (1, 16):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            assert len(frequencies.read().table) == frequencies.SIZE


def test_papers_get_their_phrases_with_source(db, settings, tmp_path):
    settings.HOME = tmp_path
    paper = cast.paper(title=SMALL, abstract=ABSTRACT)
    kind = from_corpus.Phrases()
    kind.prepare(never, quiet)
    assert kind.look([paper], never) == 1
    fact = Fact.objects.get(paper=paper, kind="phrases")
    assert fact.source == "corpus"
    assert "score matching" in fact.value["phrases"]
