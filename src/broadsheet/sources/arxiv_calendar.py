"""arXiv's calendar: when it announces, which day's listing carries what was submitted when, and its holidays.

Pure dates, by the clock of New York. Which days are holidays is data, in ``arxiv_holidays``; an operator's own days are
added at the start of the process. A *day* is always that of a listing: the day after the evening of its announcement,
when most of the world reads it.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from broadsheet.sources import arxiv_holidays

EASTERN = ZoneInfo("America/New_York")
CUT_OFF = time(14, 0)
ANNOUNCED = time(20, 0)
"""When arXiv announces, Sunday to Thursday."""

_ONE = timedelta(days=1)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_told: dict[date, bool] = {}
"""What the operator says of single days: True for a holiday, False for none."""


def tell(holidays: Iterable[date], working: Iterable[date] = ()) -> None:
    """Take over what an operator knows of holidays, in place of what was told before.

    holidays: further ones, as arXiv writes them: the day whose evening brings nothing. working: days that are none,
    though the table or the rules have them.
    """
    _told.clear()
    _told.update(dict.fromkeys(holidays, True))
    _told.update(dict.fromkeys(working, False))


def holiday(day: date) -> str:
    """Return the name of the holiday on a weekday, '' where it is none."""
    if day in _told:
        return (arxiv_holidays.of_year(day.year).get(day) or "holiday") if _told[day] else ""
    return arxiv_holidays.of_year(day.year).get(day, "")


def has_cut_off(day: date) -> bool:
    """Whether a list is closed at 14:00 of a day: on weekdays that are no holidays."""
    return day.weekday() < _SATURDAY and not holiday(day)


def _announces(evening: date) -> bool:
    """Whether arXiv announces in an evening. Sunday's brings what Friday's cut-off closed."""
    if evening.weekday() in (_FRIDAY, _SATURDAY) or holiday(evening):
        return False
    return evening.weekday() != _SUNDAY or not holiday(evening - 2 * _ONE)


def is_announcement_day(day: date) -> bool:
    """Whether there is a listing of a day."""
    return day == date.min or _announces(day - _ONE)  # before the first day of all there is no evening


def why_none(day: date) -> Literal["weekend", "holiday", ""]:
    """Return why there is no listing of a day; '' where there is one."""
    if day.weekday() >= _SATURDAY:
        return "weekend"
    return "" if is_announcement_day(day) else "holiday"


def holiday_before(day: date) -> str:
    """Return the name of the holiday for which there is no listing of a weekday; '' where there is one."""
    if why_none(day) != "holiday":
        return ""
    evening = day - _ONE
    return holiday(evening) or holiday(evening - 2 * _ONE)


def is_sure(day: date) -> bool:
    """Whether it is known that a day has no listing, or has one; beyond the table of holidays it is expected only."""
    evening = day - _ONE
    return day.weekday() >= _SATURDAY or evening in _told or not arxiv_holidays.is_expected(evening)


def announced_at(day: date) -> datetime:
    """Return when the papers of a day's listing are announced, in UTC: the evening before, in New York."""
    return datetime.combine(day - _ONE, ANNOUNCED, EASTERN).astimezone(UTC)


def announced_on(submitted: datetime) -> date:
    """Return the day whose listing carries a paper.

    submitted: when its first version was, with a zone. Papers submitted from one working day's 14:00 to the next one's
    (New York time) are announced together at 20:00 of the latter; its listing bears the date of the following day,
    when most of the world reads it. So Tuesday 14:00 to Wednesday 14:00 is the listing of Thursday, and Friday 14:00
    to Monday 14:00 that of Tuesday. What is submitted from Thursday's cut-off to Friday's is announced on Sunday
    evening, as Monday's listing. A holiday has no cut-off: what would have been closed on it waits for the next one.
    Raises ValueError for a moment at an end of the calendar, as a broken source may tell.
    """
    if not date.min.year < submitted.year < date.max.year:
        raise ValueError(f"{submitted.isoformat()} is no moment at which a paper was submitted")
    local = submitted.astimezone(EASTERN)
    closing = local.date() + timedelta(days=local.time() >= CUT_OFF)
    while not has_cut_off(closing):
        closing += _ONE
    evening = closing + timedelta(days=2) if closing.weekday() == _FRIDAY else closing
    while not _announces(evening):
        evening += _ONE
    return evening + _ONE


def window(day: date) -> tuple[datetime, datetime]:
    """Return from when until when (excluded) the papers of a day's listing were submitted, in UTC."""
    last = _closing(day)
    first = _closing(day_before(day))
    return tuple(datetime.combine(one, CUT_OFF, EASTERN).astimezone(UTC) for one in (first, last))  # type: ignore[return-value]  # two of them


def _closing(day: date) -> date:
    """Return the last day with a cut-off before a listing's announcement."""
    found = day - _ONE
    while not has_cut_off(found):
        found -= _ONE
    return found


def day_before(day: date) -> date:
    """Return the last day before another that has a listing."""
    found = day - _ONE
    while not is_announcement_day(found):
        found -= _ONE
    return found


def day_after(day: date) -> date:
    """Return the first day after another that has a listing."""
    found = day + _ONE
    while not is_announcement_day(found):
        found += _ONE
    return found


def day_of(now: datetime) -> date:
    """Return the day that it is for readers: today's in New York, from the evening's announcement on tomorrow's."""
    local = now.astimezone(EASTERN)
    return local.date() + timedelta(days=local.time() >= ANNOUNCED)


def expected_day(now: datetime) -> date:
    """Return the newest day whose listing has been announced, by the calendar."""
    day = day_of(now)
    return day if is_announcement_day(day) else day_before(day)
