"""Whether the papers of an edition have come: counted, and compared with the same weekday of the weeks before.

When arXiv announces what lives with the sources.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Literal

from django.db.models import Count, Max, Q

from broadsheet.papers.editions import ROLL_OVER
from broadsheet.papers.models import Paper
from broadsheet.sources.arxiv_calendar import EASTERN

State = Literal["complete", "partial", "missing", "none"]
WEEKS = 4
LEAST_WEEKS = 2
LEAST_PAPERS = 5
"""With fewer papers than that on such a day nothing can be told from their number."""

MOST = 0.5
"""Of the usual number: with so many, and nothing coming for a while, an edition is taken to be whole."""
FEW = 0.2
"""As many are a small day, once nothing has come for long."""
A_WHILE = timedelta(minutes=10)
LONG = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How far the papers of a day are. papers: how many are here. usual: about how many there are by this hour.

    sentence: what is missing, for readers; '' where nothing is.
    """

    day: date
    state: State
    papers: int
    usual: int
    sentence: str = ""

    @property
    def late(self) -> bool:
        """Whether papers are to be expected still."""
        return self.state in ("partial", "missing")


def expected_day(now: datetime) -> date:
    """Return the newest edition that arXiv's calendar says has been announced; holidays are not known here."""
    local = now.astimezone(EASTERN)
    day = local.date() + timedelta(days=local.time() >= ROLL_OVER)
    while day.weekday() >= 5:  # Friday evening is not followed by an edition until Sunday evening
        day -= timedelta(days=1)
    return day


def announced_at(day: date) -> datetime:
    """Return when the papers of an edition are announced, in UTC: the evening before, in New York."""
    return datetime.combine(day - timedelta(days=1), time(20), EASTERN).astimezone(UTC)


def state(day: date, now: datetime) -> Arrival:
    """Tell how far the papers of an edition are at a moment.

    ``none``: no edition is to be expected, as it is a weekend, it is not announced yet, or there were hardly any
    papers on this weekday before. Counted is what was here by the same hour of the same weekday in the last weeks, so
    that a site whose editions fill up during the day is not called late in the morning.
    """
    papers, last, usual = _counted(day, now)
    expected = day.weekday() < 5 and announced_at(day) <= now and usual >= LEAST_PAPERS
    if not expected:
        return Arrival(day, "complete" if papers else "none", papers, usual)
    name = f"{day:%A}, {day.day} {day:%B}"
    if not papers:
        return Arrival(
            day, "missing", 0, usual, f"The papers of {name} have not come yet; they follow in the next mail."
        )
    quiet = now - last if last else timedelta()
    whole = (
        papers >= usual or (papers >= MOST * usual and quiet >= A_WHILE) or (papers >= FEW * usual and quiet >= LONG)
    )
    if whole:
        return Arrival(day, "complete", papers, usual)
    text = f"Only {papers:,} of about {usual:,} papers of {name} have come so far; the others follow in the next mail."
    return Arrival(day, "partial", papers, usual, text)


def _counted(day: date, now: datetime) -> tuple[int, datetime | None, int]:
    """Return how many papers of a day are here, when the last of them came, and how many there usually are by now."""
    here = Paper.objects.filter(day=day, added__lte=now).aggregate(papers=Count("pk"), last=Max("added"))
    weeks = range(1, WEEKS + 1)
    past = {
        f"week{back}": Count("pk", filter=Q(day=day - timedelta(weeks=back), added__lte=now - timedelta(weeks=back)))
        for back in weeks
    }
    days = [day - timedelta(weeks=back) for back in weeks]
    before = [count for count in Paper.objects.filter(day__in=days).aggregate(**past).values() if count]
    return here["papers"], here["last"], round(median(before)) if len(before) >= LEAST_WEEKS else 0
