"""What pages carry for scrapers of the original: data islands with the papers shown. Escaping is the caller's."""

from collections.abc import Sequence

from django.db.models import Q

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.community.around import Around
from broadsheet.community.models import Vote
from broadsheet.community.reading import Row
from broadsheet.enrich.facts import Shown
from broadsheet.hub import people
from broadsheet.hub.discussion import comments
from broadsheet.hub.items import list_items, paper_object
from broadsheet.hub.texts import Json
from broadsheet.papers.models import Paper

MOST_UPVOTERS = 100


def daily_papers_props(
    period_kind: str,
    date_string: str,
    previous: str | None,
    papers: Sequence[Paper],
    found: dict[int, Around] | None = None,
) -> Json:
    """Return what a page with a list of papers carries for scrapers (``data-target="DailyPapers"``).

    period_kind: ``day``, ``week`` or ``month``. date_string, previous: labels of the period and of the one before.
    found: what stands around the papers, where the page has read it already.
    The caller escapes it for the attribute it stands in.
    """
    return {
        "periodType": period_kind,
        "dateString": date_string,
        "prevDate": previous,
        "dailyPapers": list_items(papers, found=found),
    }


def paper_content_props(
    paper: Paper,
    visitor: Visitor | None = None,
    found: dict[int, Around] | None = None,
    rows: Sequence[Row] | None = None,
    told: Sequence[Shown] | None = None,
) -> Json:
    """Return what a paper's page carries for scrapers (``data-target="PaperContent"``); the caller escapes it.

    visitor: who looks, for their own vote and what they may do. found, rows, told: what stands around the paper, the
    comments on the page and the facts, where the page has read them already.
    """
    shown = paper_object(paper, visitor, found, told)
    reader = readers.signed_in(visitor) if visitor else None
    return {
        "paper": shown,
        "comments": comments(paper, rows),
        "upvoted": shown["upvoted"],
        "upvoters": _upvoters(paper),
        "dailyPaperRank": rank_of_day(paper),
        "organization": shown.get("organization"),
        "canSubmit": bool(reader and not reader.is_suspended),
        "canManagePapers": bool(reader and reader.is_moderator),
        "hasHfLevelAccess": False,
        "primaryEmailConfirmed": bool(reader and reader.email_verified),
        "markdownContentUrl": f"/papers/{paper.key}.md",
        "query": {},
    }


def rank_of_day(paper: Paper) -> int | None:
    """Return a paper's place in the edition of its day, from 1; None if it is in none."""
    if paper.day is None or paper.pk is None:
        return None
    votes = paper.votes
    before = Q(all_votes__gt=votes) | Q(all_votes=votes, pk__lt=paper.pk)
    return 1 + Paper.objects.of_days(paper.day, paper.day).filter(before).count()


def _upvoters(paper: Paper) -> list[Json]:
    """Return the readers who voted for a paper and let others see it, the latest first."""
    if not paper.pk or not paper.reader_votes:
        return []
    shown = User.objects.filter(
        public_votes=True,
        is_active=True,
        votes__in=Vote.objects.standing().filter(paper=paper),
    )
    return people.accounts(list(shown.order_by("-votes__cast")[:MOST_UPVOTERS]))
