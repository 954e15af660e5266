"""A site with something on every list that has a feed, and an index of the test's own."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.test import Client
from tests import cast

from broadsheet.accounts import limits, organizations
from broadsheet.community import discussion, follows, lists, votes
from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.index import Index
from broadsheet.search.keeping import upkeep


@pytest.fixture(autouse=True)
def _calm(settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.PAGE_RATE = 0
    cache.clear()
    limits.forget()


@pytest.fixture
def index(tmp_path, settings) -> Iterator[Index]:
    """The index of this process, empty, searched by words alone."""
    settings.INDEX_DIR = tmp_path / "index"
    settings.MODEL = "none"
    current.release()
    yield current.own()
    current.release()
    state.read(now=True)


@pytest.fixture
def as_ada(ada):
    client = Client()
    client.force_login(ada)
    return client


def furnish(ada, bo, papers) -> SimpleNamespace:
    """Put papers on every list: voted for by ada, who shows her votes, talked about by bo, on lists of hers."""
    ada.public_votes = True
    ada.save()
    organizations.found(ada, "lab", "The <Lab> & Co")
    public = lists.create(ada, "To read", public=True)
    private = lists.create(ada, "Mine alone")
    for paper in papers:
        votes.cast(ada, paper)
        lists.add(ada, public, paper)
        lists.add(ada, private, paper)
    discussion.comment(bo, papers[0], "A fine paper: https://example.org/x?a=1&b=2\n\n<script>no</script> & $x^2$")
    for kind, value in (("author", papers[0].authors[0]), ("category", "cs.CL"), ("search", "growth cat:cs.CL")):
        follows.follow(ada, kind, value)
    return SimpleNamespace(papers=papers, public=public, private=private, ada=ada, bo=bo)


@pytest.fixture
def three(db) -> list[Paper]:
    """Three papers of one day."""
    return [
        cast.paper(
            f"2601.0000{n}",
            f"The growth of papers, part {n}",
            abstract="We count $\\alpha^2$ papers.\n\nCode: https://github.com/example/growth",
            organization="The Lab",
            organization_slug="lab",
        )
        for n in (1, 2, 3)
    ]


@pytest.fixture
def site(ada, bo, index, three) -> SimpleNamespace:
    """Three papers, on all lists."""
    upkeep.catch_up(index)
    return furnish(ada, bo, three)
