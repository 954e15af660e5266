"""Collections in BEIR's layout."""

import json

import pytest
from tests.conftest import DATA

from broadsheet.errors import BadInput
from broadsheet.sources.beir import Corpus, judgments, key_of
from broadsheet.sources.record import Record, Reject

FOLDER = DATA / "beir"


def test_documents_become_papers_under_a_key_whatever_their_id():
    items = list(Corpus(FOLDER).fetch())
    records = [item.row for item in items if isinstance(item.row, Record)]
    assert [record.title for record in records][4:] == ["The cost of masts", ""]
    assert records[4].id == key_of("id with spaces/and:signs")
    assert len({record.id for record in records}) == 6
    (reject,) = [item.row for item in items if isinstance(item.row, Reject)]
    assert "no id" in reject.raw


def test_reading_goes_on_after_a_line():
    assert [item.position for item in Corpus(FOLDER).fetch(after=5)] == [6, 7]


def test_only_judged_queries_are_read():
    found = judgments(FOLDER)
    assert set(found.queries) == set(found.qrels) == {"q1", "q2", "q3"}
    assert found.qrels["q1"] == {"d1": 2, "d2": 1}


def test_queries_are_told_apart_by_field_and_year_where_the_collection_names_them(tmp_path):
    assert judgments(FOLDER).groups == {}
    write(tmp_path, "q1\td1\t1\nq2\td1\t1\n")
    rows = [
        {"_id": "q1", "text": "a", "metadata": {"field": "cs", "year": 2020, "url": "x"}},
        {"_id": "q2", "text": "b", "metadata": {"year": ["2020"], "field": "\x1bmath"}},
    ]
    (tmp_path / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert judgments(tmp_path).groups == {"field": {"q1": "cs", "q2": "math"}, "year": {"q1": "2020", "q2": "none"}}


def test_judgments_need_no_heading(tmp_path):
    write(tmp_path, "q1\td1\t1\n")
    assert judgments(tmp_path).qrels == {"q1": {"d1": 1}}


@pytest.mark.parametrize(
    "line", ["q1\td1\t1", "q1 \t d1\t1 ", "q1   d1  1", "q1\t0\td1\t1", "q1 Q0 d1 1", "q1\td1\t1.0", "q1\td1\t1\r"]
)
def test_judgments_are_read_however_their_columns_are_set_apart(tmp_path, line):
    write(tmp_path, f"\ufeffquery-id\tcorpus-id\tscore\n{line}\n", '\ufeff{"_id": " q1", "text": "lanterns"}\n')
    assert judgments(tmp_path).qrels == {"q1": {"d1": 1}}


@pytest.mark.parametrize("line", ["q1\td1\t1.5", "q1\td1", "q1,d1,1", "q1 d1 1 0", "q1\td1\t2000"])
def test_what_is_no_judgment_is_named_in_the_first_line_too(tmp_path, line):
    write(tmp_path, f"{line}\nq1\td2\t1\n")
    with pytest.raises(BadInput, match="line 1: 'q1"):
        judgments(tmp_path)
    write(tmp_path, f"query-id\tcorpus-id\tscore\n\n{line}\n")
    with pytest.raises(BadInput, match="line 3: 'q1"):
        judgments(tmp_path)


def test_a_judged_query_without_text_is_left_out_and_told(tmp_path):
    queries = '{"_id": "q1", "text": "lanterns"}\n{"_id": "q2", "text": null}\n{"_id": "q3", "text": null}\n'
    write(tmp_path, "q1\td1\t1\nq2\td1\t1\nq9\td1\t1\n", queries)
    found = judgments(tmp_path)
    assert found.queries == {"q1": "lanterns"}
    assert found.without_text == ("q2", "q9")


def test_texts_that_no_database_holds_are_read_as_far_as_they_can_be(tmp_path):
    (tmp_path / "corpus.jsonl").write_text('\ufeff{"_id": "d1", "title": "\\ud800 A", "text": "\\u0000 lamp"}\n')
    (item,) = Corpus(tmp_path).fetch()
    assert isinstance(item.row, Record)
    assert (item.row.title, item.row.abstract) == ("? A", "lamp")


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"corpus\.jsonl"):
        Corpus(tmp_path)
    with pytest.raises(BadInput, match=r"no .*other\.tsv.*--split takes test\."):
        judgments(FOLDER, "other")
    with pytest.raises(BadInput, match=r"test\.tsv cannot be read"):
        judgments(tmp_path)
    write(tmp_path, "query-id\tcorpus-id\tscore\nq1\td1\n")
    with pytest.raises(BadInput, match="line 2: 'q1"):
        judgments(tmp_path)
    write(tmp_path, "q9\td1\t1\n")
    with pytest.raises(BadInput, match="No query of"):
        judgments(tmp_path)
    write(tmp_path, "q1\td1\t1\n", queries='{"id": "q1"}\n')
    with pytest.raises(BadInput, match=r"queries\.jsonl, line 1"):
        judgments(tmp_path)


def write(folder, qrels, queries='{"_id": "q1", "text": "lanterns"}\n'):
    (folder / "qrels").mkdir(exist_ok=True)
    (folder / "qrels" / "test.tsv").write_text(qrels)
    (folder / "queries.jsonl").write_text(queries)
