"""Every field of the record format: what it takes, what it becomes, and what is said of what it does not take."""

import dataclasses
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import BadInput
from broadsheet.sources.record import Record
from broadsheet.sources.rows import LONGEST_TEXT, moment_of, record_of

TEXTS = ["title", "abstract", "description", "comment", "doi", "journal_ref", "summary", "source", "organization"]
LISTS = ["authors", "categories", "keywords"]
NUMBERS = ["version", "upvotes", "comments", "github_stars"]
TIMES = ["announced", "first_listed", "featured", "daily_date", "published", "updated", "withdrawn"]


def read(**given: Any) -> Record:
    return record_of({"id": "2305.12102", "title": "A Title"} | given, "made-up")


def refusal(**given: Any) -> str:
    with pytest.raises(BadInput) as caught:
        read(**given)
    return caught.value.message


def test_the_least_row_is_an_id_and_a_title():
    assert read() == Record(id="2305.12102", title="A Title", source="made-up")


def test_a_full_row_fills_every_field():
    record = read(
        id="2305.12102v3",
        source="journal",
        abstract="What we did.",
        authors=["A. Example", "B. Instance"],
        categories=["cs.CL", "cs.AI"],
        announced="2023-05-22",
        featured="2023-05-23",
        published="2023-05-20T05:00:00Z",
        updated="2023-06-01T00:30:00+02:00",
        withdrawn="2024-01-01",
        comment="12 pages",
        doi="10.1000/182",
        journal_ref="J. Ex. 1 (2023)",
        licence="http://creativecommons.org/licenses/by/4.0/",
        history=[[2, "2023-05-21T05:00:00Z", "12kb"], [1, "2023-05-20", ""]],
        other_ids=["doi:10.1000/182", "2305.12102"],
        upvotes=7,
        upvotes_seen=[["2023-05-23", 3], ["2023-05-24", 7]],
        comments=2,
        keywords=["examples"],
        summary="They did it.",
        github="https://github.com/example/code",
        github_stars=11,
        project_page="http://example.org/",
        organization="Example Institute",
        organization_slug="example",
    )
    assert record == Record(
        id="2305.12102",
        title="A Title",
        source="journal",
        abstract="What we did.",
        authors=("A. Example", "B. Instance"),
        categories=("cs.CL", "cs.AI"),
        version=3,
        announced=date(2023, 5, 22),
        featured=date(2023, 5, 23),
        published=datetime(2023, 5, 20, 5, tzinfo=UTC),
        updated=datetime(2023, 5, 31, 22, 30, tzinfo=UTC),
        withdrawn=datetime(2024, 1, 1, tzinfo=UTC),
        comment="12 pages",
        doi="10.1000/182",
        journal_ref="J. Ex. 1 (2023)",
        licence="http://creativecommons.org/licenses/by/4.0/",
        history=((1, datetime(2023, 5, 20, tzinfo=UTC), ""), (2, datetime(2023, 5, 21, 5, tzinfo=UTC), "12kb")),
        other_ids=("doi:10.1000/182",),
        votes=7,
        votes_seen=((date(2023, 5, 23), 3), (date(2023, 5, 24), 7)),
        comment_count=2,
        keywords=("examples",),
        machine_summary="They did it.",
        code_url="https://github.com/example/code",
        code_stars=11,
        project_url="http://example.org/",
        organization=("example", "Example Institute"),
    )
    bare = Record(id="2305.12102", title="A Title", source="made-up")
    left = [
        field.name for field in dataclasses.fields(Record) if getattr(record, field.name) == getattr(bare, field.name)
    ]
    assert left == ["id", "title", "abstract_kind"], "a new field of Record needs a field of the format, and this row"


@pytest.mark.parametrize(
    "history", ["v1", [1], [[1, "soon", ""]], [["1", "2023-05-20", ""]], [[0, "2023-05-20", ""]], [[1, "2023-05-20"]]]
)
def test_a_history_that_is_none_is_refused(history):
    assert "history is" in refusal(id="2305.12102", title="A Title", history=history)


def test_fields_that_are_not_known_are_passed_over():
    assert read(colour="red", nested={"a": [1]}) == read()


def test_null_and_empty_mean_not_known():
    nothing = dict.fromkeys([*TEXTS[1:], *LISTS, *NUMBERS, *TIMES, "upvotes_seen", "github", "project_page"])
    assert read(**nothing) == read()
    assert read(**dict.fromkeys([*TEXTS[1:], *TIMES, "github", "project_page"], "")) == read()
    assert read(**{name: [] for name in [*LISTS, "upvotes_seen"]}) == read()


@pytest.mark.parametrize("row", [None, [], "2305.12102", 7, [{"id": "2305.12102"}]])
def test_a_row_is_an_object(row):
    with pytest.raises(BadInput, match="The row is not an object"):
        record_of(row, "made-up")


@pytest.mark.parametrize("name", ["id", "title"])
@pytest.mark.parametrize("value", [None, "", " \n "])
def test_a_row_has_an_id_and_a_title(name, value):
    assert refusal(**{name: value}) == f"The row has no {name}."


@pytest.mark.parametrize(
    ("text", "key", "version"),
    [
        ("2305.12102", "2305.12102", None),
        (" arXiv:2305.12102v2 ", "2305.12102", 2),
        ("https://arxiv.org/abs/2305.12102v2", "2305.12102", 2),
        ("http://arxiv.org/abs/cs/0601001", "cs/0601001", None),
        ("doi:10.48550/arXiv.2305.12102", "2305.12102", None),
        ("https://huggingface.co/papers/2305.12102", "2305.12102", None),
        ("doi:10.1000/xyz-1.(2)", "doi:10.1000/xyz-1.(2)", None),
        ("acl:2024.acl-long.1", "acl:2024.acl-long.1", None),
    ],
)
def test_an_id_is_arxivs_in_any_spelling_or_another_sources_with_its_name(text, key, version):
    record = read(id=text)
    assert (record.id, record.version) == (key, version)


@pytest.mark.parametrize(
    "text",
    [
        "a title",
        "arxiv:99",
        "https://example.org/abs/2305.12102",
        "https://a/b",
        "javascript:alert(1)//",
        "pmc:../../x",
        "pmc:x/../y",
        "pmc:/x",
        "pmc:x//y",
        "pmc:x/",
        "pmc:",
        "PMC:1",
        "pmc:1\n2",
        "pmc:a b",
        "pmc:ä",
        "acl:" + "x" * 80,
    ],
)
def test_other_ids_are_refused(text):
    assert "is not an arXiv id" in refusal(id=text)


def test_a_version_of_its_own_goes_before_the_one_in_the_id():
    assert read(id="2305.12102v2", version=3).version == 3


@pytest.mark.parametrize("name", ["id", *TEXTS, "github", "project_page", "organization_slug"])
@pytest.mark.parametrize("value", [5, 2305.12102, True, ["a"], {"a": 1}])
def test_a_text_field_takes_a_text(name, value):
    assert refusal(**{name: value}) == f"{name} is {value!r}; it takes a text."


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a\0b", "holds a NUL character."),
        ("a\ud800b", "holds half of a surrogate pair."),
        ("x" * (LONGEST_TEXT + 1), f"has {LONGEST_TEXT + 1} characters; at most {LONGEST_TEXT} are taken."),
    ],
)
def test_a_text_that_no_database_could_hold_is_refused(name, value, reason):
    assert refusal(**{name: value}) == f"{name} {reason}"


def test_the_longest_text_is_taken_whole():
    assert len(read(abstract="x" * LONGEST_TEXT).abstract) == LONGEST_TEXT


def test_the_name_of_a_source_is_short():
    assert read(source="x" * 80).source == "x" * 80
    assert refusal(source="x" * 81) == "source has 81 characters; at most 80 are taken."


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_texts_and_drops_empty_ones(name):
    assert getattr(read(**{name: [" a ", "", "b"]}), name) == ("a", "b")
    for wrong in ("a, b", [1], [None], {"a": "b"}, [["a"]]):
        assert refusal(**{name: wrong}) == f"{name} is {wrong!r}; it takes a list of texts."
    assert refusal(**{name: ["a", "\0"]}) == f"{name} holds a NUL character."
    assert refusal(**{name: ["x" * (LONGEST_TEXT + 1)]}).startswith(f"{name} has {LONGEST_TEXT + 1} characters")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1, 2**31, 1.5, "7", True, [7], float("nan")])
def test_a_number_is_whole_and_not_negative(name, value):
    assert refusal(**{name: value}) == f"{name} is {value!r}; it takes a whole number that is not negative."


def test_nought_votes_are_known_votes():
    assert read(upvotes=0).votes == 0
    assert read().votes is None


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "2025-02-30",
        "2025-13-01",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "1899-12-31",
        "2201-01-01",
        20250101,
        ["2025-01-01"],
        True,
    ],
)
def test_a_time_is_iso_and_in_a_sane_year(name, value):
    assert refusal(**{name: value}) == f"{name} is {value!r}; it takes a day like 2026-11-21, or a time."


@pytest.mark.parametrize(("name", "alias"), [("announced", "first_listed"), ("featured", "daily_date")])
def test_a_day_goes_by_two_names_and_the_first_wins(name, alias):
    assert getattr(read(**{alias: "2025-01-02"}), name) == date(2025, 1, 2)
    assert getattr(read(**{alias: "2025-01-02", name: "2025-01-03"}), name) == date(2025, 1, 3)


def test_a_time_as_a_day_is_its_day_in_utc():
    assert read(announced="2025-01-01T22:00:00-05:00").announced == date(2025, 1, 2)


@given(
    st.datetimes(datetime.fromisoformat("1901-01-01"), datetime.fromisoformat("2199-12-30"), timezones=st.timezones())
)
def test_a_moment_keeps_its_instant_and_comes_in_utc(moment):
    read_again = moment_of(moment.isoformat())
    assert read_again.tzinfo == UTC
    assert abs((read_again - moment).total_seconds()) < 60, "offsets are written to the second"


@pytest.mark.parametrize(
    "value",
    ["https://example.org/a?b=c#d", "http://example.org", "HTTPS://EXAMPLE.ORG/"],
)
def test_a_web_address_is_kept(value):
    assert read(github=value, project_page=value).code_url == value
    assert read(project_page=value).project_url == value


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "//example.org",
        "example.org",
        "ftp://example.org",
        'https://example.org/"onmouseover=x',
        "https://example.org/<script>",
        "https://example.org/ x",
        "https://example.org\njavascript:alert(1)",
        "https://",
    ],
)
def test_an_address_that_is_not_of_the_web_is_dropped(value):
    record = read(github=value, project_page=value)
    assert (record.code_url, record.project_url) == ("", "")


@pytest.mark.parametrize(
    "value",
    [
        7,
        "2025-01-01",
        {"2025-01-01": 3},
        [["2025-01-01"]],
        [["2025-01-01", 3, 4]],
        [["soon", 3]],
        [[None, 3]],
        [["2025-01-01", -3]],
        [["2025-01-01", "3"]],
        [["2025-01-01", True]],
        [["2025-01-01", 2**31]],
        [["9999-12-31T23:00:00-05:00", 3]],
        ["ab"],
        [None],
    ],
)
def test_votes_seen_are_days_and_numbers(value):
    assert refusal(upvotes_seen=value).startswith("upvotes_seen is ")
    assert refusal(upvotes_seen=value).endswith("; it takes a list of [day, votes].")


def test_a_description_stands_in_for_an_abstract_and_says_so():
    assert (read(description="Ours.").abstract, read(description="Ours.").abstract_kind) == ("Ours.", "description")
    both = read(description="Ours.", abstract="Theirs.")
    assert (both.abstract, both.abstract_kind) == ("Theirs.", "abstract")


def test_a_long_wrong_value_is_shown_by_its_beginning():
    assert len(refusal(upvotes="x" * 5000)) < 150


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = [*TEXTS, *LISTS, *NUMBERS, *TIMES, "upvotes_seen", "github", "project_page", "organization_slug"]


@given(st.dictionaries(st.sampled_from(NAMES), JSON_VALUES, max_size=4))
def test_any_row_becomes_a_record_that_can_be_stored_or_a_refusal(given):
    try:
        record = read(**given)
    except BadInput as error:
        error.message.encode()
        return
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        for text in value if isinstance(value, tuple) else [value]:
            if isinstance(text, str):
                text.encode()
                assert "\0" not in text
