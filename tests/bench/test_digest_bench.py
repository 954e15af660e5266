"""What variety costs: on made-up editions whose best papers are known, and on the recorded ones."""

import json

import pytest
from click.testing import CliRunner

from broadsheet.bench.digest import measure, run
from broadsheet.cli import main
from broadsheet.errors import BadInput


def edition(path, *, papers=30, kinds=("cs.CL", "cs.CV", "math.CO")):
    """Papers of one day in two files: votes in one, categories in the other; most votes go to the first kind."""
    votes, texts = path / "votes.jsonl", path / "texts.jsonl"
    rows = [
        {"id": f"2611.{number:05}", "title": f"Paper {number} of words", "abstract": "", "daily_date": "2026-11-20"}
        for number in range(papers)
    ]
    votes.write_text("".join(json.dumps(row | {"upvotes": 100 - place}) + "\n" for place, row in enumerate(rows)))
    texts.write_text(
        "".join(
            json.dumps({"id": row["id"], "title": row["title"], "categories": [kinds[place * len(kinds) // papers]]})
            + "\n"
            for place, row in enumerate(rows)
        )
    )
    return [votes, texts]


def test_by_votes_alone_nothing_is_lost_and_with_variety_kinds_are_mixed(tmp_path):
    rows = {(row.edition, row.balance): row for row in measure(edition(tmp_path))}
    alone, mixed = rows["day", 1.0], rows["day", 0.6]
    assert (alone.same_kind, alone.ndcg, alone.kept) == (10, 1, 10)
    assert mixed.same_kind < 6
    assert 0.9 < mixed.ndcg < 1
    assert rows["week", 0.6].editions == 1


def test_where_there_is_one_kind_alone_votes_decide(tmp_path):
    rows = measure(edition(tmp_path, kinds=("cs.CL",)))
    assert all(row.most_same_kind == 10 for row in rows)
    assert all(row.ndcg > 0.99 for row in rows)


def test_files_without_an_edition_large_enough_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"No edition in .* has 20 papers"):
        measure(edition(tmp_path, papers=19))


def test_a_file_that_is_none_is_named(tmp_path):
    (tmp_path / "broken.jsonl").write_text("{")
    with pytest.raises(BadInput, match=r"broken\.jsonl cannot be read"):
        measure([tmp_path / "broken.jsonl"])


def test_the_command_prints_a_table_or_json(tmp_path, capsys):
    paths = edition(tmp_path)
    found = CliRunner().invoke(main, ["bench", "digest", *map(str, paths), "--json"])
    assert found.exit_code == 0, found.output
    assert len(json.loads(found.output)["rows"]) == 14
    run(paths, as_json=False)
    assert "one category" in capsys.readouterr().out


@pytest.mark.shared
@pytest.mark.soak
def test_on_the_recorded_editions_variety_costs_two_per_cent_at_most(shared_data):
    rows = measure([shared_data("daily-2024-2026.jsonl.xz"), shared_data("papers-2025-2026.jsonl.xz")])
    published = {row.edition: row for row in rows if row.balance == 0.6}
    by_votes = {row.edition: row for row in rows if row.balance == 1}
    for name in ("day", "week"):
        assert published[name].ndcg > 0.98
        assert published[name].same_kind < by_votes[name].same_kind - 1
        assert published[name].alike < by_votes[name].alike
