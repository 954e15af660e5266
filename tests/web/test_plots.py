"""Plots as numbers: where lines, bands, ticks and names lie."""

import re
from itertools import pairwise

import pytest

from broadsheet.web import plots
from broadsheet.web.plots import Value


def value(mean, about=0.02):
    return Value(mean, mean - about, mean + about)


def test_without_values_there_is_no_plot():
    assert plots.plot([], []) is None
    assert plots.plot(["2026-W01"], [("words", [None])]) is None


def test_higher_values_lie_higher_and_later_ones_to_the_right():
    made = plots.plot(["W1", "W2", "W3"], [("words", [value(0.5), value(0.6), value(0.55)])])
    first, second, third = made.lines[0].dots
    assert first.x < second.x < third.x
    assert second.y < third.y < first.y
    assert all(made.shape.left <= dot.x <= made.right and 0 <= dot.y <= made.bottom for dot in made.lines[0].dots)


def test_ticks_hold_all_values_and_read_as_numbers():
    made = plots.plot(["W1", "W2"], [("words", [value(0.52), value(0.61)])])
    texts = [float(tick.text) for tick in made.down]
    assert texts == pytest.approx([0.5, 0.55, 0.6, 0.65])


def test_a_line_is_broken_where_a_week_has_no_value():
    made = plots.plot(["W1", "W2", "W3", "W4"], [("meaning", [value(0.5), value(0.5), None, value(0.4)])])
    line = made.lines[0]
    assert line.path.count("M") == 2
    assert line.band.count("Z") == 2
    assert len(line.dots) == 3


def test_a_single_value_stands_in_the_middle_and_constant_ones_have_an_axis():
    made = plots.plot(["W1"], [("words", [Value(1.0, 1.0, 1.0)])])
    dot = made.lines[0].dots[0]
    assert made.shape.left < dot.x < made.right
    assert len(made.down) >= 2
    assert len(set(re.findall(r"[ML]([0-9.]+)", made.lines[0].band))) == 2, "its interval can be seen"


def test_names_of_lines_do_not_stand_upon_one_another_nor_below_the_plot():
    many = [(name, [value(0.1, 0.05), value(0.05 + number / 1000, 0.05)]) for number, name in enumerate("abcd")]
    made = plots.plot(["W1", "W2"], many)
    places = sorted(line.name_y for line in made.lines)
    assert all(after - before >= 16.9 for before, after in pairwise(places))
    assert max(places) <= made.bottom


def test_of_many_weeks_some_are_named_the_newest_always():
    weeks = [f"2026-W{number:02}" for number in range(1, 27)]
    made = plots.plot(weeks, [("words", [value(0.5)] * 26)])
    assert made.across[-1].text == "2026-W26"
    assert len(made.across) <= plots.WIDE.moments


def test_paths_hold_nothing_but_numbers_and_commands():
    made = plots.plot(["<b>", "W2"], [("<script>", [value(0.5), value(0.6)])])
    assert re.fullmatch(r"[MLZ0-9. ]+", made.lines[0].path + made.lines[0].band)


@pytest.mark.parametrize("shape", plots.SHAPES)
def test_everything_lies_within_its_picture_whatever_its_shape(shape):
    many = [(name, [value(0.5), value(0.6), value(0.4)]) for name in ("words", "meaning", "fused", "reciprocal ranks")]
    made = plots.plot(["2026-W01", "2026-W02", "2026-W03"], many, shape)
    assert 0 < shape.left < made.right < shape.width
    assert 0 < made.bottom < shape.height
    for line in made.lines:
        assert all(shape.left <= dot.x <= made.right and 0 <= dot.y <= made.bottom for dot in line.dots)
        assert 0 < line.name_x < shape.width
        assert 0 < line.name_y < shape.height


def test_on_a_phone_names_stand_below_the_plot_each_beside_a_piece_of_its_line():
    many = [(name, [value(0.5), value(0.6)]) for name in "abcd"]
    made = plots.plot(["W1", "W2"], many, plots.NARROW)
    places = {(line.name_x, line.name_y) for line in made.lines}
    assert len(places) == 4
    assert all(y > made.bottom + 22 for _, y in places), "below the names of the weeks"
    assert all(re.fullmatch(r"M[0-9. ]+L[0-9. ]+", line.sample) for line in made.lines)
    beside = plots.plot(["W1", "W2"], many, plots.WIDE)
    assert {line.sample for line in beside.lines} == {""}
