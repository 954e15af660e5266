"""The captured pages: reading them, Spearman's correlation, the condensed list and the gates."""

import json

import pytest

from broadsheet.bench import pages
from broadsheet.errors import BadInput
from broadsheet.search import current
from broadsheet.search.keeping import upkeep
from broadsheet.sources.record import Record


def captured(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def row(title, page, rank):
    return {"title": title, "abstract": f"About {title}.", "page": page, "rank": rank}


@pytest.fixture
def file(tmp_path):
    rows = [row("Feature distribution", 0, 2), row("A random lantern", 0, 1), row("Variance embedding vector", 1, 1)]
    rows += [row("Random prompt", 2, 1), row("High-dimensional encoder", 3, 1), row("A random lantern", 2, 2)]
    return captured(tmp_path / "pages.jsonl", rows)


def test_pages_are_read_in_their_order_and_a_paper_may_stand_on_two(file):
    found = pages.read(file)
    assert len(found.papers) == 5
    titles = [[found.papers[key][0] for key in page] for page in found.order]
    assert titles[0] == ["A random lantern", "Feature distribution"]
    assert titles[2] == ["Random prompt", "A random lantern"]


@pytest.mark.parametrize("bad", [{"title": "x"}, row("x", 7, 1), ["x"]])
def test_a_line_that_is_no_captured_paper_is_named(tmp_path, bad):
    with pytest.raises(BadInput, match=r"line 1 is no paper of a captured page"):
        pages.read(captured(tmp_path / "bad.jsonl", [bad]))


def test_a_page_that_is_missing_is_told(tmp_path):
    with pytest.raises(BadInput, match="lacks a page"):
        pages.read(captured(tmp_path / "few.jsonl", [row("x", 0, 1)]))


def test_spearman_is_that_of_ranks():
    assert pages.spearman([1, 2, 3], [10, 200, 3000]) == pytest.approx(1)
    assert pages.spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    # Differences of ranks 0, 1, 1: 1 - 6 * 2 / (3 * 8).
    assert pages.spearman([1, 2, 3], [1, 3, 2]) == pytest.approx(0.5)
    assert pages.spearman([1, 1, 1], [1, 2, 3]) == 0


def test_equal_scores_share_their_mean_rank():
    # Ranks 1.5, 1.5, 3 against 1, 2, 3: covariance 0.5, deviations sqrt(0.5) and sqrt(2 / 3).
    assert pages.spearman([0, 0, 5], [1, 2, 3]) == pytest.approx(0.5 / (0.5 * 2 / 3) ** 0.5)


def result(ap, p20=0.8, rho=0.4):
    return {"AP": ap, "P@20": p20, "rho": rho, "found": 1.0}


def test_the_gates_tell_what_is_passed():
    fused = [result(0.65), result(0.60), result(0.80, rho=-0.3), result(0.80, p20=0.65)]
    words = [result(0.71)] + [result(0.5)] * 3
    missed = {(g["page"], g["gate"]) for g in pages.gates({"words": words, "fused": fused}) if not g["passed"]}
    # The order of the third page is not asked for.
    assert missed == {(0, "AP over the better one"), (1, "AP, aim"), (3, "P@20")}


def test_bounds_hold_what_was_found_and_are_wide_for_few_papers():
    def told(papers):
        """Every other paper of a list is of the page, in its order; another of the page is not found."""
        listed = [f"p{number}" for number in range(papers)]
        members = [*listed[::2], "missed"]
        scores = {key: 1.0 / place for place, key in enumerate(listed, start=1)}
        return pages.bounds(listed, members, scores)

    few, many = told(8), told(80)
    assert few.keys() == {"AP", "P@20", "rho", "found"}
    assert few == told(8), "the same each time"
    for name in ("AP", "P@20", "found"):
        assert 0 <= few[name][0] < few[name][1] <= 1
    assert few["AP"][1] - few["AP"][0] > many["AP"][1] - many["AP"][0]
    assert many["found"][1] == 1, "the one that was missed is not always drawn"


@pytest.fixture
def rival(tmp_path):
    """A paper of page 1 answers the query of page 0 better than that page's own."""
    rows = [row("Feature", 0, 1), row("Feature distribution", 1, 1), row("Random prompt", 2, 1)]
    return captured(tmp_path / "rival.jsonl", [*rows, row("Encoder that is high-dimensional by far", 3, 1)])


def documents(file):
    found = pages.read(file)
    return found, [Record(id=k, title=t, abstract=a, source="pages") for k, (t, a) in found.papers.items()]


@pytest.mark.django_db
class TestMeasuring:
    @pytest.fixture(autouse=True)
    def index(self, tmp_path, settings):
        settings.INDEX_DIR = tmp_path / "index"
        settings.MODEL = "none"
        current.release()
        yield
        current.release()

    def taken_in(self, records):
        from broadsheet.papers.actions import store

        store(records)
        upkeep.catch_up(current.own())

    def test_papers_of_other_pages_count_against_it_in_the_small_corpus(self, rival):
        found, records = documents(rival)
        self.taken_in(records)
        words = pages.measure(found, ["words"])["words"]
        told = {name: words[0][name] for name in ("AP", "P@20", "rho", "found")}
        assert told == {"AP": 1 / 2, "P@20": 1 / 20, "rho": 0, "found": 1}, "the rival holds both words"
        assert words[0]["bounds"].keys() == told.keys()
        assert [page["AP"] for page in words[1:]] == [0, 1, 1]

    def test_among_others_papers_of_other_pages_are_left_out_of_the_list(self, rival):
        found, records = documents(rival)
        other = Record(id="2601.00001", title="High-dimensional encoder", abstract="An encoder.", source="x")
        self.taken_in([*records, other])
        words = pages.measure(found, ["words"])["words"]
        assert words[0]["AP"] == 1, "the rival is not judged"
        assert words[3]["AP"] == 1 / 2, "an other paper that stands before it counts against it"
