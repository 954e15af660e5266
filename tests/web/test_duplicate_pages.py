"""Papers under several ids, as pages, the API, search and commands show them, and as moderators decide on them."""

import json
from datetime import date

import pytest
from click.testing import CliRunner
from django.core.cache import cache
from tests import cast

from broadsheet.accounts import limits
from broadsheet.cli import main
from broadsheet.community import discussion, duplicates, lists, marks, merging, votes
from broadsheet.community.export import export
from broadsheet.community.models import ModerationEntry
from broadsheet.papers.models import Merging, Paper, Resemblance
from broadsheet.search import current
from broadsheet.search.index import Filters
from broadsheet.search.keeping import upkeep

pytestmark = pytest.mark.django_db
TITLE = "Scaling Laws for Small Papers"


@pytest.fixture(autouse=True)
def _calm(settings):
    settings.PAGE_RATE = settings.API_RATE = 0
    settings.MODE = "open"
    cache.clear()
    limits.forget()


@pytest.fixture
def twin(paper):
    return cast.paper("acl:2026.acl-long.1", TITLE, announced=None, journal_ref="Proceedings of Examples")


@pytest.fixture
def made(paper, twin):
    return merging.merge(paper, twin, "id")


def run(*arguments: str) -> str:
    answer = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


@pytest.mark.usefixtures("made")
def test_the_page_of_a_merged_row_leads_to_the_kept_paper(client):
    answer = client.get("/papers/acl:2026.acl-long.1", follow=True)

    assert answer.redirect_chain == [("/papers/2601.00001", 302)]
    text = answer.content.decode()
    assert "Also known as" in text
    assert 'href="https://aclanthology.org/2026.acl-long.1/"' in text
    assert "Part them" not in text


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("name", ["acl:2026.acl-long.1", "2601.00001"])
def test_the_api_gives_the_kept_paper_under_any_id(client, name):
    assert client.get(f"/api/papers/{name}").json()["id"] == "2601.00001"


def test_the_api_follows_an_object_id_too(client, made):
    answer = client.get(f"/api/papers/{made.merged.pk:024x}")

    assert answer.json()["id"] == "2601.00001"


@pytest.mark.usefixtures("made")
def test_the_search_box_leads_any_id_to_the_kept_paper(client, index):
    upkeep.catch_up(index)

    for asked in ("https://aclanthology.org/2026.acl-long.1/", "acl:2026.acl-long.1", "2601.00001"):
        answer = client.get("/papers", {"q": asked}, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/papers/2601.00001")


def test_the_index_drops_a_merged_row_and_takes_it_back(paper, twin, index):
    def found() -> set[int]:
        return {hit.id for hit in index.words("scaling laws", limit=10, filters=Filters())}

    upkeep.catch_up(index)
    assert found() == {paper.pk, twin.pk}

    made = merging.merge(paper, twin, "id")
    upkeep.catch_up(index)
    assert found() == {paper.pk}
    assert index.size() == 1

    merging.part(made)
    upkeep.catch_up(index)
    assert found() == {paper.pk, twin.pk}


@pytest.fixture
def index(settings, tmp_path):
    settings.INDEX_DIR = tmp_path / "index"
    settings.MODEL = "none"
    current.release()
    yield current.own()
    current.release()


@pytest.mark.usefixtures("made")
def test_a_merged_row_is_on_no_page_and_no_feed(client, ada):
    for address in (
        "/papers/date/2026-01-05",
        "/papers/new",
        "/authors/Ada Example",
        "/papers/new.atom",
        "/api/daily_papers",
    ):
        text = client.get(address).content.decode()
        assert "acl:2026" not in text
        assert "2601.00001" in text


def test_votes_and_saves_under_the_old_address_reach_the_kept_paper(client, ada, made):
    client.force_login(ada)

    client.post("/papers/acl:2026.acl-long.1/vote", {"vote": "yes"})
    client.post("/papers/acl:2026.acl-long.1/save", {"save": "yes"})
    client.post("/comments", {"paper": "acl:2026.acl-long.1", "text": "A fine paper."})

    kept = Paper.objects.get(pk=made.kept.pk)
    assert (kept.reader_votes, kept.reader_comments) == (1, 1)
    assert lists.saved_list(ada).items.get().paper == kept


def test_a_moderator_decides_side_by_side(client, mo, paper, twin):
    pair = Resemblance.objects.create(first=paper, second=twin, why="likeness", score=0.8)
    client.force_login(mo)
    page = client.get("/moderation/duplicates").content.decode()
    assert page.count(TITLE) >= 2
    assert "likeness" in page
    assert "0.80" in page

    answer = client.post("/moderation/duplicates/act", {"pair": pair.pk, "act": "merge"}, follow=True)

    assert "It stands in the log" in answer.content.decode()
    assert "Nothing is waiting" in answer.content.decode()
    assert Paper.objects.standing().get() == paper
    assert "acl:2026.acl-long.1" in client.get("/moderation/log").content.decode()


def test_not_the_same_is_remembered(client, mo, paper, twin):
    pair = Resemblance.objects.create(first=paper, second=twin, why="likeness", score=0.8)
    client.force_login(mo)

    client.post("/moderation/duplicates/act", {"pair": pair.pk, "act": "not-same", "reason": "the second edition"})

    assert Paper.objects.standing().count() == 2
    assert ModerationEntry.objects.get().reason == "the second edition"
    assert "Nothing is waiting" in client.get("/moderation/duplicates").content.decode()
    duplicates.find()
    assert Paper.objects.standing().count() == 2
    assert client.post("/moderation/duplicates/act", {"pair": pair.pk, "act": "merge"}).status_code == 409


def test_a_moderator_merges_by_id_and_parts_on_the_page(client, mo, ada, paper, twin):
    votes.cast(ada, twin)
    client.force_login(mo)
    sent = {"act": "same", "first": "https://aclanthology.org/2026.acl-long.1/", "second": "2601.00001v2"}
    client.post("/moderation/duplicates/act", sent)
    assert Paper.objects.get(pk=paper.pk).reader_votes == 1
    page = client.get("/papers/2601.00001").content.decode()
    assert "Part them" in page
    assert "acl:2026.acl-long.1 was made this paper by hand, mo" in page

    answer = client.post(
        "/moderation/duplicates/act",
        {"act": "part", "merging": Merging.objects.get().pk, "back": "2601.00001"},
        follow=True,
    )

    assert answer.redirect_chain[0][0] == "/papers/2601.00001"
    assert "Part them" not in answer.content.decode()
    assert Paper.objects.get(pk=twin.pk).reader_votes == 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"act": "merge", "pair": "x"}, 400),
        ({"act": "merge", "pair": "999"}, 404),
        ({"act": "part", "merging": "999"}, 404),
        ({"act": "same", "first": "2601.00001", "second": "nothing"}, 404),
        ({"act": "same", "first": "2601.00001", "second": "2601.00001"}, 400),
        ({"act": "burn"}, 400),
    ],
)
def test_a_wrong_form_is_told_so(client, mo, paper, sent, status):
    client.force_login(mo)
    assert client.post("/moderation/duplicates/act", sent).status_code == status


def test_commands_merge_part_and_list(paper, twin):
    assert "acl:2026.acl-long.1 is 2601.00001 now" in run("papers", "same", "acl:2026.acl-long.1", "2601.00001")
    assert "are two papers again" in run("papers", "part", "acl:2026.acl-long.1")
    assert {entry.moderator for entry in ModerationEntry.objects.all()} == {"operator"}
    assert "No pair waits" in run("papers", "duplicates", "--find")


def test_the_command_lists_pairs_as_text_and_as_json(paper, twin):
    Resemblance.objects.create(first=paper, second=twin, why="likeness", score=0.81)

    assert "2601.00001  acl:2026.acl-long.1  likeness 0.81" in run("papers", "duplicates")
    assert json.loads(run("papers", "duplicates", "--json"))[0]["score"] == 0.81


OTHER = "A Stranger Title of the Same Work"
PLACES = """
/ /papers /papers/week /papers/month /papers/date/2026-01-05 /papers/date/2026-07-01 /papers/week/2026-W02
/papers/month/2026-07 /papers/trending /papers/new /papers/2601.00001 /papers/2601.00001.md
/papers?q=stranger+title /papers?q=scaling /papers?q=cs.CL&sort=newest /authors/A.+Example /authors/Ada+Example
/categories/cs.CL /organizations /organizations/example-lab /settings/papers /readers/ada /saved /lists /for-me
/following /marks /notifications /status /status/days/2026-01-05 /status/days/2026-07-01 /readers/ada/lists/saved
/readers/ada/lists/saved.bib /readers/ada/lists/saved.json
/papers.atom /papers.rss /papers.json /papers/week.atom /papers/month.atom /papers/trending.atom /papers/new.json
/papers/date/2026-07-01.atom /papers/week/2026-W27.atom /papers/month/2026-07.atom /papers/2601.00001.atom
/categories/cs.CL.atom /authors/A.+Example.atom /authors/Ada+Example.atom /organizations/example-lab.atom
/readers/ada.atom /readers/ada/lists/saved.atom /papers/trending.atom?votes=1 /categories/cs.CL.atom?votes=1
/api/daily_papers /api/daily_papers?date=2026-07-01 /api/papers /api/papers/2601.00001 /api/papers/search?q=stranger
/api/papers/2601.00001/facts /api/arxiv/2601.00001/repos /api/collections /api/collections?item=papers/2601.00001
/api/users/ada/overview /api/organizations/example-lab/overview
"""


def test_a_merged_row_is_seen_and_counted_nowhere_once_it_is_another_paper(client, ada, bo, paper, index):
    """Before the merge the same walk meets it, so that each place is one where it could be met."""
    cast.paper("2601.00002", "Words of Others")
    other = cast.paper(
        "acl:2026.acl-long.1", OTHER, authors=["A. Example"], announced=None, day=date(2026, 7, 1), imported_votes=5,
        organization="Example Lab", organization_slug="example-lab",
    )  # fmt: skip
    ada.public_votes = True
    ada.save()
    for reader in (ada, bo):
        votes.cast(reader, other)
    lists.save(ada, other)
    ada.lists.update(public=True)
    marks.mark(bo, other, "read")
    said = discussion.comment(bo, other, "Seen there.")
    votes.rescore([paper.pk, other.pk])
    client.force_login(ada)

    upkeep.catch_up(index)
    before = walk(client)
    merging.merge(Paper.objects.get(pk=paper.pk), other, "id")
    upkeep.catch_up(index)
    after = walk(client)

    assert len(before) >= 20, "the walk passes by places that show it"
    assert after == {}
    assert Paper.objects.standing().count() == 2
    assert client.get("/api/daily_papers?date=2026-07-01").json() == []
    assert client.get(f"/comments/{said.public_id}").url.startswith("/papers/2601.00001")
    assert "Seen there." in client.get("/papers/acl:2026.acl-long.1.atom").content.decode()
    assert "Scaling Laws" in client.get("/papers/acl:2026.acl-long.1.md", follow=True).content.decode()
    assert [row["paper"] for row in export(ada)["votes"]] == ["2601.00001"]


def walk(client) -> dict[str, int]:
    """Return the places that show the title of the other row, and fail where a place does not answer."""
    cache.clear()
    told = {}
    for place in PLACES.split():
        answer = client.get(place, follow=True)
        assert answer.status_code in (200, 404), place
        text = b"".join(answer).decode()
        if OTHER in text:
            told[place] = text.count(OTHER)
    return told
