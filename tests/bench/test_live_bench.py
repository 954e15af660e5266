"""Each week's benchmark on a small made-up week: what is asked, what is masked, what is kept, and going on."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from tests import cast

from broadsheet import jobs
from broadsheet.bench import live, live_actions, live_asking, live_report
from broadsheet.bench.models import LiveWeek
from broadsheet.errors import BadInput, Conflict, NotFound, Refused
from broadsheet.papers.models import Paper
from broadsheet.search import current, hybrid
from broadsheet.search.encoders import embed
from broadsheet.search.keeping import upkeep
from broadsheet.search.models import Embedding
from broadsheet.search.query import parse
from broadsheet.search.tuning import Ranking, named

WEEK = live.week_named("2026-W02")
WORDS = {"words": Ranking(weight=0.0, titles=False), "shallow": Ranking(weight=0.0, depth=5, titles=False)}


def never():
    return False


def silent(done, total):
    """Report to nobody."""


@pytest.fixture
def site(db, tmp_path, settings):
    """A site of words alone whose index is elsewhere, so that whatever is found comes from the benchmark's own."""
    settings.HOME, settings.INDEX_DIR, settings.MODEL = tmp_path, tmp_path / "index", "none"
    current.release()
    current.forget_model()
    yield tmp_path
    current.release()
    current.forget_model()


@pytest.fixture
def few(monkeypatch):
    """A week is small here, and so may a benchmark be."""
    monkeypatch.setattr(live, "LEAST_PAPERS", 10)
    monkeypatch.setattr(live, "FEWEST", 2)
    monkeypatch.setattr(live, "RANKINGS", {**WORDS, "third": Ranking(weight=0.0, depth=7, titles=False)})
    monkeypatch.setattr(live_asking, "DOCUMENTS", 60)
    monkeypatch.setattr(live_report, "ROUNDS", 50)


@pytest.fixture
def week(site, few):
    """Forty papers of the week, each with a word of its own in its title and in each of its sentences."""
    for number in range(40):
        own = f"zub{chr(97 + number // 20)}{chr(97 + number % 20)}"
        sentences = [f"The {own}{part} of small things is measured here with care and patience." for part in "xyz"]
        cast.paper(
            f"2601.{number:05}",
            f"On {own}t",
            abstract=" ".join(sentences),
            authors=[f"Author {number // 2}", "Bo Sample"] if number < 8 else [f"Author {number}"],
            categories=["cs.LG", "q-bio.NC"] if number % 10 == 0 else ["cs.LG"],
            day=WEEK.first + timedelta(days=number % 5),
        )
    for number in range(30):
        cast.paper(f"2512.{number:05}", f"Earlier {number}", day=WEEK.first - timedelta(days=7 + number))


@pytest.mark.parametrize("name", ["2026-W54", "2026-W00", "W02", "2026-02", "", "2026-W2"])
def test_what_is_no_week_is_refused(name):
    with pytest.raises(BadInput, match="is no week"):
        live.week_named(name)


def test_a_week_goes_from_monday_to_sunday():
    assert live.week_named("2025-W40")[1:] == (date(2025, 9, 29), date(2025, 10, 5))
    assert [week.name for week in live.weeks_upto(live.week_named("2026-W01"), 2)] == ["2025-W52", "2026-W01"]


def test_the_last_whole_week_waits_two_days_for_late_papers():
    assert live.last_whole_week(date(2026, 1, 12)).name == "2026-W01"
    assert live.last_whole_week(date(2026, 1, 14)).name == "2026-W02"


def test_the_same_papers_give_the_same_queries_of_every_task(week):
    made = live.make(WEEK)
    assert made == live.make(WEEK)
    assert {item.task for item in made.items} == set(live.TASKS)
    masked = [item.paper for item in made.items if item.masked]
    assert len(masked) == len(set(masked)), "one document, one mask"


def test_neighbours_share_a_rare_set_of_categories_and_are_asked_within_the_week(week):
    cast.paper("2601.00900", "Near", categories=["cs.LG", "q-bio.NC", "stat.ML"], day=WEEK.first)
    asked = {item.paper: item for item in live.make(WEEK).items if item.task == "neighbours"}
    assert set(asked) == {f"2601.000{number}0" for number in range(4)}, "cs.LG alone is not rare"
    item = asked["2601.00000"]
    assert item.within
    assert item.grades == {"2601.00010": 2, "2601.00020": 2, "2601.00030": 2, "2601.00900": 1}


def test_a_series_has_the_same_authors_or_the_same_first_one_and_like_titles(week):
    parts = {"authors": ["Cy Third"], "day": WEEK.first}
    cast.paper("2601.00901", "A Theory of Small Papers, Part I", **parts)
    cast.paper("2601.00902", "A Theory of Small Papers, Part II", **parts)
    cast.paper("2601.00903", "Something else by the same author alone", **parts)
    asked = {item.paper: item.grades for item in live.make(WEEK).items if item.task == "series"}
    assert asked["2601.00000"] == {"2601.00001": 1}, "both authors are the same"
    assert asked["2601.00901"] == {"2601.00902": 1}
    assert "2601.00903" not in asked


def test_key_phrases_are_a_short_query_of_a_paper_that_nothing_is_taken_from(week):
    made = live.make(WEEK)
    asked = [item for item in made.items if item.task == "keywords"]
    abstracts = dict(Paper.objects.values_list("key", "abstract"))
    masked = {item.paper for item in made.items if item.masked}
    assert asked
    for item in asked:
        words = item.query.casefold().split()
        assert 1 <= len(words) <= 3
        assert all(word in abstracts[item.paper].casefold() for word in words)
        assert item.grades == {item.paper: 1}
        assert item.paper not in masked


def test_a_task_with_too_few_queries_is_left_out_and_said_so(week, monkeypatch):
    monkeypatch.setattr(live, "FEWEST", 6)
    made = live.make(WEEK)
    assert made.left_out == {"neighbours": "The week has 4 queries for it, 6 are needed."}
    assert "neighbours" not in {item.task for item in made.items}


def test_what_is_asked_does_not_stand_in_the_paper_meanwhile(week, site):
    """Each sentence and title holds a word that stands nowhere else, so by words alone nothing is left to be found."""
    made = live.make(WEEK)
    with live_asking.index_of(made, site / "apart", silent, never) as index:
        assert index.size() == 60
        scores = live_asking.ask_all(made, {"words": WORDS["words"]}, site / "asked.jsonl", silent, never)
        asked = next(item for item in made.items if item.task == "sentence")
        own = next(word for word in asked.query.split() if word.startswith("zub"))
        assert hybrid.search(parse(own), limit=5).hits == [], "the word of the masked sentence is in no document"
    by_task = {task: [] for task in live.TASKS}
    for item, score in zip(made.items, scores["words"]["MRR@10"], strict=True):
        by_task[item.task].append(score)
    assert max(by_task["title"]) == 0
    assert not (site / "apart").exists()
    assert Paper.objects.get(key=asked.paper).abstract.count(asked.query) == 1, "the papers themselves stay whole"


def test_readers_search_their_own_index_meanwhile(week, site):
    made = live.make(WEEK)
    current.own()
    with live_asking.index_of(made, site / "apart", silent, never) as index, ThreadPoolExecutor(1) as reader:
        assert current.searcher() is index
        assert index.size() == 60
        assert reader.submit(lambda: current.searcher().size()).result() == 0
    assert current.searcher().size() == 0


def test_a_run_that_was_stopped_goes_on_where_it_was(week):
    asked = []

    def stop_in_the_middle():
        return len(asked) >= 12

    def report(done, total):
        if total != 60:  # papers are told first
            asked.append(done)

    with pytest.raises(live_asking.Stopped):
        live_actions.measure(WEEK, report=report, stop=stop_in_the_middle)
    assert not LiveWeek.objects.exists()
    asked.clear()
    answer = live_actions.measure(WEEK, report=report)
    assert asked[0] == 13
    assert answer["scores"] == live_actions.measure(WEEK, again=True)["scores"], "as if it had not been stopped"


def test_a_line_that_was_cut_off_is_asked_again_and_no_other(week, site):
    made = live.make(WEEK, queries=3)
    noted, asked = site / "asked.jsonl", []
    with live_asking.index_of(made, site / "apart", silent, never):
        whole = live_asking.ask_all(made, WORDS, noted, silent, never)
        noted.write_text(noted.read_text()[:-20])
        assert live_asking.ask_all(made, WORDS, noted, lambda done, total: asked.append(done), never) == whole
    assert asked == [len(made.items)]
    assert len(noted.read_text().splitlines()) == 1 + len(made.items)


def test_what_another_model_answered_is_not_taken_over(week, site, monkeypatch):
    made = live.make(WEEK, queries=2)
    noted, asked = site / "asked.jsonl", []
    with live_asking.index_of(made, site / "apart", silent, never):
        live_asking.ask_all(made, WORDS, noted, silent, never)
        monkeypatch.setattr(current, "embedder", lambda *_, **__: SimpleNamespace(mark="another"))
        live_asking.ask_all(made, WORDS, noted, lambda done, total: asked.append(done), never)
    assert len(asked) == len(made.items)


class Reader:
    """A model that notes what it reads."""

    mark, dim = "all-MiniLM-L6-v2/reader", 384

    def __init__(self):
        self.read = []

    def embed(self, texts, *, tokens=256):
        self.read += texts
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        vectors[range(len(texts)), [len(text) % self.dim for text in texts]] = 1
        return vectors


@pytest.fixture
def reader(week, monkeypatch):
    """The model has read but five of the earlier papers for readers."""
    made = Reader()
    monkeypatch.setattr(current, "embedder", lambda *_, **__: made)
    for paper in Paper.objects.filter(key__startswith="2512")[:5]:
        text = upkeep.text_of(paper)
        Embedding.objects.keep(made.mark, [(paper.pk, embed.digest(text), made.embed([text])[0])])
    made.read.clear()
    return made


def test_the_index_holds_as_many_papers_however_few_the_model_has_read_and_all_are_by_it(reader, site):
    made = live.make(WEEK)
    with live_asking.index_of(made, site / "week" / "index", silent, never) as index:
        assert index.size() == 60
        assert len(index.vectors_of(index.ids(0, 100))) == 60
    own = {upkeep.text_of(one.paper) for one in Embedding.objects.select_related("paper")}
    assert len(reader.read) == len(set(reader.read)) >= 55
    assert not own & set(reader.read), "what the site has is not read again"
    assert Embedding.objects.count() == 5, "and readers' papers stay as they were"


def test_what_was_read_before_a_stop_or_a_kill_is_not_read_again(reader, site, monkeypatch):
    monkeypatch.setattr(upkeep, "PORTION", 10)
    made, folder = live.make(WEEK), site / "week" / "index"
    with (
        pytest.raises(live_asking.Stopped),
        live_asking.index_of(made, folder, silent, lambda: len(reader.read) >= 20),
    ):
        pass
    before = list(reader.read)
    assert len(before) == 20
    (kept,) = folder.parent.glob("vectors-*")
    with kept.open("ab") as file:
        file.write(b"cut off")
    with live_asking.index_of(made, folder, silent, never):
        pass
    assert reader.read[:20] == before
    assert len(reader.read) == len(set(reader.read)), "no text is read twice"


def test_who_comes_second_leaves_the_index_of_the_first_as_it_is(week, site):
    made = live.make(WEEK, queries=2)
    folder = site / "apart"
    with live_asking.index_of(made, folder, silent, never) as index:
        with pytest.raises(Conflict, match="in use"), live_asking.index_of(made, folder, silent, never):
            pass
        assert (folder / "owner.lock").exists()
        assert hybrid.search(parse("small"), limit=5).hits, "which the first goes on to search"
        assert current.searcher() is index


def test_a_week_that_the_model_may_have_read_is_refused(week, monkeypatch):
    monkeypatch.setattr(live, "NEWER_THAN", WEEK.first)
    with pytest.raises(Refused, match="2026-W02 is not newer than what the model has learnt from"):
        live_actions.measure(WEEK)


def test_a_week_is_kept_and_not_measured_twice(week, site):
    first = live_actions.measure(WEEK)
    row = LiveWeek.objects.get()
    assert (row.week, row.papers) == ("2026-W02", 40)
    assert not (site / "quality" / "2026-W02").exists(), "what it took meanwhile is gone"
    made = row.made
    assert live_actions.measure(WEEK) == json.loads(json.dumps(first))
    assert LiveWeek.objects.get().made == made


def test_some_systems_are_asked_alone_and_what_is_kept_stays_as_it_is(week, site):
    every = live_actions.measure(WEEK)
    some = live_actions.measure(WEEK, systems=["third", "words"])
    assert list(some["systems"]) == ["words", "third"]
    assert some["scores"]["words"] == every["scores"]["words"]
    assert LiveWeek.objects.get().report["systems"].keys() == every["systems"].keys()
    assert not list((site / "quality").iterdir())


def test_some_systems_of_a_week_that_is_not_kept_are_not_kept_either(week):
    assert live_actions.measure(WEEK, systems=["words"])["queries"]
    assert not LiveWeek.objects.exists()


def test_a_system_that_is_none_is_refused(week):
    with pytest.raises(BadInput, match="'best' is no system"):
        live_actions.measure(WEEK, systems=["words", "best"])


def test_systems_that_all_need_the_model_are_refused_without_it(week, monkeypatch):
    monkeypatch.setattr(live, "RANKINGS", {**WORDS, "meaning": Ranking(weight=1.0)})
    with pytest.raises(Refused, match="meaning cannot be asked: the model is switched off"):
        live_actions.measure(WEEK, systems=["meaning"])


def test_the_report_tells_tasks_fields_years_and_the_item_model(week):
    told = live_actions.measure(WEEK)
    assert set(told["tasks"]) == {"all", *live.TASKS}
    one = told["tasks"]["sentence"]["systems"]["words"]["nDCG@10"]
    assert one["low"] <= one["mean"] <= one["high"]
    assert [row["group"] for row in told["by_field"] if row["task"] == "all"] == ["cs.LG"]
    assert [row["group"] for row in told["by_year"] if row["task"] == "all"] == ["2026"]
    assert sum(row["queries"] for row in told["by_length"] if row["task"] == "all") == told["queries"]
    assert [row["group"] for row in told["by_length"] if row["task"] == "keywords"] == ["1-3"]
    (row,) = [row for row in told["subgroups"]["by_year"] if row["task"] == "all"]
    assert row["systems"] == told["tasks"]["all"]["systems"], "every measure, with its bounds"
    assert {one["system"] for one in told["items"]["systems"]} == {"words", "shallow", "third"}
    assert told["differences"] == [], "there is no fused search without a model"
    text = live_report.table(told)
    assert "2026-W02 (2026-01-05 to 2026-01-11)" in text
    assert "Item model: nDCG@10" in text
    (field,) = [line.split() for line in text.splitlines() if line.startswith("  cs.LG ")]
    assert field[3].startswith("("), "each mean has its bounds"


def test_groups_that_are_numbers_go_from_small_to_large_and_others_from_the_largest():
    counts = {"9-20": 12, "21+": 30, "1-3": 11, "4-8": 20}
    items = [
        live.Item("title", "word " * int(length.rstrip("+").split("-")[0]), f"{length} {n}", field, 2026, {"x": 1})
        for length, count in counts.items()
        for n, field in zip(range(count), "ab" * 20, strict=False)
    ] + [live.Item("title", "word", f"c {n}", "b", 2026, {"x": 1}) for n in range(11)]
    scores = {"words": dict.fromkeys(live_asking.MEASURES, [0.5] * len(items))}
    made = live.Made(WEEK, 99, 100, tuple(items), {})
    told = live_report.as_json(made, {}, scores, documents=99, model="")
    shown = [row["group"] for row in told["by_length"] if row["task"] == "all"]
    assert shown == ["1-3", "4-8", "9-20", "21+"]
    assert [row["group"] for row in told["by_field"] if row["task"] == "all"] == ["b", "a"]


def test_weeks_that_were_asked_in_fewer_papers_are_named(week):
    first = live_actions.measure(WEEK)
    assert "fewer papers" not in live_report.history_table([first, first])
    told = live_report.history_table([first, first | {"week": "2026-W03", "documents": 41}])
    assert told.splitlines()[-1] == "Asked in fewer papers than the others, where answers stand higher: 2026-W03."


def test_the_history_is_oldest_first_in_the_order_of_the_tables(week):
    live_actions.measure(WEEK)
    row = LiveWeek.objects.get()
    LiveWeek.objects.create(week="2025-W52", made=row.made, papers=9, report=row.report)
    told = live_actions.history()
    assert [one["week"] for one in told] == ["2025-W52", "2026-W02"]
    assert list(told[0]["tasks"]) == ["all", *live.TASKS]
    assert list(told[0]["tasks"]["all"]["systems"]) == list(live.RANKINGS)
    assert "scores" not in told[0], "a page of many weeks does not read each query"
    assert "2025-W52        9" in live_report.history_table(told)


def test_weeks_are_told_together_task_by_task(week):
    first = live_actions.measure(WEEK)
    told = live_report.pooled([first, first])
    for task, group in first["tasks"].items():
        row = next(line for line in told.splitlines() if line.startswith(task)).split()
        assert row[1] == str(2 * group["queries"])
        assert float(row[2]) == pytest.approx(group["systems"]["words"]["nDCG@10"]["mean"], abs=0.001)


def test_weeks_are_told_together_by_field_length_and_year_with_bounds(week):
    first = live_actions.measure(WEEK)
    told = [line.split() for line in live_report.pooled([first, first]).splitlines()]
    (field,) = [row for row in told if row[0] == "cs.LG"]
    assert field[1] == str(2 * first["queries"])
    assert field[3].startswith("("), "each mean has its bounds"
    assert {"1-3", "2026"} <= {row[0] for row in told}
    old = {name: part for name, part in first.items() if name != "groups"}
    assert "By field, length and year: not kept of 2026-W02" in live_report.pooled([first, old])


def test_a_week_with_too_few_papers_is_refused(site):
    with pytest.raises(Refused, match="2026-W02 has 0 papers"):
        live_actions.measure(WEEK)


def test_another_ranking_is_told_from_few_queries_of_a_kept_week(week):
    with pytest.raises(NotFound, match="was not measured yet"):
        live_actions.told_by_few(WEEK, named("weight=0"))
    full = live_actions.measure(WEEK)["tasks"]["all"]["systems"]["words"]["nDCG@10"]["mean"]
    told = live_actions.told_by_few(WEEK, WORDS["words"])
    assert told["asked"] == 50
    assert told["estimate"] == pytest.approx(full, abs=0.025)
    cast.paper("2601.00999", "A late one", day=WEEK.first)
    with pytest.raises(Conflict, match="have changed"):
        live_actions.told_by_few(WEEK, named("weight=0"))


def test_the_job_measures_the_last_whole_week_once(week, monkeypatch):
    monkeypatch.setattr(live_actions, "REST", 0.0)
    now = datetime(2026, 1, 15, tzinfo=UTC)
    assert live_actions.keep_up(lambda: True, now) == "2026-W02 is being measured; the next run goes on."
    assert "2026-W02 was measured:" in live_actions.keep_up(never, now)
    assert live_actions.keep_up(never, now) == "2026-W02 is measured."
    later = live_actions.keep_up(never, now + timedelta(days=7))
    assert later == "2026-W03 has 0 papers; a benchmark takes 10 at least."


def test_the_job_leaves_a_week_to_the_process_that_measures_it(week, site):
    now = datetime(2026, 1, 15, tzinfo=UTC)
    with current.apart(site / "quality" / "2026-W02" / "index"):
        assert live_actions.keep_up(never, now) == "2026-W02 is being measured by another process."
    assert not LiveWeek.objects.exists()


def test_the_job_is_in_the_timetable():
    assert jobs.entry("quality").lane == "quality"
