"""Days on which arXiv closes no list and announces nothing, as data: known ones by year, expected ones by rule.

A day here is the weekday without a cut-off at 14:00, as arXiv itself writes its holidays, and so without an
announcement in that evening; after a Friday it is the one of Sunday that falls out. What follows from them is computed
in ``arxiv_calendar``.
"""

from datetime import date, timedelta
from functools import cache

SOURCE = "https://info.arxiv.org/help/availability.html"
"""Where arXiv publishes each year's; the days that were held are in its own table of holidays too (read in 2026)."""

KNOWN: dict[int, dict[str, str]] = {
    2020: {
        "01-01": "New Year", "01-20": "Martin Luther King Day", "06-09": "strike for Black lives",
        "11-26": "Thanksgiving", "12-25": "Christmas", "12-29": "winter break", "12-30": "winter break",
    },
    2021: {
        "01-01": "New Year", "10-20": "meeting of arXiv’s staff", "11-25": "Thanksgiving", "12-24": "Christmas",
        "12-28": "winter break", "12-30": "winter break",
    },
    2022: {
        "01-17": "Martin Luther King Day", "06-20": "Juneteenth", "09-05": "Labor Day", "11-24": "Thanksgiving",
        "12-27": "winter break", "12-29": "winter break",
    },
    2023: {
        "01-16": "Martin Luther King Day", "06-14": "meeting of arXiv’s staff", "06-19": "Juneteenth",
        "07-04": "Independence Day", "08-17": "meeting of arXiv’s staff", "09-04": "Labor Day",
        "11-23": "Thanksgiving", "12-25": "Christmas", "12-27": "winter break",
    },
    2024: {
        "01-15": "Martin Luther King Day", "05-22": "meeting of arXiv’s staff", "06-19": "Juneteenth",
        "07-04": "Independence Day", "09-02": "Labor Day", "10-08": "meeting of arXiv’s staff",
        "11-28": "Thanksgiving", "12-25": "Christmas", "12-26": "winter break", "12-31": "winter break",
    },
    2025: {
        "01-01": "New Year", "01-20": "Martin Luther King Day", "06-19": "Juneteenth", "07-04": "Independence Day",
        "07-06": "Independence Day", "09-01": "Labor Day", "11-27": "Thanksgiving", "12-25": "Christmas",
        "12-30": "winter break",
    },
    2026: {
        "01-01": "New Year", "01-19": "Martin Luther King Day", "06-19": "Juneteenth", "07-03": "Independence Day",
        "09-07": "Labor Day", "11-26": "Thanksgiving", "12-25": "Christmas", "12-29": "winter break",
        "12-31": "winter break",
    },
}  # fmt: skip

FIRST, LAST = min(KNOWN), max(KNOWN)


@cache
def of_year(year: int) -> dict[date, str]:
    """Return the holidays of a year with their names.

    Known ones from 2020 to 2026. Of earlier years none is known. Later ones are expected: the holidays of the United
    States that arXiv has kept each year, without the days of its winter break, which it chooses anew.
    """
    if year in KNOWN:
        return {date.fromisoformat(f"{year}-{day}"): name for day, name in KNOWN[year].items()}
    return _expected(year) if LAST < year < date.max.year else {}


def is_expected(day: date) -> bool:
    """Whether it is only expected, by rule, that a day is a holiday or is none."""
    return day.year > LAST


def _expected(year: int) -> dict[date, str]:
    november = date(year, 11, 1)
    found = {
        _observed(date(year, 1, 1)): "New Year",
        _monday(date(year, 1, 15)): "Martin Luther King Day",
        _observed(date(year, 6, 19)): "Juneteenth",
        _observed(date(year, 7, 4)): "Independence Day",
        _monday(date(year, 9, 1)): "Labor Day",
        november + timedelta(days=(3 - november.weekday()) % 7 + 21): "Thanksgiving",
        _observed(date(year, 12, 25)): "Christmas",
    }
    return {day: name for day, name in found.items() if day.year == year}


def _observed(day: date) -> date:
    """Return the weekday that stands for a holiday on a weekend."""
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _monday(day: date) -> date:
    """Return the first Monday from a day on."""
    return day + timedelta(days=-day.weekday() % 7)
