"""arXiv's bulk snapshot: its lines as papers, how it is told from other files, plain, packed and broken off."""

import gzip
import json
import lzma
import re
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.conftest import DATA
from tests.soak.snapshot_maker import lines

from broadsheet.errors import BadInput
from broadsheet.sources.hf_daily import HfDaily
from broadsheet.sources.jsonl import JsonLines
from broadsheet.sources.open_source import source_for
from broadsheet.sources.record import Record, Reject
from broadsheet.sources.snapshot import Snapshot

FIXTURE = DATA / "arxiv-snapshot.json"


def row(**changes) -> dict:
    return json.loads(FIXTURE.read_text().splitlines()[0]) | changes


def read(folder: Path, *rows) -> list:
    path = folder / "arxiv-metadata-oai-snapshot.json"
    path.write_text("".join(json.dumps(one) + "\n" for one in (row(id="0704.9999"), *rows)))
    return [item.row for item in source_for(path).fetch()][1:]


def reason(folder: Path, **changes) -> str:
    [found] = read(folder, row(**changes))
    assert isinstance(found, Reject)
    return found.reason


def test_a_line_is_a_paper_with_everything_it_tells():
    first = next(source_for(FIXTURE).fetch()).row
    assert first == Record(
        id="0704.0001",
        title="Counting made-up photons at invented colliders and their energies",
        source="arxiv",
        abstract="A calculation of $n$ photons is presented. It is made up from beginning to end.",
        authors=("C. Exámple", "E. L. Instance", "P. van der Sample, Jr."),
        categories=("hep-ph", "hep-ex"),
        version=2,
        announced=date(2007, 4, 3),
        published=datetime(2007, 4, 2, 17, 18, 42, tzinfo=UTC),
        updated=datetime(2007, 7, 24, 20, 10, 27, tzinfo=UTC),
        comment="37 pages, 15 figures; published version",
        doi="10.1000/example.76.013009",
        journal_ref="J.Example D76:013009,2007",
        history=(
            (1, datetime(2007, 4, 2, 17, 18, 42, tzinfo=UTC), ""),
            (2, datetime(2007, 7, 24, 20, 10, 27, tzinfo=UTC), ""),
        ),
    )


def test_old_ids_and_withdrawn_papers_are_understood():
    papers = {item.row.id: item.row for item in source_for(FIXTURE).fetch()}
    assert set(papers) == {"0704.0001", "math/0309136", "2501.00003"}
    assert papers["math/0309136"].authors == ("A. Example", "Some Collaboration")
    assert papers["2501.00003"].withdrawn == datetime(2025, 2, 3, 9, 0, 0, tzinfo=UTC)
    assert papers["0704.0001"].withdrawn is None


def test_the_day_of_an_update_of_the_metadata_is_not_the_day_of_a_version(tmp_path):
    [paper] = read(tmp_path, row(update_date="2026-01-01"))
    assert paper.updated == datetime(2007, 7, 24, 20, 10, 27, tzinfo=UTC)


def test_a_source_may_be_named_otherwise():
    assert source_for(FIXTURE, "mirror").name == "mirror"
    assert next(source_for(FIXTURE, "mirror").fetch()).row.source == "mirror"


@pytest.mark.parametrize("ending", [".json", ".jsonl", ".json.gz", ".jsonl.gz", ".zip", ".json.zip"])
def test_it_is_known_by_its_content_under_every_ending(tmp_path, ending):
    path = tmp_path / f"anything{ending}"
    content = FIXTURE.read_bytes()
    if ending.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.mkdir("archive")
            archive.writestr("archive/arxiv-metadata-oai-snapshot.json", content)
            archive.writestr("other.txt", "not read")
    else:
        path.write_bytes(gzip.compress(content) if ending.endswith(".gz") else content)
    source = source_for(path)
    assert isinstance(source, Snapshot)
    assert [item.row for item in source.fetch()] == [item.row for item in source_for(FIXTURE).fetch()]
    assert source.done == source.total == path.stat().st_size


def test_other_files_stay_what_they_are(tmp_path):
    daily = tmp_path / "answer.json"
    daily.write_text(json.dumps([{"paper": {"id": "2305.12102", "title": "T"}}]))
    assert isinstance(source_for(daily), HfDaily)
    records = tmp_path / "records.jsonl"
    records.write_text(json.dumps({"id": "2305.12102", "title": "T", "authors": []}))
    assert type(source_for(records)) is JsonLines
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert type(source_for(empty)) is JsonLines


def test_a_zip_archive_without_a_snapshot_is_refused_with_a_way_out(tmp_path):
    path = tmp_path / "letters.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(BadInput, match=r"letters\.zip"):
        source_for(path)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(BadInput, match=r"letters\.zip.* cannot be read"):
        source_for(path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": "nonsense"}, "'nonsense' is not an arXiv id"),
        ({"title": "  \n "}, "no title"),
        ({"title": 7}, "title is 7"),
        ({"versions": []}, r"versions is \[\]"),
        ({"versions": "v1"}, "versions is v1"),
        ({"versions": [{"version": "v1"}]}, "created is 'None'"),
        ({"versions": [{"version": "v1", "created": "Mon, 31 Feb 2007 19:18:42 GMT"}]}, "created is 'Mon, 31 Feb"),
        ({"versions": [{"version": "v1", "created": "Mon, 2 Apr 0007 19:18:42 GMT"}]}, "created is"),
        ({"authors_parsed": "A. Example"}, "authors_parsed is A. Example"),
        ({"authors_parsed": [[None, "A."]]}, "authors_parsed is"),
        ({"abstract": "\ud800"}, "half of a surrogate"),
    ],
)
def test_a_line_that_is_none_says_why_and_the_rest_goes_in(tmp_path, changes, told):
    assert re.search(told, reason(tmp_path, **changes))
    broken, whole = read(tmp_path, row(**changes), row(id="0704.0002"))
    assert isinstance(broken, Reject)
    assert broken.raw
    assert whole.id == "0704.0002"


def test_names_are_read_from_the_line_of_authors_where_they_come_in_no_parts(tmp_path):
    [paper] = read(tmp_path, row(authors_parsed=[], authors='A. Example (1), B. G\\"odel and C. Instance ((1) Here)'))
    assert paper.authors == ("A. Example", "B. Gödel", "C. Instance")


def many(folder: Path, number: int, ending: str = ".json") -> Path:
    made = [row(id=f"2501.{n:05}", title=f"Number {n}") for n in range(1, number + 1)]
    content = "".join(json.dumps(one) + "\n" for one in made).encode()
    path = folder / f"many{ending}"
    path.write_bytes(gzip.compress(content) if ending.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("ending", [".json", ".json.gz"])
@pytest.mark.parametrize("after", [0, 1, 999, 1000, 1001, 2400, 2499, 2500, 9000])
def test_it_resumes_after_any_line(tmp_path, ending, after):
    found = [(item.position, item.row.id) for item in source_for(many(tmp_path, 2500, ending)).fetch(after)]
    assert found == [(n, f"2501.{n:05}") for n in range(after + 1, 2501)]


def test_resuming_does_not_lose_count_by_blank_lines_and_lines_that_are_none(tmp_path):
    path = many(tmp_path, 3)
    first, second, third = path.read_text().splitlines()
    path.write_text(f"{first}\n\n{{broken\n{second}\n{third}")
    assert [item.position for item in source_for(path).fetch()] == [1, 3, 4, 5]
    assert [item.position for item in source_for(path).fetch(3)] == [4, 5]
    assert list(source_for(path).fetch(5)) == []


def test_a_packed_file_that_is_cut_off_gives_what_came_before(tmp_path):
    path = many(tmp_path, 2000, ".json.gz")
    path.write_bytes(path.read_bytes()[:-2000])
    given = []

    def keep() -> None:
        for item in source_for(path).fetch():
            given.append(item.row.id)  # noqa: PERF401 a comprehension would be lost with the error

    with pytest.raises(BadInput, match="cut off or damaged"):
        keep()
    assert given == [f"2501.{n:05}" for n in range(1, len(given) + 1)]
    assert len(given) > 1000


def test_the_maker_of_large_files_makes_lines_that_are_read_whole(tmp_path):
    papers = tmp_path / "papers.jsonl.xz"
    paper = {"title": "T", "abstract": "A b.", "authors": ["Ann Example"]}
    twins = [paper | {"id": f"2503.0000{n}"} for n in (1, 2, 3)]
    with lzma.open(papers, "wt") as file:
        file.writelines(json.dumps(one) + "\n" for one in twins)
    path = tmp_path / "made.json"
    path.write_text("\n".join(lines(papers, 7)))
    found = [item.row for item in source_for(path).fetch()]
    assert [paper.id for paper in found] == [f"1501.{n:05}" for n in range(1, 8)]
    assert {paper.authors for paper in found} == {("Ann Example",)}
    assert [paper.version for paper in found] == [1, 2, 3, 1, 2, 3, 1]
