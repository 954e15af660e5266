"""For which edition a paper is brought at a moment, and when weekends end: pure dates, by the clock of New York.

arXiv's own calendar of announcements, with its holidays, lives with the sources.
"""

from datetime import UTC, date, datetime, time, timedelta

from broadsheet.sources.arxiv_calendar import EASTERN, day_after, day_of, is_announcement_day


def edition_day(moment: datetime) -> date:
    """Return the edition that what is brought at a moment (with a zone) belongs to.

    Today's in New York; from 20:00 on, when arXiv announces the next listing, and on weekends and holidays, that of
    the next day with a listing.
    """
    day = day_of(moment)
    return day if is_announcement_day(day) else day_after(day)


def weekend_ends(moment: datetime) -> datetime | None:
    """Return when the weekend ends that a moment lies in, in UTC: Monday 00:00 in New York. None on a weekday."""
    day = moment.astimezone(EASTERN).date()
    if day.weekday() < 5:
        return None
    monday = day + timedelta(days=7 - day.weekday())
    return datetime.combine(monday, time(), EASTERN).astimezone(UTC)
