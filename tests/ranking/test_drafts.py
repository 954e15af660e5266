"""Related work of a draft: what is found, how it is grouped, what each paper shares, and what is cited already."""

import numpy as np
import pytest
from tests import cast

from broadsheet.errors import BadInput
from broadsheet.ranking import common_ground, drafts, themes
from broadsheet.ranking.draft_search import Asking
from broadsheet.ranking.drafts import CITED_LABEL, CLOSE_LABEL
from broadsheet.search import current
from broadsheet.search.encoders import embed
from broadsheet.search.index import Filters
from broadsheet.search.models import Embedding
from broadsheet.sources import draft_files
from broadsheet.sources.draft_files import Draft

pytestmark = pytest.mark.django_db

TITLE = "Seizure detection on wearable devices"
ABSTRACT = "We detect seizures at home. A replay buffer keeps what a detector has learned about past patients."


@pytest.fixture
def library(indexed):
    """Papers of two fields, some of them near to the draft."""
    for number in range(4):
        cast.paper(
            f"2601.0000{number}",
            f"Seizure detection with method {number}",
            abstract="Epilepsy is common. The replay buffer keeps what was learned about past patients.",
            categories=["eess.SP"],
        )
    for number in range(4):
        cast.paper(
            f"2601.0001{number}",
            f"Wearable devices for sport {number}",
            abstract="Runners wear devices.",
            categories=["cs.HC"],
            authors=["Cy Third"],
        )
    cast.paper("2601.00020", "Voting rules", abstract="Nothing near.", categories=["cs.GT"])
    indexed()


def keys(group):
    return [one.paper.key for one in group.papers]


def test_papers_come_in_groups_and_the_closest_first(library):
    groups = drafts.related(TITLE, ABSTRACT)
    assert groups[0].label == CLOSE_LABEL
    assert groups[0].papers[0].closeness == 1
    assert keys(groups[0])[0].startswith("2601.0000")
    found = [key for group in groups for key in keys(group)]
    assert len(found) == len(set(found)) == 8
    for group in groups:
        assert [one.closeness for one in group.papers] == sorted((o.closeness for o in group.papers), reverse=True)


def test_without_a_model_groups_are_categories(library):
    answer = drafts.around(Draft(TITLE, ABSTRACT))
    assert [group.label for group in answer.groups] == [CLOSE_LABEL, "cs.HC"]
    assert answer.notes[-1].startswith("By words alone, and grouped by category")


def test_it_is_told_what_a_paper_shares_with_the_draft(library):
    first = drafts.related(TITLE, ABSTRACT, authors=["A. Example"])[0].papers[0].shared
    assert "replay buffer keeps" in first.phrases
    assert first.sentence == "The replay buffer keeps what was learned about past patients."
    assert first.yours.startswith("A replay buffer keeps")
    assert first.authors == ("Ada Example",)


def test_the_same_draft_gets_the_same_answer(library):
    assert drafts.related(TITLE, ABSTRACT) == drafts.related(TITLE, ABSTRACT)


def test_the_best_by_its_text_counts_one_where_nothing_is_cited(library):
    asking = Asking(TITLE, ABSTRACT, Filters(), [], [])
    ranks = list(asking.ranked().values())
    assert ranks[0] == 1
    assert ranks == sorted(ranks, reverse=True)


def test_papers_that_are_not_looked_for_are_not_found_by_text_nor_by_citations(library):
    papers = list(drafts.Paper.objects.order_by("key")[:2])
    own = papers[0].pk
    whole = Asking(TITLE, ABSTRACT, Filters(), [], [papers[0].title]).ranked()
    without = Asking(TITLE, ABSTRACT, Filters(), [], [papers[0].title], frozenset({own})).ranked()
    assert own in whole
    assert set(whole) - set(without) == {own}


def test_what_text_and_citations_both_find_comes_before_what_one_finds(library):
    cited_title = "Seizure detection with method 2"
    ranks = Asking(TITLE, ABSTRACT, Filters(), [], [cited_title]).ranked()
    assert next(iter(ranks)) == drafts.Paper.objects.get(title=cited_title).pk
    assert next(iter(ranks.values())) > 1


def test_of_a_bare_list_of_works_papers_share_phrases_with_those_that_are_not_here(library):
    groups = drafts.related("", "", absent=["Seizure detection in sleep"])
    found = [one for group in groups for one in group.papers if one.paper.title.startswith("Seizure")]
    assert len(found) == 4
    assert all("seizure detection" in map(str.lower, one.shared.phrases) for one in found)


def test_what_looks_like_an_operator_in_a_draft_is_a_word(library):
    groups = drafts.related('cat:math "no such phrase" seizure detection', "-seizure ti:nothing")
    assert keys(groups[0])[0].startswith("2601.0000")


def test_categories_narrow_and_a_wrong_one_is_told(library):
    groups = drafts.related(TITLE, ABSTRACT, categories=["cs.HC"])
    assert {one.paper.categories[0] for group in groups for one in group.papers} == {"cs.HC"}
    with pytest.raises(BadInput, match="is not a category"):
        drafts.related(TITLE, ABSTRACT, categories=["???"])


def test_a_draft_without_text_is_refused_in_words(index):
    with pytest.raises(BadInput, match="too little"):
        drafts.related("", "two words")


def test_a_draft_near_to_nothing_has_no_groups(library):
    assert drafts.related("zzz qqq xxx", "") == []


def test_no_more_papers_than_were_asked_for(library):
    assert sum(len(group.papers) for group in drafts.related(TITLE, ABSTRACT, limit=3)) == 3


def test_what_is_cited_comes_last_and_what_is_close_but_not_cited_first(library):
    cited = "@misc{a, title={Seizure detection with method 0}}\n@misc{c, title={Not Here}}"
    answer = drafts.around(draft_files.read(cited.encode()))
    assert answer.groups[-1].label == CITED_LABEL
    assert keys(answer.groups[-1]) == ["2601.00000"]
    assert all(one.cited for one in answer.groups[-1].papers)
    assert "2601.00003" in keys(answer.groups[0])
    assert not any(one.cited for one in answer.groups[0].papers)
    assert answer.missing == ("Not Here",)


# --- With vectors -------------------------------------------------------------------------------------------------


class Model:
    """A made-up model: a direction for each of a few words."""

    WORDS = ("seizure", "replay", "devices", "sport", "voting", "metric")

    DIM = 384

    def embed(self, texts, *, tokens=256):
        rows = np.full((len(texts), self.DIM), 0.001, dtype=np.float32)
        rows[:, : len(self.WORDS)] += [[text.lower().count(word) for word in self.WORDS] for text in texts]
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def embed_query(self, text, *, tokens=256):
        return self.embed([text])[0]


@pytest.fixture
def meaning(library, monkeypatch, settings):
    """The library with vectors of the made-up model."""
    settings.MODEL = "all-MiniLM-L6-v2"
    monkeypatch.setattr(current, "embedder", lambda *_, **__: Model())
    for paper in drafts.Paper.objects.all():
        vector = Model().embed([f"{paper.title} {paper.abstract}"])[0]
        Embedding.objects.create(
            paper=paper, model=embed.mark(settings.MODEL), digest="0" * 16, vector=vector.astype("<f2").tobytes()
        )


def test_with_vectors_the_rest_falls_into_themes(meaning):
    groups = drafts.related(TITLE, ABSTRACT)
    assert groups[0].kind == "close"
    assert all(one.paper.key.startswith("2601.0000") for one in groups[0].papers)
    assert "theme" in {group.kind for group in groups[1:]}
    assert {group.kind for group in groups[1:]} <= {"theme", "rest"}


def test_a_draft_is_asked_of_one_index_to_its_end(meaning, monkeypatch):
    asked = []
    monkeypatch.setattr(current, "embedder", lambda space, **_: asked.append(space) or Model())
    asking = Asking("", "", Filters(), list(drafts.Paper.objects.all()[:2]), [])
    monkeypatch.setattr(current, "searcher", lambda: pytest.fail("another index was asked for"))
    assert asking.cited_vectors
    asking.ranked()
    assert asked == [asking.searcher.space]


# --- Themes and phrases, pure -------------------------------------------------------------------------------------


def test_vectors_of_two_kinds_are_two_themes_whatever_they_share():
    rows = np.array([[1, 0, 5]] * 4 + [[0, 1, 5]] * 4, dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert themes.parted(rows) == [[0, 1, 2, 3], [4, 5, 6, 7], []]


def test_a_few_papers_are_one_theme():
    assert themes.parted(np.eye(3, dtype=np.float32)) == [[0, 1, 2], []]


def test_a_paper_like_no_other_belongs_to_no_theme():
    rows = np.array([[1, 0, 0]] * 6 + [[0, 1, 0]] * 6 + [[0, 0, 1]], dtype=np.float32)
    *parts, rest = themes.parted(rows)
    assert sorted([*(place for part in parts for place in part), *rest]) == list(range(13))
    assert all(len(part) >= themes.FEWEST for part in parts)


def test_a_label_tells_papers_from_those_beside_them():
    inside = [
        {"replay buffer": "Replay Buffer", "model": "model"},
        {"replay buffer": "replay buffer", "model": "model"},
    ]
    outside = [{"model": "model"}, {"voting rule": "voting rules"}]
    assert themes.label(inside, outside, lambda _: 1.0) == "Replay Buffer"
    assert themes.label(inside, outside, lambda _: 0.0) == ""


def test_no_two_themes_are_called_alike():
    inside = [{"replay buffer": "replay buffers", "voting rule": "voting rule"}] * 3
    first = themes.label(inside, [], lambda _: 1.0, most=1)
    assert first == "Replay buffers"
    assert themes.label(inside, [], lambda _: 1.0, taken=[first]) == "Voting rule"
    assert themes.label(inside, [], lambda _: 1.0, taken=["Replay Buffer"]) == "Voting rule", "as one of them"
    assert themes.label(inside, [], lambda _: 1.0, taken=[f"{first}, voting rule"]) == ""


def test_a_word_that_few_papers_hold_names_no_theme():
    inside = [{"arbitrary": "arbitrary"}] * 2 + [{"replay": "replay"}] * 4
    assert themes.label(inside, [], lambda _: 1.0) == "Replay"
    assert themes.label(inside[:3], [], lambda _: 1.0) == ""


def test_a_label_begins_with_a_capital_unless_its_word_has_one_inside():
    for written, shown in (("replay buffer", "Replay buffer"), ("mRNA vaccines", "mRNA vaccines")):
        assert themes.label([{"x y": written}] * 2, [], lambda _: 1.0) == shown


def test_phrases_that_many_papers_hold_are_not_told(library):
    rarity = common_ground.Rarity(current.searcher())
    assert rarity.worth("replay buffer") > rarity.worth("replay") > 0
    rarity._papers = 10
    rarity._known.clear()
    assert rarity.worth("replay buffer") == 0


def test_sentences_are_compared_by_the_model_where_there_is_one():
    near = common_ground.nearest(
        "Voting is fair. A seizure is short.", ["A replay helps. The seizure was seen by devices."], Model()
    )
    assert near == [("The seizure was seen by devices.", "A seizure is short.")]


def test_sentences_that_share_nothing_are_not_near():
    assert common_ground.nearest("Alpha beta.", ["Gamma delta."], None) == [common_ground.NOTHING]
    assert common_ground.nearest("", ["Gamma delta."], None) == [common_ground.NOTHING]
