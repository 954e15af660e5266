"""``broadsheet enrich`` and the benches of facts, as processes of their own."""

import json

from tests.conftest import DATA, broadsheet

MODEL = {"BROADSHEET_MODEL": "none"}


def test_facts_are_found_once_and_printed_for_a_paper(tmp_path):
    rows = tmp_path / "rows.jsonl"
    row = {"id": "2601.00001", "title": "Small Papers", "abstract": "We measure.", "comment": "ICML 2026. 9 pages"}
    rows.write_text(json.dumps(row))
    home = tmp_path / "home"
    assert broadsheet(home, "ingest", "--no-index", str(rows), **MODEL).returncode == 0
    assert broadsheet(home, "enrich", **MODEL).stdout.startswith("Papers looked at: 1 for said, 1 for phrases")
    assert broadsheet(home, "enrich", "said", **MODEL).stdout == "Papers looked at: 0 for said.\n"
    printed = broadsheet(home, "enrich", "said", "--paper", "2601.00001", "--json", **MODEL).stdout
    assert [one["text"] for one in json.loads(printed)][:2] == ["ICML 2026", "9 pages"]
    unknown = broadsheet(home, "enrich", "nothing", **MODEL)
    assert unknown.returncode == 1
    assert "There is no kind of facts called 'nothing'" in unknown.stderr


def test_the_benches_tell_each_way_in_a_row(tmp_path):
    rows = tmp_path / "rows.jsonl"
    abstract = (
        "We measure how graph networks grow with more data of all kinds. It is known that they do. "
        "Graph networks grow slowly where their data are all of one kind."
    )
    told = [
        {"title": f"Graph networks {place}", "abstract": abstract, "keywords": ["graph networks"]} for place in range(4)
    ]
    rows.write_text("\n".join(map(json.dumps, told)))
    found = json.loads(broadsheet(tmp_path / "home", "bench", "phrases", str(rows), "--json", **MODEL).stdout)
    assert {row["way"] for row in found} == {"broadsheet", "TF-IDF"}
    extracts = broadsheet(tmp_path / "home", "bench", "extracts", str(rows), "--json", **MODEL)
    assert [row["way"] for row in json.loads(extracts.stdout)] == ["first two", "any two", "weight of words"]
    assert broadsheet(tmp_path / "home", "bench", "phrases", str(DATA / "xss.txt"), **MODEL).returncode == 1
