"""JSON lines as they lie on a disk: every compression, resuming, lines that are not records, files cut off."""

import bz2
import gzip
import json
import lzma
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from broadsheet.errors import BadInput
from broadsheet.sources.jsonl import LONGEST_LINE, JsonLines, fingerprint
from broadsheet.sources.record import Item, Record, Reject

PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".jsonl": lambda data: data,
    ".jsonl.gz": gzip.compress,
    ".jsonl.xz": lambda data: lzma.compress(data, preset=0),
    ".jsonl.bz2": bz2.compress,
    ".jsonl.zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}
COMPRESSED = [ending for ending in PACKED if ending != ".jsonl"]


def lines(count: int) -> bytes:
    dice = random.Random(7)  # so that it does not shrink to nothing when compressed
    rows = ({"id": f"2305.{n:05}", "title": f"T{n}", "comment": dice.randbytes(60).hex()} for n in range(1, count + 1))
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def source(folder: Path, content: bytes, ending: str = ".jsonl") -> JsonLines:
    path = folder / f"made-up{ending}"
    path.write_bytes(content)
    return JsonLines(path)


def reason(folder: Path, line: bytes) -> str:
    [item] = source(folder, line).fetch()
    assert isinstance(item.row, Reject)
    return item.row.reason


def until_it_breaks(file: JsonLines) -> tuple[list[Item], BadInput]:
    """Return what a file gives and the error that ends it."""
    given = []
    try:
        for item in file.fetch():
            given.append(item)  # noqa: PERF402 a comprehension would be lost with the error
    except BadInput as error:
        return given, error
    pytest.fail("the file was read to its end")


@pytest.mark.parametrize("ending", PACKED)
def test_every_compression_gives_the_same_records(tmp_path, ending):
    file = source(tmp_path, PACKED[ending](lines(500)), ending)
    items = list(file.fetch())
    assert [item.position for item in items] == list(range(1, 501))
    assert [item.row.id for item in items] == [f"2305.{n:05}" for n in range(1, 501)]
    assert items[0].row.source == file.name == "made-up"


@pytest.mark.parametrize("ending", PACKED)
def test_a_run_resumes_after_a_line(tmp_path, ending):
    file = source(tmp_path, PACKED[ending](lines(300)), ending)
    assert list(file.fetch(after=200)) == list(file.fetch())[200:]
    assert list(file.fetch(after=300)) == []
    assert list(file.fetch(after=999)) == []
    assert file.done == file.total


@pytest.mark.parametrize("ending", PACKED)
def test_progress_grows_to_the_size_of_the_file_as_it_lies(tmp_path, ending):
    file = source(tmp_path, PACKED[ending](lines(5000)), ending)
    assert (file.total, file.done) == (file.path.stat().st_size, 0)
    seen = [file.done for _ in file.fetch()]
    assert seen == sorted(seen)
    assert 0 < seen[0] <= file.total
    assert seen[-1] <= file.total == file.done


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_file_cut_off_gives_what_came_before_and_says_so(tmp_path, ending):
    whole = PACKED[ending](lines(20_000))
    file = source(tmp_path, whole[: len(whole) * 2 // 3], ending)
    given, trouble = until_it_breaks(file)
    assert len(given) > 5000
    assert all(isinstance(item.row, Record) for item in given)
    assert [item.position for item in given] == list(range(1, len(given) + 1))
    assert trouble.message.startswith(f"{file.path} cannot be read beyond line {len(given)}: ")
    assert file.done <= (file.total or 0)


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_damaged_file_says_so(tmp_path, ending):
    whole = bytearray(PACKED[ending](lines(5000)))
    whole[len(whole) // 2 : len(whole) // 2 + 40] = b"\xff" * 40
    with pytest.raises(BadInput, match="cut off or damaged"):
        list(source(tmp_path, bytes(whole), ending).fetch())


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_file_that_is_not_what_its_ending_says_is_refused(tmp_path, ending):
    with pytest.raises(BadInput, match="cannot be read beyond line 0"):
        list(source(tmp_path, lines(5), ending).fetch())


def test_a_deflate_stream_that_makes_no_sense_is_refused(tmp_path):
    header = gzip.compress(b"")[:10]
    with pytest.raises(BadInput, match="cut off or damaged"):
        list(source(tmp_path, header + b"\xff" * 200, ".jsonl.gz").fetch())


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl.xz", ".jsonl.bz2", ".jsonl.zst"])
def test_files_joined_one_behind_the_other_are_read_through(tmp_path, ending):
    half = lines(40)
    joined = PACKED[ending](half[:777]) + PACKED[ending](half[777:])
    assert len(list(source(tmp_path, joined, ending).fetch())) == 40


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_zstd_file_cut_off_in_its_last_frame_is_noticed(tmp_path, cut):
    joined = PACKED[".jsonl.zst"](lines(10)) + PACKED[".jsonl.zst"](lines(3))
    file = source(tmp_path, joined[:-cut], ".jsonl.zst")
    with pytest.raises(BadInput, match="the last frame is not complete"):
        list(file.fetch())
    assert len(list(source(tmp_path, joined, ".jsonl.zst").fetch())) == 13


def test_an_empty_file_has_no_rows(tmp_path):
    assert list(source(tmp_path, b"").fetch()) == []
    assert list(source(tmp_path, b"", ".jsonl.zst").fetch()) == []


def test_blank_lines_count_but_give_nothing(tmp_path):
    one, two = lines(2).splitlines()
    items = list(source(tmp_path, b"\n" + one + b"\r\n  \t\n\n" + two).fetch())
    assert [item.position for item in items] == [2, 5]
    assert [item.row.id for item in items] == ["2305.00001", "2305.00002"]


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    [item] = source(tmp_path, b"\xef\xbb\xbf" + lines(1)).fetch()
    assert item.row.id == "2305.00001"


def test_a_bad_line_is_rejected_with_its_own_text_and_the_rest_goes_in(tmp_path):
    one, two = lines(2).splitlines(keepends=True)
    items = list(source(tmp_path, one + b'{"id": "nonsense", "title": "T"}\n' + two).fetch())
    assert [type(item.row) for item in items] == [Record, Reject, Record]
    assert items[1].row.raw == '{"id": "nonsense", "title": "T"}'
    assert "'nonsense' is not an arXiv id" in items[1].row.reason


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"title: x", "The line is not JSON: Expecting value"),
        (b'{"id": "2305.12102"', "The line is not JSON"),
        (b'{"id": "2305.12102", "title": "\xff"}', "The line is not UTF-8 at byte 31."),
        ('{"id": "2305.12102", "title": "é"}'.encode("latin-1"), "The line is not UTF-8"),
        ('{"id": "2305.12102"}'.encode("utf-16"), "The line is not"),
        (b"[" * 100_000, "The line is not JSON: maximum recursion depth"),
        (b'{"id":' + b"[" * 5000 + b"]" * 5000 + b"}", "id is [[["),
        (b'{"version": ' + b"9" * 5000 + b"}", "The line is not JSON: Exceeds the limit"),
        (b'["2305.12102"]', "The row is not an object."),
        (b'{"id": "2305.12102", "title": "\\ud800"}', "title holds half of a surrogate pair."),
        (b'{"id": "2305.12102", "title": "T", "upvotes": NaN}', "upvotes is nan"),
        (b'{"title": "T"}', "The row has no id."),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, bytes) else "",
)
def test_a_line_that_is_no_record_is_rejected_with_the_reason(tmp_path, line, told):
    assert told in reason(tmp_path, line)


@pytest.mark.parametrize("filling", [b"x", b" "])
def test_a_giant_line_is_rejected_by_its_length_and_the_next_one_read(tmp_path, filling):
    giant = b'{"id": "2305.00009", "title": "' + filling * (2 * LONGEST_LINE) + b'"}\n'
    giant = giant if filling == b"x" else filling * (2 * LONGEST_LINE) + b"\n"
    items = list(source(tmp_path, giant + lines(1)).fetch())
    assert [(item.position, type(item.row)) for item in items] == [(1, Reject), (2, Record)]
    assert items[0].row.reason == f"The line is longer than {LONGEST_LINE} bytes."
    assert len(items[0].row.raw) < 11_000


def test_a_line_of_just_the_limit_is_read(tmp_path):
    row = b'{"id": "2305.00009", "title": "T", "colour": "%s"}\n'
    fits = row % (b"x" * (LONGEST_LINE - len(row) + 2))
    assert len(fits) == LONGEST_LINE
    items = list(source(tmp_path, fits + fits.replace(b"xx", b"xxx", 1)).fetch())
    assert [type(item.row) for item in items] == [Record, Reject]


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_small_file_that_unpacks_to_a_giant_line_does_not_fill_the_memory(tmp_path, ending):
    bomb = PACKED[ending](b"0" * 120_000_000)
    file = source(tmp_path, bomb, ending)
    assert (file.total or 0) < 200_000
    tracemalloc.start()
    try:
        [item] = file.fetch()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(item.row, Reject)
    assert peak < 50_000_000


def test_a_name_goes_before_the_files_own(tmp_path):
    path = tmp_path / "papers.2025.jsonl"
    path.write_bytes(lines(1))
    assert [item.row.source for item in JsonLines(path).fetch()] == ["papers"]
    assert [item.row.source for item in JsonLines(path, "press").fetch()] == ["press"]
    assert JsonLines(path, "x" * 100).name == "x" * 80
    assert JsonLines(path.rename(tmp_path / ".jsonl")).name == "records"


def test_a_fingerprint_is_the_contents_not_the_names(tmp_path):
    content = lines(3000)
    path = tmp_path / "a.jsonl"

    def of(data: bytes) -> str:
        path.write_bytes(data)
        return fingerprint(path)

    known = of(content)
    (tmp_path / "b.jsonl").write_bytes(content)
    assert fingerprint(tmp_path / "b.jsonl") == known
    assert len(known) == 32
    changed = [b"x" + content[1:], content[:-1] + b"x", content + b"\n", content[:-1], b""]
    assert len({known, *(of(data) for data in changed)}) == 1 + len(changed)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["daily-2024-2026.jsonl.xz", "papers-2025-2026.jsonl.xz"])
def test_the_shared_collections_are_in_the_format(shared_data, name):
    file = JsonLines(shared_data(name))
    first: list[Item] = [item for item, _ in zip(file.fetch(), range(2000), strict=False)]
    assert [item for item in first if isinstance(item.row, Reject)] == []
    with lzma.open(file.path) as raw:
        rows = [json.loads(line) for line, _ in zip(raw, range(2000), strict=False)]
    assert [item.row.id for item in first] == [row["id"] for row in rows]
    assert [list(item.row.authors) for item in first] == [row.get("authors", []) for row in rows]
    assert [item.row.votes for item in first] == [row.get("upvotes") for row in rows]
