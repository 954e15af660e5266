"""Names, days, terms and HTML as entries from elsewhere bring them, and their rows behind one door."""

import pytest

from broadsheet.errors import Upstream
from broadsheet.sources.entries import Rows, day_of, from_html, in_reading_order, row_of, sorted_terms
from broadsheet.sources.record import Item, Record, Reject


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Example, Ada", "Ada Example"),
        ("van der Example, Jr., Ann", "Ann van der Example Jr."),
        ("Instance, Bo, III", "Bo Instance III"),
        ("Ada  Example", "Ada Example"),
        ("The Example Team", "The Example Team"),
        ("Example,", "Example"),
        ("", ""),
    ],
)
def test_a_name_is_put_in_reading_order(name, read):
    assert in_reading_order(name) == read


@pytest.mark.parametrize(
    ("parts", "day"),
    [
        (("2025", "July"), "2025-07-01"),
        (("2025", "22-27 May"), "2025-05-01"),
        (("2025", "7", "9"), "2025-07-09"),
        (("2025", "mar", "31"), "2025-03-31"),
        (("2025", "February", "30"), ""),
        (("2025",), ""),
        (("in press", "May"), ""),
    ],
)
def test_a_day_is_known_from_the_month_on(parts, day):
    assert day_of(*parts) == day


def test_arxivs_categories_are_told_from_other_terms():
    assert sorted_terms(["cs.CL", " hep-th ", "parsing", "cs.CL", "", "Computer Science"]) == (
        ["cs.CL", "hep-th"],
        ["parsing", "Computer Science"],
    )


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("<p>One &amp;\n two.</p><p>Three</p>", "One & two.\nThree"),
        ("a<br/>b", "a\nb"),
        ("<style>p{}</style>x<script>alert(1)</script>y", "xy"),
        ("p < 5 &lt; 6", "p < 5 < 6"),
        ("<jats:p>In it</jats:p>", "In it"),
        ("<b>unclosed", "unclosed"),
    ],
)
def test_html_is_read_as_text(markup, text):
    assert from_html(markup) == text


def test_rows_are_numbered_and_resumed_and_keep_what_came_before_a_failure():
    def read(name):
        yield Record("2301.00001", "One", name)
        yield Reject("no", "raw")
        raise Upstream("It broke off.")

    source = Rows("place" * 40, read)
    assert len(source.name) == 80
    items: list[Item] = []
    with pytest.raises(Upstream):
        items.extend(source.fetch(after=1))
    assert [item.position for item in items] == [2]
    assert source.done == 2


def test_an_entry_that_is_wrong_is_rejected_by_its_place_with_its_text():
    row = row_of({"id": "2301.00001", "title": "T", "published": "soon"}, "test", "entry 3", "raw" * 9000)
    assert isinstance(row, Reject)
    assert row.reason.startswith("entry 3: published is 'soon'")
    assert len(row.raw) == 10_000
