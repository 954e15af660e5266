"""Taking papers in: batches, resuming, rejects."""

import json
import lzma
from datetime import date

import pytest

from broadsheet import pipeline, places
from broadsheet.errors import BadInput
from broadsheet.papers import runs
from broadsheet.papers.models import Paper, Run

pytestmark = pytest.mark.django_db


def line(number: int, **given: object) -> str:
    facts = {
        "id": f"2501.{number:05}",
        "title": f"Paper number {number}",
        "abstract": f"What paper {number} says.",
        "authors": ["A. Example"],
        "categories": ["cs.LG"],
        "first_listed": "2025-01-02",
    }
    return json.dumps(facts | given)


@pytest.fixture
def many(tmp_path, monkeypatch):
    """A file of 25 papers with three bad rows, and batches of ten."""
    monkeypatch.setattr(pipeline, "BATCH", 10)
    rows = [line(number) for number in range(1, 26)]
    rows[4] = "{not json"
    rows[11] = json.dumps({"title": "No id"})
    rows[20] = line(21, authors="not a list")
    path = tmp_path / "many.jsonl.xz"
    path.write_bytes(lzma.compress("\n".join(rows).encode()))
    return path


def take(path, **given):
    opened = places.open_place(str(path))
    return pipeline.take_in(opened.source, place=str(path), fingerprint=opened.fingerprint, **given)


def test_what_can_be_read_goes_in_and_the_rest_is_kept_with_line_and_reason(many):
    run = take(many)
    assert (run.added, run.rejected, Paper.objects.count()) == (22, 3, 22)
    assert run.finished
    kept = [json.loads(row) for row in runs.rejects_file(run).read_text().splitlines()]
    assert [row["line"] for row in kept] == [5, 12, 21]
    assert kept[0]["raw"].strip() == "{not json"
    assert all(row["reason"] for row in kept)


def test_a_run_that_was_stopped_resumes_where_it_was(many):
    asked = iter([False, True])
    stopped = take(many, stop=lambda: next(asked))
    assert (stopped.position, stopped.finished) == (10, None)
    run = take(many)
    assert run.pk == stopped.pk
    assert (run.added, run.unchanged, run.rejected) == (22, 0, 3)


def test_a_run_that_fails_in_a_batch_stores_nothing_of_it_and_resumes(many, monkeypatch):
    calls = []

    def fails_at_the_second(ids):
        calls.append(ids)
        if len(calls) == 2:
            raise RuntimeError("the power went")

    monkeypatch.setattr(pipeline, "rescore", fails_at_the_second)
    with pytest.raises(RuntimeError):
        take(many)
    assert Paper.objects.count() == 9
    assert take(many).added == 22


def test_reading_the_same_file_again_changes_nothing(many):
    take(many)
    run = take(many)
    assert Run.objects.count() == 2
    assert (run.added, run.updated, run.unchanged) == (0, 0, 22)


def test_changed_content_under_the_same_name_is_another_run(many):
    take(many, stop=lambda: True)
    many.write_bytes(lzma.compress(line(1).encode()))
    run = take(many)
    assert (run.added, run.position) == (1, 1)


def test_progress_tells_how_far_the_file_is_read(many):
    reports = []
    take(many, report=lambda now: reports.append((now.done, now.total, now.run.position)))
    assert [position for _, _, position in reports] == [10, 20, 25]
    assert reports[-1][0] == reports[-1][1] == many.stat().st_size


def test_votes_seen_give_a_trending_score(tmp_path):
    path = tmp_path / "votes.jsonl"
    path.write_text(line(1, daily_date="2025-01-03", upvotes=5, upvotes_seen=[["2025-01-03", 5]]))
    take(path)
    paper = Paper.objects.get()
    assert (paper.votes, paper.day) == (5, date(2025, 1, 3))
    assert paper.trending is not None


def test_the_sample_edition_is_a_source_like_any_other():
    run = pipeline.take_in_sample()
    assert run.rejected == 0
    papers = Paper.objects.all()
    assert len(papers) >= 200
    assert len({paper.day for paper in papers}) >= 10
    assert len({paper.categories[0].split(".")[0] for paper in papers}) >= 8
    assert {paper.abstract_kind for paper in papers} == {"description"}
    assert pipeline.take_in_sample().unchanged == len(papers)


def test_a_place_that_is_nothing_is_refused_with_what_can_be_named():
    with pytest.raises(BadInput) as refused:
        places.open_place("no-such-file.jsonl")
    assert "no-such-file.jsonl" in str(refused.value)
    assert "sample" in refused.value.hint


def test_without_a_network_there_are_no_news_and_a_sentence_says_why():
    assert "switched off" in pipeline.why_no_news()
    assert pipeline.take_in_news() is None


@pytest.mark.shared
def test_a_recorded_daily_answer_with_malformed_rows_goes_in(shared_data):
    path = shared_data("feeds/hf-api/2024-12-11.json")
    run = take(path)
    assert (run.added, run.rejected) == (25, 0)
    assert Paper.objects.filter(day="2024-12-11").count() == 25
    again = take(path)
    assert (again.added, again.updated) == (0, 0)


@pytest.mark.shared
def test_the_shared_files_are_in_the_record_format(shared_data, tmp_path):
    for name in ("papers-2025-2026.jsonl.xz", "daily-2024-2026.jsonl.xz"):
        with lzma.open(shared_data(name), "rt") as rows:
            head = [row for row, _ in zip(rows, range(300), strict=False)]
        path = tmp_path / name
        path.write_bytes(lzma.compress("".join(head).encode()))
        run = take(path)
        assert run.rejected == 0
        assert run.added + run.updated + run.unchanged == 300


def test_of_an_archive_that_is_cut_off_what_could_be_read_is_kept_with_the_reason(tmp_path):
    whole = lzma.compress("".join(line(number, abstract=str(number) * 50) + "\n" for number in range(1, 900)).encode())
    path = tmp_path / "cut.jsonl.xz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"cut\.jsonl\.xz"):
        take(path)
    run = Run.objects.get()
    assert run.added == Paper.objects.count() > 0
    assert (run.finished, "cannot be read" in run.failure) == (None, True)
