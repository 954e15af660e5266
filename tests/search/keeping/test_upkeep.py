"""The index follows the papers, and mends itself."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from tests.records import record

from broadsheet.errors import Conflict
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.encoders import embed, student
from broadsheet.search.index import Filters
from broadsheet.search.keeping import documents, upkeep
from broadsheet.search.models import Embedding

pytestmark = pytest.mark.django_db


def found(index, text):
    return {Paper.objects.get(pk=hit.id).key for hit in index.words(text, limit=10, filters=Filters())}


def test_new_and_changed_papers_are_taken_over_and_nothing_else(index):
    store([record("2501.00001", title="Alpha"), record("2501.00002", title="Beta")])
    assert upkeep.behind() == 2
    assert upkeep.catch_up(index) == 2
    assert (upkeep.behind(), upkeep.catch_up(index)) == (0, 0)
    store([record("2501.00001", title="Gamma"), record("2501.00003", title="Delta")])
    assert upkeep.catch_up(index) == 2
    assert found(index, "gamma delta alpha") == {"2501.00001", "2501.00003"}


def test_a_catch_up_that_is_stopped_goes_on_where_it_was(index, monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH", 4)
    store([record(f"2501.{n:05}") for n in range(1, 11)])
    asked = iter([False, True])
    assert upkeep.catch_up(index, stop=lambda: next(asked)) == 4
    assert upkeep.behind() == 6
    reports = []
    assert upkeep.catch_up(index, report=lambda done, total: reports.append((done, total))) == 6
    assert reports == [(4, 6), (6, 6)]


def test_an_index_that_was_deleted_is_filled_again(index, settings):
    store([record("2501.00001", title="Alpha")])
    upkeep.catch_up(index)
    current.release()
    shutil.rmtree(settings.INDEX_DIR)
    again = current.own()
    assert upkeep.catch_up(again) == 1
    assert found(again, "alpha") == {"2501.00001"}


def test_an_index_that_lost_papers_is_filled_again(index):
    store([record("2501.00001", title="Alpha"), record("2501.00002", title="Beta")])
    upkeep.catch_up(index)
    index.remove([Paper.objects.get(key="2501.00001").pk])
    assert upkeep.catch_up(index) == 2
    assert found(index, "alpha") == {"2501.00001"}


def test_a_damaged_index_is_made_anew(index, settings, caplog):
    store([record("2501.00001", title="Alpha")])
    upkeep.catch_up(index)
    current.release()
    for path in Path(settings.INDEX_DIR).rglob("*"):
        if path.is_file() and path.name not in ("state.json", "schema.json"):
            path.write_bytes(b"not what it was")
    again = current.own()
    assert "made anew" in caplog.text
    assert upkeep.catch_up(again) == 1
    assert found(again, "alpha") == {"2501.00001"}


def test_an_index_of_another_layout_is_told_to_lack_everything_before_it_is_opened(index, settings):
    store([record("2501.00001", title="Alpha")])
    upkeep.catch_up(index)
    current.release()
    (Path(settings.INDEX_DIR) / "schema.json").write_text('{"schema": 1}')
    assert upkeep.behind() == 1
    again = current.own()
    assert upkeep.catch_up(again) == 1
    assert found(again, "alpha") == {"2501.00001"}


@pytest.mark.parametrize("lost", ["schema.json", "words/meta.json"])
def test_an_index_that_was_opened_and_made_anew_lacks_everything(index, settings, lost):
    store([record("2501.00001", title="Alpha")])
    upkeep.catch_up(index)
    current.release()
    (Path(settings.INDEX_DIR) / lost).unlink()
    with pytest.raises(Conflict):
        current.searcher()
    current.own()
    assert upkeep.behind() == 1


def test_papers_are_found_before_a_long_catch_up_has_ended(index, monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH", 2)
    monkeypatch.setattr(upkeep, "SHOW_EVERY", 0.0)
    store([record(f"2501.{n:05}", title="Alpha") for n in range(1, 6)])
    seen = []
    upkeep.catch_up(index, report=lambda *_: seen.append((len(found(index, "alpha")), state.read(now=True).papers)))
    assert seen == [(0, 0), (2, 2), (4, 4)]


def test_the_index_of_another_database_is_not_believed(index):
    store([record("2501.00001", title="Alpha")])
    upkeep.catch_up(index)
    known = state.read(now=True)
    state.write(state.State(known.instance + 1, known.generation, known.stamp + 99, known.papers))
    assert upkeep.behind() == 1
    assert upkeep.rebuild_is_due()
    assert upkeep.catch_up(index) == 1
    assert not upkeep.rebuild_is_due()


def test_a_rebuild_that_was_asked_for_takes_every_paper_over_anew(index):
    store([record("2501.00001", title="Alpha")])
    upkeep.catch_up(index)
    upkeep.ask_for_rebuild()
    assert upkeep.rebuild_is_due()
    assert upkeep.catch_up(index) == 1
    assert upkeep.catch_up(index) == 0


def test_vectors_come_newest_edition_first_and_are_kept_in_the_database(index, embedder, monkeypatch):
    store([record(f"2501.{n:05}", announced=date(2025, 1, n)) for n in range(1, 6)])
    upkeep.catch_up(index)
    monkeypatch.setattr(upkeep, "PORTION", 2)
    asked = iter([False, False, True, True])
    assert upkeep.backfill(index, embedder, stop=lambda: next(asked)) == 2
    assert set(Embedding.objects.values_list("paper__key", flat=True)) == {"2501.00005", "2501.00004"}
    assert upkeep.backfill(index, embedder) == 3
    assert state.read(now=True).share == 1.0


def test_a_remade_index_gets_its_vectors_from_the_database(index, embedder, settings):
    store([record("2501.00001", title="Car engines"), record("2501.00002", title="Prime numbers")])
    upkeep.catch_up(index)
    upkeep.backfill(index, embedder)
    current.release()
    shutil.rmtree(settings.INDEX_DIR)
    again = current.own()
    upkeep.catch_up(again)
    best = again.meaning(embedder.embed(["automobile motors"])[0], limit=1, filters=Filters())
    assert Paper.objects.get(pk=best[0].id).key == "2501.00001"
    assert upkeep.backfill(again, embedder) == 0


def test_a_changed_text_gets_another_vector_and_a_new_vote_does_not(index, embedder):
    store([record("2501.00001", title="Car engines", version=1)])
    upkeep.catch_up(index)
    upkeep.backfill(index, embedder)
    store([record("2501.00001", title="Car engines", version=1, comment="9 pages", votes=3)])
    upkeep.catch_up(index)
    assert upkeep.backfill(index, embedder) == 0
    store([record("2501.00001", title="Prime numbers", version=2)])
    upkeep.catch_up(index)
    assert upkeep.backfill(index, embedder) == 1


def test_mathematics_is_found_as_it_is_read_and_as_it_is_typed(index):
    store([record("2501.00001", title="Stability of $\\alpha$-helices in CO$_2$")])
    upkeep.catch_up(index)
    for text in ("α-helices", "CO2", "alpha helices"):
        assert found(index, text) == {"2501.00001"}, text


def test_an_older_copy_of_the_database_put_back_begins_anew_and_loses_its_strangers(index):
    from broadsheet.papers.models import Counter

    store([record("2501.00001", title="Alpha"), record("2501.00002", title="Beta")])
    upkeep.catch_up(index)
    Paper.objects.get(key="2501.00002").delete()
    Counter.objects.filter(name="stamp").update(value=1)
    store([record("2501.00003", title="Gamma")])
    upkeep.catch_up(index)
    assert found(index, "alpha beta gamma") == {"2501.00001", "2501.00003"}
    assert index.size() == 2


def test_new_papers_are_found_while_a_rebuild_is_under_way(index, monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH", 2)
    store([record(f"2501.{n:05}") for n in range(1, 9)])
    upkeep.catch_up(index)
    upkeep.ask_for_rebuild()
    asked = iter([False, False, True])
    upkeep.catch_up(index, stop=lambda: next(asked))
    store([record("2501.00099", title="Fresh news")])
    asked = iter([False, True])
    upkeep.catch_up(index, stop=lambda: next(asked))
    assert found(index, "fresh news") == {"2501.00099"}
    assert upkeep.behind() == 4
    assert upkeep.catch_up(index) == 4
    assert not upkeep.rebuild_is_due()


@pytest.fixture
def with_student(index, settings, tmp_path):
    """The index where meaning is switched on, on a machine without the model's weights."""
    settings.MODELS_DIR = tmp_path / "no-models"
    settings.MODEL = "all-MiniLM-L6-v2"
    return index


def nearest(index, text):
    vector = student.shipped().embed_query(text)
    return [Paper.objects.get(pk=hit.id).key for hit in index.meaning(vector, limit=10, filters=Filters())]


def test_every_paper_has_a_vector_as_soon_as_it_is_taken_over(with_student):
    store([record("2501.00001", title="Car engines"), record("2501.00002", title="Prime numbers")])
    upkeep.catch_up(with_student)
    assert nearest(with_student, "automobile motors") == ["2501.00001", "2501.00002"]
    assert not Embedding.objects.exists()
    known = state.read(now=True)
    assert (known.static, known.by_meaning, known.vectors) == (True, 2, 0)


def test_a_changed_text_is_found_by_its_new_meaning_at_once(with_student):
    store([record("2501.00001", title="Car engines", abstract="", version=1), record("2501.00002", title="Cats")])
    upkeep.catch_up(with_student)
    paper = Paper.objects.get(key="2501.00001")
    of_old = student.shipped().embed_query("Car engines").astype("<f2").tobytes()
    Embedding.objects.create(
        paper=paper, model=with_student.space, digest=embed.digest(documents.text_of(paper)), vector=of_old
    )
    store([record("2501.00001", title="Prime numbers in short intervals", version=2)])
    upkeep.catch_up(with_student)
    assert nearest(with_student, "gaps between primes")[0] == "2501.00001"
    assert not Embedding.objects.exists()


def test_papers_get_vectors_when_meaning_is_switched_on_later(index, settings):
    store([record("2501.00001", title="Car engines")])
    upkeep.catch_up(index)
    assert nearest(index, "automobile motors") == []
    settings.MODEL = "all-MiniLM-L6-v2"
    assert upkeep.rebuild_is_due()
    upkeep.catch_up(index)
    assert nearest(index, "automobile motors") == ["2501.00001"]
    assert not upkeep.rebuild_is_due()


def test_meaning_counts_more_the_more_papers_the_model_has_read(settings):
    settings.DENSE_WEIGHT = 0.6
    weights = [state.weight_of_meaning(state.State(papers=4, vectors=n, static=True)) for n in range(5)]
    assert weights == sorted(weights)
    assert (weights[0], weights[4]) == (pytest.approx(0.6 * state.STUDENT_PART), 0.6)
    assert state.weight_of_meaning(state.State(papers=4, vectors=4, static=True), by_model=False) == weights[0]
    assert state.weight_of_meaning(state.State(papers=4, vectors=1)) == 0.15
    assert state.said(state.State(papers=4, vectors=1)) == "Search by meaning reaches 1 of 4 papers so far."
    assert state.said(state.State(papers=4, vectors=1, static=True)) == ""


@pytest.mark.parametrize("content", ['{"papers": "many"}', '{"static": 3}', "[]", "{", '{"unknown": 1}'])
def test_a_state_that_cannot_be_read_is_an_empty_one(index, settings, content):
    (Path(settings.INDEX_DIR) / "state.json").write_text(content)
    assert state.read(now=True) == state.State()


class Quick:
    """A model that reads at once, and remembers what."""

    def __init__(self, mark):
        self.mark = mark
        self.read = []

    def embed(self, texts, *, tokens):
        self.read += [text.partition("\n")[0] for text in texts]
        return student.shipped().embed(texts, tokens=tokens)


def test_new_papers_are_upgraded_first_then_those_that_readers_noted(with_student, monkeypatch, time_machine):
    time_machine.move_to("2025-03-10", tick=False)
    store(
        [
            record("2501.00001", title="Old", announced=date(2025, 1, 3)),
            record("2501.00002", title="Old, with votes", announced=date(2025, 1, 2), votes=3),
            record("2501.00003", title="New", announced=date(2025, 3, 7)),
            record("2501.00004", title="Newest", announced=date(2025, 3, 10)),
            record("2501.00005", title="Old, with more votes", announced=date(2025, 1, 1), votes=9),
        ]
    )
    upkeep.catch_up(with_student)
    model = Quick(with_student.space)
    monkeypatch.setattr(upkeep, "PORTION", 1)
    assert upkeep.backfill(with_student, model) == 5
    assert model.read == ["Newest", "New", "Old, with more votes", "Old, with votes", "Old"]


def test_the_model_reads_in_the_share_of_time_that_it_may_have(with_student, settings, monkeypatch):
    store([record("2501.00001", title="Alpha")])
    upkeep.catch_up(with_student)
    settings.UPGRADE_SHARE = 0.0
    assert upkeep.backfill(with_student, Quick(with_student.space)) == 0
    clock = iter(range(0, 1000, 2))
    slept = []
    monkeypatch.setattr(upkeep.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(upkeep.time, "sleep", slept.append)
    settings.UPGRADE_SHARE = 0.25
    assert upkeep.backfill(with_student, Quick(with_student.space)) == 1
    assert slept
