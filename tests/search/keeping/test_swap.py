"""Search changes from one model to another without a silent moment, and goes on after every stop."""

import json
import shutil

import numpy as np
import pytest
from tests.records import record
from tests.search import tiny_model

from broadsheet.errors import BadInput, Refused
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.encoders import bridge, choice, embed
from broadsheet.search.index import Filters
from broadsheet.search.keeping import swap, swap_gate, upkeep
from broadsheet.search.models import Embedding, ModelChoice

pytestmark = pytest.mark.django_db

WORDS = tiny_model.WORDS[4:14]


@pytest.fixture(scope="module")
def added_once(tmp_path_factory):
    """Two small models of unlike dimensions."""
    return tiny_model.add_two(tmp_path_factory.mktemp("added"))


@pytest.fixture
def two(added_once, tmp_path, settings):
    """Two small models, search by the first one, and an index of nothing yet."""
    settings.MODELS_DIR = shutil.copytree(added_once, tmp_path / "models")
    settings.INDEX_DIR = tmp_path / "index"
    settings.MODEL = "one"
    current.release()
    current.forget_model()
    choice.forget()
    yield settings
    current.release()
    current.forget_model()
    choice.forget()
    state.read(now=True)


@pytest.fixture
def index(two):
    """The index of forty papers that the first model has read."""
    numbers = np.random.default_rng(1)
    store([record(f"2501.{n:05}", title=" ".join(numbers.choice(WORDS, 5)), abstract="") for n in range(1, 41)])
    index = current.own()
    upkeep.catch_up(index)
    upkeep.backfill(index, current.embedder())
    return index


def kept(mark):
    return Embedding.objects.filter(model=mark).count()


def nearest(text):
    """What a search by meaning finds, as searches ask for it."""
    searcher = current.searcher()
    encoder = current.embedder(searcher.space)
    return [hit.id for hit in searcher.meaning(encoder.embed_query(text), limit=5, filters=Filters())]


def read_some(count):
    """Have the second model read some papers."""
    papers = swap_gate.sample(swap.asked(), count)
    swap_gate.read(swap.ready("two"), papers, report=lambda *_: None, stop=lambda: False)
    return papers


# --- The change ---------------------------------------------------------------------------------------------------


def test_a_wish_changes_vectors_and_encoder_in_one_step(index):
    assert (index.space, swap.under_way()) == (choice.space_of("one").mark, None)
    papers = read_some(20)
    swap.wish("two")
    assert (swap.under_way().model, swap.under_way().stage) == ("two", "waiting")
    assert nearest("graph model"), "searches go on with the first model"
    assert swap.go_on(index)
    mark = choice.space_of("two").mark
    assert (index.space, index.vectors.dim, index.vectors.size(), choice.mark()) == (mark, 24, 40, mark)
    assert (swap.under_way(), choice.settled().name, state.read(now=True).vectors) == (None, "two", 20)
    own = index.vectors.get(papers)
    for row in Embedding.objects.filter(model=mark):
        assert own[row.paper_id] @ upkeep.vector_of(row) > 0.99, "what the model has read has its own vector"
    assert len(nearest("graph model")) == 5
    assert swap.go_on(index), "nothing is left to do"


def test_a_change_survives_closing_and_the_papers_are_read_later(index):
    read_some(20)
    swap.wish("two")
    swap.go_on(index)
    current.release()
    again = current.own()
    assert again.space == choice.space_of("two").mark
    assert upkeep.backfill(again, current.embedder()) == 20
    assert kept(again.space) == 40
    assert nearest("graph model")


def test_going_back_is_exact_as_what_was_read_is_kept(index):
    before = {pk: vector.copy() for pk, vector in index.vectors.get(index.vectors.ids().tolist()).items()}
    read_some(20)
    swap.wish("two")
    swap.go_on(index)
    swap.wish("one")
    assert swap.go_on(index)
    after = index.vectors.get(list(before))
    assert index.space == choice.space_of("one").mark
    assert all(before[pk] @ after[pk] > 0.99 for pk in before)
    assert swap.under_way() is None


def test_papers_that_come_change_and_go_during_a_change_are_not_lost(index, monkeypatch):
    read_some(20)
    swap.wish("two")
    gone, changed = Paper.objects.order_by("pk")[:2]
    number = gone.pk
    take, first = swap._Filling.take, []

    def meanwhile(filling, keys, rows):
        take(filling, keys, rows)
        if not first:
            first.append(True)
            store([record("2501.00099", title="stars stars stars"), record(changed.key, title="mat mat mat mat")])
            index.remove([gone.pk])
            gone.delete()

    monkeypatch.setattr(swap._Filling, "take", meanwhile)
    assert swap.go_on(index)
    here = set(index.vectors.ids().tolist())
    assert Paper.objects.get(key="2501.00099").pk in set(index.ids(0, 100))
    assert number not in here
    stale = Embedding.objects.filter(paper=changed)
    assert not stale.exists(), "the vectors of its former text are of no use, whichever model made them"
    upkeep.backfill(index, current.embedder())
    assert set(index.vectors.ids().tolist()) == set(index.ids(0, 100))


@pytest.mark.parametrize("after", [0, 1])
def test_a_change_that_is_stopped_leaves_what_was_there_and_goes_on(index, after):
    read_some(20)
    swap.wish("two")
    answers = iter([False] * after + [True] * 9)
    assert not swap.go_on(index, stop=lambda: next(answers))
    assert index.space == choice.space_of("one").mark
    assert nearest("graph model")
    current.release()
    again = current.own()
    assert nearest("graph model")
    assert swap.go_on(again)
    assert again.space == choice.space_of("two").mark


def test_killed_after_the_switch_the_rest_is_noted_at_the_next_start(index, monkeypatch):
    read_some(20)
    swap.wish("two")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(swap, "_settle", killed)
        with pytest.raises(KeyboardInterrupt):
            swap.go_on(index)
    current.release()
    choice.forget()
    again = current.own()
    assert again.space == choice.space_of("two").mark
    assert choice.settled().name == "one"
    assert swap.go_on(again)
    assert choice.settled().name == "two"


def test_with_waiting_the_first_model_answers_until_the_second_has_read_everything(index):
    swap.wish("two", waits=True)
    mark = choice.space_of("two").mark
    asked = iter([False, True])
    assert not swap.go_on(index, stop=lambda: next(asked))
    assert (index.space, kept(mark)) == (choice.space_of("one").mark, swap_gate.PORTION)
    assert nearest("graph model")
    done = []
    assert swap.go_on(index, report=lambda some, _total: done.append(some))
    assert (index.space, kept(mark), done[0]) == (mark, 40, 40)


def test_reading_everything_takes_no_more_of_the_time_than_its_share(index, monkeypatch, caplog):
    swap.wish("two", waits=True)
    assert not swap.go_on(index, share=0)
    assert "BROADSHEET_UPGRADE_PERCENT is 0" in caplog.text
    assert kept(choice.space_of("two").mark) == 0
    shares = []
    monkeypatch.setattr(upkeep, "rest", lambda _worked, share, _stop, *, meanwhile: shares.append(share) or meanwhile())
    assert swap.go_on(index, share=0.25)
    assert (kept(index.space), shares) == (40, [0.25])
    swap.wish("one", waits=True)
    assert swap.go_on(index, share=0), "it has read everything before"


def test_another_setting_without_a_word_of_the_operator_waits_too(index, two):
    two.MODEL = "two"
    choice.forget()
    current.release()
    again = current.own()
    assert again.space == choice.space_of("one").mark
    assert swap.go_on(again)
    assert (again.space, kept(again.space)) == (choice.space_of("two").mark, 40)


def test_after_a_word_of_the_operator_the_setting_says_no_more(index, two):
    swap.wish("one")
    two.MODEL = "two"
    assert swap.go_on(index)
    assert index.space == choice.space_of("one").mark


def test_where_meaning_is_switched_off_nothing_changes(index, two):
    swap.wish("two")
    two.MODEL = "none"
    assert swap.go_on(index)
    assert (index.space, swap.under_way(), swap.is_wished(index)) == (choice.space_of("one").mark, None, False)
    with pytest.raises(Refused, match="BROADSHEET_MODEL"):
        swap.ready("two")


def test_a_model_whose_files_are_gone_is_waited_for(index, two, caplog):
    swap.wish("two")
    for path in (two.MODELS_DIR / "two").glob("*.safetensors"):
        path.unlink()
    for path in (two.MODELS_DIR / "two").glob("graph.onnx"):
        path.unlink()
    current.forget_model()
    assert not swap.is_wished(index)
    assert not swap.go_on(index)
    assert not swap.go_on(index)
    assert caplog.text.count("The model two cannot be changed to") == 1, "said once, though it is tried again and again"
    assert nearest("graph model")


def test_without_an_index_the_next_one_is_of_the_model_that_is_wished_for(two):
    swap.wish("two")
    assert current.own().space == choice.space_of("two").mark


def test_an_unknown_model_is_no_wish(two):
    with pytest.raises(BadInput, match="three"):
        swap.wish("three")
    assert not ModelChoice.objects.exists()


def test_a_reader_elsewhere_sees_the_change(index):
    from broadsheet.search.whole import WholeIndex

    reader = WholeIndex.read(index._path)
    read_some(20)
    swap.wish("two")
    swap.go_on(index)
    assert len(reader.meaning(np.ones(16, np.float32) / 4, limit=3, filters=Filters())) == 3, "to its end as it was"
    assert reader.fresh().space == choice.space_of("two").mark


def test_how_far_a_change_is_can_be_read_while_it_goes_on(index, two):
    read_some(20)
    swap.wish("two")
    seen = []
    swap._told_at[0] = 0.0
    swap.go_on(index, report=lambda *_: seen.append(swap.under_way()))
    assert seen[-1] == swap.Change("two", "filling", 40, 40)
    assert not (two.INDEX_DIR / swap.PROGRESS).exists()
    (two.INDEX_DIR / swap.PROGRESS).write_text(json.dumps(["nonsense"]))
    swap.wish("one")
    assert swap.under_way() == swap.Change("one")


# --- The map ------------------------------------------------------------------------------------------------------


def rows(count, dim, seed):
    made = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@pytest.mark.parametrize("count", [60, 900])
def test_a_map_of_few_or_many_pairs_finds_a_turned_space(count):
    of = rows(count, 12, 1)
    turned = of @ np.linalg.qr(rows(12, 12, 2))[0].astype(np.float32)
    assert (bridge.carried_across(of, turned) * turned).sum(axis=1).min() > 0.95


def test_a_map_leads_into_a_space_of_another_dimension_and_leaves_zeros(tmp_path):
    of, to = rows(600, 12, 1), rows(600, 20, 2)
    to[:, :12] += 3 * of
    to /= np.linalg.norm(to, axis=1, keepdims=True)
    made = bridge.fitted(of[:500], to[:500]).carry(np.vstack([of[500:], np.zeros((1, 12), np.float32)]))
    assert made.shape == (101, 20)
    assert (made[:100] * to[500:]).sum(axis=1).mean() > 0.8
    assert not made[100].any()


def test_a_kept_map_is_found_again_and_a_foreign_one_is_not(two):
    made = bridge.fitted(rows(50, 16, 1), rows(50, 24, 2), "one/1", choice.space_of("two").mark)
    bridge.keep(made)
    again = bridge.leading_to(choice.space_of("two").mark)
    np.testing.assert_array_equal(again.matrix, made.matrix)
    assert bridge.leading_to("two/other") is None
    kept = (two.MODELS_DIR / "two" / bridge.FILE).read_bytes()
    flipped = [bytes([*kept[:at], kept[at] ^ 4, *kept[at + 1 :]]) for at in range(0, len(kept), 97)]
    for content in (b"", b"nonsense", kept[:-1], kept[: len(kept) // 2]):
        (two.MODELS_DIR / "two" / bridge.FILE).write_bytes(content)
        assert bridge.leading_to(choice.space_of("two").mark) is None
    for content in flipped:
        (two.MODELS_DIR / "two" / bridge.FILE).write_bytes(content)
        found = bridge.leading_to(choice.space_of("two").mark)  # a bit that says nothing of the numbers may be another
        assert found is None or np.array_equal(found.matrix, made.matrix)
    assert bridge.leading_to("../two/1") is None


def test_new_papers_get_a_mapped_vector_at_once_where_the_former_model_read_them(index):
    read_some(20)
    swap.wish("two")
    swap.go_on(index)
    mark = choice.space_of("two").mark
    paper = Paper.objects.exclude(embeddings__model=mark)[0]
    text = upkeep.text_of(paper)
    assert bridge.carried({paper.pk: embed.digest(text)}, mark)[paper.pk].shape == (24,)
    assert bridge.carried({paper.pk: embed.digest("another text")}, mark) == {}
    document = upkeep.documents_of([paper], mark)[0]
    assert document.vector is not None
    assert document.vector @ index.vectors.get([paper.pk])[paper.pk] > 0.99


def test_the_static_student_has_a_place_behind_a_map(two, monkeypatch):
    class Student:
        @staticmethod
        def embed(texts, *, tokens):
            return np.tile(np.arange(1, 17, dtype=np.float32), (len(texts), 1))

    monkeypatch.setattr(bridge.student, "of_space", lambda space: Student if space == "one/1" else None)
    assert bridge.first_tier("one/1") is Student
    mark = choice.space_of("two").mark
    assert bridge.first_tier(mark) is None
    bridge.keep(bridge.fitted(rows(50, 16, 1), rows(50, 24, 2), "one/1", mark))
    assert bridge.first_tier(mark).embed(["a", "b"], tokens=8).shape == (2, 24)


def test_maps_that_lead_in_a_circle_lead_nowhere(two):
    one, other = choice.space_of("one").mark, choice.space_of("two").mark
    bridge.keep(bridge.fitted(rows(50, 16, 1), rows(50, 24, 2), one, other))
    bridge.keep(bridge.fitted(rows(50, 24, 1), rows(50, 16, 2), other, one))
    assert bridge.first_tier(other) is None


# --- The gate -----------------------------------------------------------------------------------------------------


def test_what_is_measured_agrees_with_counting_by_hand(index):
    papers = read_some(20)
    new = swap.ready("two")
    told = swap_gate.measure(swap.asked(), papers, new, current.embedder())
    keys, of, to = swap_gate.pairs_of(swap.asked(), new.mark, papers)
    mapped = bridge.carried_across(of, to)
    read = np.random.default_rng(0).permutation(20) < 10  # it has read twenty of forty papers
    mapped[read] = to[read]
    shares = []
    for pk in keys.tolist():
        query = new.embed_query(Paper.objects.get(pk=pk).title)
        true = set(np.argsort(-(to @ query), kind="stable")[:10].tolist())
        shares.append(len(true & set(np.argsort(-(mapped @ query), kind="stable")[:10].tolist())) / 10)
    assert (told.papers, told.queries) == (20, 20)
    assert told.recall_10 == pytest.approx(np.mean(shares), abs=1e-6)
    assert told.recall_100 == told.candidates == 1.0, "twenty papers are all among the first hundred"
    assert told.recall_10 < 1.0
    assert told.at_last >= told.right_after


def test_a_model_that_has_read_everything_loses_nothing(index):
    told = swap_gate.measure(swap.asked(), read_some(40), swap.ready("two"), current.embedder())
    assert (told.recall_10, told.candidates) == (1.0, 1.0)
    assert told.right_after == told.at_last


def test_where_the_static_student_knows_the_space_it_is_what_is_measured(index, monkeypatch):
    papers, new = read_some(20), swap.ready("two")

    class Student:
        @staticmethod
        def embed(texts, *, tokens):
            return new.embed(texts, tokens=tokens)

    monkeypatch.setattr(swap_gate.student, "of_space", lambda _space: Student)
    assert swap_gate.measure(swap.asked(), papers, new, None).recall_10 == 1.0


def test_a_sample_is_the_same_each_time_and_nearly_so_when_papers_came(index):
    vectors = swap.asked()
    some = swap_gate.sample(vectors, 10)
    assert (len(some), some) == (10, swap_gate.sample(vectors, 10))
    store([record("2501.00077", title="dog")])
    upkeep.catch_up(index)
    assert len(set(some) & set(swap_gate.sample(vectors, 10))) >= 9
    assert swap_gate.sample(vectors, 1000) == sorted(vectors.ids().tolist())


def test_reading_a_sample_stops_between_portions_and_goes_on(index):
    new, papers = swap.ready("two"), swap_gate.sample(swap.asked(), 40)
    asked = iter([False, True])
    assert swap_gate.read(new, papers, report=lambda *_: None, stop=lambda: next(asked)) == 32
    told = []
    read = swap_gate.read(new, papers, report=lambda *both: told.append(both), stop=lambda: False)
    assert (read, told, kept(new.mark)) == (40, [(40, 40)], 40)


def test_nothing_is_measured_where_no_paper_has_both(index):
    assert swap_gate.measure(swap.asked(), [], swap.ready("two"), None) is None
    assert swap.ready("one") is None, "search uses it already"
