"""The sample edition that the package brings."""

from broadsheet.sources.arxiv_ids import is_arxiv
from broadsheet.sources.record import Record
from broadsheet.sources.sample import Sample


def papers() -> list[Record]:
    return [item.row for item in Sample().fetch() if isinstance(item.row, Record)]


def test_it_holds_enough_papers_days_and_fields_to_show_the_site():
    assert len(papers()) == Sample().total >= 200
    assert len({paper.id for paper in papers()}) == len(papers())
    assert len({paper.announced for paper in papers()}) >= 10
    assert len({paper.categories[0].split(".")[0] for paper in papers()}) >= 8


def test_every_paper_has_a_description_of_its_own_in_the_place_of_the_abstract():
    for paper in papers():
        assert paper.abstract_kind == "description", paper.id
        assert 40 <= len(paper.abstract) <= 700, paper.id
    assert len({paper.abstract for paper in papers()}) == len(papers())


def test_every_paper_has_the_facts_that_a_card_shows():
    for paper in papers():
        assert is_arxiv(paper.id)
        assert paper.authors, paper.id
        assert paper.categories, paper.id
        assert paper.announced, paper.id
        assert paper.announced.weekday() < 5, paper.id
        assert paper.source == "sample"
        assert paper.votes is None, "a vote nobody gave is not made up"


def test_it_resumes_and_tells_how_far_it_is():
    sample = Sample()
    whole = list(sample.fetch())
    assert (sample.done, sample.total) == (len(whole), len(whole))
    assert list(Sample().fetch(after=150)) == whole[150:]
    assert [item.position for item in whole] == list(range(1, len(whole) + 1))
