"""On which day arXiv announces what was submitted when. Pure dates; holidays are not known here yet."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
CUT_OFF = time(14, 0)


def announced_on(submitted: datetime) -> date:
    """Return the day whose listing carries a paper.

    submitted: when its first version was, with a zone. Papers submitted from one working day's 14:00 to the next one's
    (New York time) are announced together at 20:00 of the latter; its listing bears the date of the following day,
    when most of the world reads it. So Tuesday 14:00 to Wednesday 14:00 is the listing of Thursday, and Friday 14:00
    to Monday 14:00 that of Tuesday. What is submitted from Thursday's cut-off to Friday's is announced on Sunday
    evening, as Monday's listing.
    """
    local = submitted.astimezone(EASTERN)
    closing = local.date() + timedelta(days=local.time() >= CUT_OFF)
    while closing.weekday() >= 5:  # no cut-off on Saturday and Sunday
        closing += timedelta(days=1)
    listing = closing + timedelta(days=1)
    return listing + timedelta(days=2) if listing.weekday() == 5 else listing
