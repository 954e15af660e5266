"""The backtest of trending: on made-up worlds whose best system is known, and on the recorded histories."""

import gzip
import json
import lzma
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from broadsheet.bench.trending import CHOSEN, FAMILIES, MEASURES, backtest, judge, plain_votes, run
from broadsheet.bench.votes import History, Panel, Seen, read_histories
from broadsheet.errors import BadInput

MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)


def world(votes_at: Callable[[int, int], int], *, days: int = 24) -> list[History]:
    """Ten papers a day, of quality 1 to 10, each read on its edition's day and the three days after it."""
    return [
        History(first, tuple((first + age * DAY, votes_at(quality, age)) for age in range(4)))
        for first in (MONDAY + step * DAY for step in range(days))
        for quality in range(1, 11)
    ]


def steady(quality: int, age: int) -> int:
    """Every paper gains as much each day as on its first: yesterday's votes foretell tomorrow's."""
    return quality * (age + 1)


def rich_get_richer(quality: int, age: int) -> int:
    """Every paper gains as much as it has: the votes so far foretell tomorrow's."""
    return int(quality * 2**age)


def written(path: Path, histories: list[History]) -> Path:
    rows = (
        {"daily_date": str(first), "upvotes_seen": [[str(day), votes] for day, votes in readings]}
        for first, readings in histories
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_where_votes_come_steadily_the_last_days_votes_foretell_exactly() -> None:
    report = backtest(world(steady))

    assert [report.figure("votes of the last day", measure=measure).mean for measure in MEASURES] == [1, 1, 1]
    assert report.figure("plain votes").mean < 0.95
    assert report.figure("plain votes").sign == "-"


def test_where_the_rich_get_richer_plain_votes_beat_trending() -> None:
    report = backtest(world(rich_get_richer))

    assert [report.figure("plain votes", measure=measure).mean for measure in MEASURES] == [1, 1, 1]
    assert report.figure("plain votes").sign == "+"
    assert report.figure(CHOSEN).difference == 0


def test_two_runs_print_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "votes.jsonl", world(steady))
    printed = []
    for _ in range(2):
        run(path, as_json=False)
        printed.append(capsys.readouterr().out)

    assert printed[0] == printed[1]
    assert "240 vote histories" in printed[0]
    assert all(measure in printed[0] for measure in MEASURES)


def test_json_holds_every_figure_and_progress_goes_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(written(tmp_path / "votes.jsonl", world(steady)), as_json=True)
    out, err = capsys.readouterr()
    report = json.loads(out)

    assert report["histories"] == 240
    assert len(report["tuning"]) == sum(len(family.values) for family in FAMILIES)
    best = [row for row in report["figures"] if row["system"] == "votes of the last day" and row["task"] == "overall"]
    assert {row["measure"]: row["mean"] for row in best} == dict.fromkeys(MEASURES, 1)
    assert "tuning" in err
    assert f"judging {CHOSEN}" in err


def test_a_ranking_is_judged_by_hand_computed_measures() -> None:
    votes = list(range(20, 0, -1))
    gains = [0, 8, *[1] * 9, *[0] * 9]  # the most voted gains nothing, the second 8, the next nine 1 each
    papers = [Seen(MONDAY, ((MONDAY, number),), MONDAY) for number in votes]
    overlap, ndcg, spearman = judge(plain_votes, Panel(MONDAY, papers, np.array(gains, dtype=float)))
    discount = [1 / np.log2(place + 1) for place in range(1, 11)]

    assert overlap == pytest.approx(0.9)
    assert ndcg == pytest.approx((8 * discount[1] + sum(discount[2:])) / (8 * discount[0] + sum(discount[1:])))
    # By the definition for ties: the ten without gain share rank 5.5, the nine with one vote rank 15.
    shared = [5.5, 20, *[15] * 9, *[5.5] * 9]
    assert spearman == pytest.approx(np.corrcoef(votes, shared)[0, 1])


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.xz"])
def test_histories_are_read_from_plain_and_packed_files(tmp_path: Path, suffix: str) -> None:
    rows = b"\n".join(
        [
            b'{"daily_date": "2026-03-02", "upvotes_seen": [["2026-03-03", 9], ["2026-03-02", 3], ["2026-03-02", 4]]}',
            b'{"daily_date": "2026-03-02", "title": "never read"}',
        ]
    )
    pack = {".jsonl": bytes, ".jsonl.gz": gzip.compress, ".jsonl.xz": lzma.compress}[suffix]
    path = tmp_path / f"votes{suffix}"
    path.write_bytes(pack(rows))

    assert read_histories(path) == [History(MONDAY, ((MONDAY, 4), (MONDAY + DAY, 9)))]


@pytest.mark.parametrize("line", ["not json", "[1]", '{"daily_date": "2026-03-02", "upvotes_seen": [["soon", 3]]}'])
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "votes.jsonl"
    path.write_text("{}\n" + line + "\n")

    with pytest.raises(BadInput, match=r"votes\.jsonl, line 2, is not a record"):
        read_histories(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "votes.jsonl.xz"
    broken.write_bytes(b"no archive")

    with pytest.raises(BadInput, match=r"votes\.jsonl\.xz cannot be read"):
        read_histories(broken)
    with pytest.raises(BadInput, match=r"absent\.jsonl cannot be read"):
        read_histories(tmp_path / "absent.jsonl")


def test_too_few_readings_are_refused_with_what_is_needed() -> None:
    with pytest.raises(BadInput, match="A backtest needs twenty papers"):
        backtest(world(steady, days=2))


@pytest.mark.shared
def test_on_recorded_histories_trending_foretells_better_than_plain_votes(shared_data: Callable[[str], Path]) -> None:
    histories = read_histories(shared_data("daily-2024-2026.jsonl.xz"))
    report = backtest([one for one in histories if date(2025, 11, 1) <= one.first_day < date(2026, 3, 1)])
    votes = report.figure("plain votes", measure="overlap@10")

    assert report.figure(CHOSEN, measure="overlap@10").mean >= votes.mean
    assert votes.sign == "-"
    published = next(one for one in report.tuning if one.system == "forward decay 18 h")
    assert published.difference_high >= 0, "another half-life is clearly better on the days for tuning"
