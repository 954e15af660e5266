"""The list for one reader: by what they follow, voted for and saved, each paper with its reason."""

from datetime import UTC, datetime

import numpy as np
import pytest
from django.utils import timezone

from broadsheet.community import follows, lists, marks, votes
from broadsheet.ranking import entries, for_reader
from broadsheet.ranking.entries import Covered
from broadsheet.ranking.listings import listing
from broadsheet.search.encoders import embed
from broadsheet.search.keeping import documents
from broadsheet.search.models import Embedding

pytestmark = pytest.mark.django_db
BEGIN = Covered(None, 0, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _words_alone(settings):
    settings.MODEL = "all-MiniLM-L6-v2"


@pytest.fixture
def told(ada):
    """A function that returns what is on ada's list: the end of each key, with the reason."""

    def tell(covered: Covered | None = None) -> dict[str, str]:
        mine = listing("for-me", "", ada)
        found = entries.since(mine, covered, viewer=ada) if covered else entries.on_list(mine, viewer=ada)
        return {entry.paper.key[-2:]: entry.why for entry in found}

    return tell


def place(paper, *numbers: float) -> None:
    """Give a paper a vector whose first numbers are told."""
    vector = np.zeros(384, dtype="<f2")
    vector[: len(numbers)] = np.array(numbers) / np.linalg.norm(numbers)
    Embedding.objects.create(paper=paper, model=embed.mark("all-MiniLM-L6-v2"), digest="x", vector=vector.tobytes())


def test_a_reader_who_did_nothing_yet_has_an_empty_list(day_of, told):
    day_of(0, 1)
    assert told() == {}


def test_papers_like_one_that_was_voted_for_come_with_its_name(day_of, ada, told):
    (liked,) = day_of(0, 1, authors=["Cy Third"])
    near, far = day_of(1, 2, 3, authors=["Di Fourth"])
    for paper, numbers in ((liked, (1, 0)), (near, (1, 0.5)), (far, (0.1, 1))):
        place(paper, *numbers)
    votes.cast(ada, liked)
    assert told() == told(BEGIN) == {"02": "like “Paper 1”, which you voted for"}
    votes.take_back(ada, liked)
    assert told() == {}


def test_papers_that_no_model_has_read_are_compared_by_the_vectors_of_the_index(day_of, ada, told, index, settings):
    settings.MODEL = "all-MiniLM-L6-v2"
    (liked,) = day_of(0, 1, authors=["Cy Third"])
    near, far = day_of(1, 2, 3, authors=["Di Fourth"])
    numbers = {liked: (1, 0), near: (1, 0.5), far: (0.1, 1)}
    vectors = {paper: np.pad(np.array(both, np.float32), (0, 382)) for paper, both in numbers.items()}
    index.add([documents.document_of(paper, vector) for paper, vector in vectors.items()])
    index.flush()
    votes.cast(ada, liked)
    assert told() == {"02": "like “Paper 1”, which you voted for"}


def test_new_papers_of_the_authors_of_what_was_saved_come(day_of, ada, told):
    (saved,) = day_of(0, 1, authors=["Cy Third"])
    day_of(1, 2, authors=["Di Fourth", "Cy Third"])
    lists.save(ada, saved)
    assert told() == {"02": "by Cy Third, an author of “Paper 1”, which you saved"}


def test_what_is_known_read_or_not_wanted_stays_away(day_of, ada, told):
    first, second, third, _, fifth = day_of(0, 1, 2, 3, 4, 5)
    follows.follow(ada, "category", "cs")
    votes.cast(ada, first)
    lists.save(ada, second)
    marks.mark(ada, third, "not-interested")
    marks.mark(ada, fifth, "read")
    assert list(told()) == ["04"]


def test_only_what_came_after_what_was_covered_is_told(day_of, ada, told):
    follows.follow(ada, "category", "cs")
    day_of(0, 1)
    covered = entries.covered_now(timezone.now())
    day_of(1, 2)
    assert list(told(covered)) == ["02"]


def test_the_page_has_the_newest_edition_first_and_the_strongest_reasons_in_it(day_of, ada):
    day_of(0, 1, authors=["Cy Third"])
    day_of(1, 2, authors=["Di Fourth"])
    day_of(1, 3, authors=["Cy Third"])
    day_of(1, 4, authors=["Di Fourth"])
    follows.follow(ada, "category", "cs")
    follows.follow(ada, "author", "Cy Third")
    assert [entry.paper.key[-2:] for entry in for_reader.ranked(ada, 10)] == ["03", "02", "04", "01"]


def test_long_titles_are_cut_in_reasons(day_of, ada, told):
    (liked,) = day_of(0, 1)
    liked.title = "A word " * 30
    liked.save(update_fields=["title"])
    day_of(1, 2)
    votes.cast(ada, liked)
    assert len(told()["02"]) < 150
    assert "…”" in told()["02"]


def test_the_number_of_queries_does_not_grow_with_the_papers(day_of, ada, django_assert_max_num_queries, told):
    made = day_of(0, *range(1, 41))
    follows.follow(ada, "category", "cs")
    for paper in made[:5]:
        place(paper, 1.0)
        votes.cast(ada, paper)
    for paper in made[5:]:
        place(paper, 1.0, 0.1)
    with django_assert_max_num_queries(20):
        assert len(told(BEGIN)) == 35
