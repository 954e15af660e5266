"""What authors say of their paper, read from comments and abstracts as people write them. All of them are made up."""

import pytest

from broadsheet.enrich import said

VENUES = {
    "Accepted at ICML 2026": ("ICML 2026", ""),
    "Accepted to ACL2026 Main Conference. 12 pages": ("ACL 2026", ""),
    "AAAI-26": ("AAAI 2026", ""),
    "CVPR26": ("CVPR 2026", ""),
    "Accepted by AAAI'26 (Oral)": ("AAAI 2026", "oral"),
    "24 pages, 20 figures, CVPR 2026, see https://example.org": ("CVPR 2026", ""),
    "Accepted at Findings of EMNLP 2025, 10 pages, 5 figures": ("EMNLP 2025", "findings"),
    "Published as a conference paper at ICLR 2025": ("ICLR 2025", ""),
    "Accepted at the Workshop on Small Papers (SMALL), co-located with NeurIPS 2025": ("NeurIPS 2025", "workshop"),
    "Small Papers Workshop at ACL 2025": ("ACL 2025", "workshop"),
    "Accepted to SMALL @ ICLR 2025": ("ICLR 2025", "workshop"),
    "CVPRW 2026": ("CVPR 2026", "workshop"),
    "ICCV2025 Highlight": ("ICCV 2025", "highlight"),
    "Accepted by ACM MM 2025": ("ACM Multimedia 2025", ""),
    "Accepted at the 22nd International Conference on Small\n  Papers (ICSP 2025). 7 pages": ("ICSP 2025", ""),
    "Accepted for publication in IEEE Transactions on Small Papers, October 2025": (
        "IEEE Transactions on Small Papers",
        "",
    ),
    "7 pages, Accepted for publication in Physical Review D (2025)": ("Physical Review D", ""),
    "13 pages. Version to appear in Applied Physics A": ("Applied Physics A", ""),
    "This is the preprint version of our paper accepted to ACL 2025": ("ACL 2025", ""),
    "Accepted as a short paper at ECIR 2026": ("ECIR 2026", ""),
    "Accepted at the AAAI/ACM Conference on AI, Ethics, and Society (AIES) 2025": ("AIES 2025", ""),
    "Accepted at the 28th International Conference on Small Papers, Lyon, France, August 17-22, 2026": (
        "International Conference on Small Papers 2026",
        "",
    ),
    "Published in Small Systems with Applications": ("Small Systems with Applications", ""),
    "Accepted on Advanced Small Systems": ("Advanced Small Systems", ""),
    "6 pages, submitted and accepted in the conference IEEE SmallCon 2026": ("SmallCon 2026", ""),
    "Winter Conference on Applications of Computer Vision 2026": ("WACV 2026", ""),
}
NO_VENUES = [
    "",
    "12 pages, 3 figures",
    "Submitted to NeurIPS 2025, 28 pages",
    "8 pages, submitted to the IEEE ICRA 2026, Vienna, Austria",
    "Submitted to the Small Papers Workshop at NeurIPS 2025",
    "This work has been submitted to the IEEE for possible publication",
    "Under review as a conference paper at ICLR 2026",
    "Extended version of a paper published in the proceedings of KR 2025",
    "A shorter version of this work was accepted at ICML 2025",
    "First place in the ICCV 2025 Small Papers Challenge",
    "Code will be released when the paper is accepted",
    "Work completed in January 2026",
    "Accepted",
    "The results are accepted in parts at ICML 2026",
]


@pytest.mark.parametrize(("comment", "found"), VENUES.items())
def test_the_venue_is_read_where_the_authors_say_accepted(comment, found):
    assert said.venue(comment) == said.Venue(*found)


@pytest.mark.parametrize("comment", NO_VENUES)
def test_no_venue_is_read_where_a_paper_was_only_submitted_or_another_text_accepted(comment):
    assert said.venue(comment) is None


@pytest.mark.parametrize(
    ("comment", "pages", "figures", "tables"),
    [
        ("27 pages, 2 tables", 27, None, 2),
        ("61pages,32 figures", 61, 32, None),
        ("16 page,10 figures", 16, 10, None),
        ("14 pages, 11 figures and 20 tables", 14, 11, 20),
        ("6 pages, two figures", 6, 2, None),
        ("28 pages for main text and 37 pages for supplementary information, 7 figures", 28, 7, None),
        ("5 figures and 40 Supplementary Figures", None, 5, None),
        ("pages 12-19 of the proceedings, 8 pages", 8, None, None),
        ("In 2025 pages are long; 3 tables", None, None, 3),
        ("7+17 pages, 2 figures", None, 2, None),
    ],
)
def test_the_length_is_that_of_the_paper_and_not_of_its_supplement(comment, pages, figures, tables):
    assert said.length(comment) == said.Length(pages, figures, tables)


@pytest.mark.parametrize("comment", ["", "Accepted at ICML 2026", "Figures by the authors"])
def test_without_counts_there_is_no_length(comment):
    assert said.length(comment) is None


@pytest.mark.parametrize(
    ("comment", "doi"),
    [
        ("Published version: https://doi.org/10.1000/182.", "10.1000/182"),
        ("doi: 10.1000/XYZ-9 (open access)", "10.1000/xyz-9"),
        ("See 10.1000/182, Journal of Small Papers", "10.1000/182"),
        ("Dataset: https://doi.org/10.5281/zenodo.123", ""),
        ("Code available at https://doi.org/10.1000/code.7", ""),
        ("No number here", ""),
    ],
)
def test_the_doi_is_the_papers_own(comment, doi):
    assert said.doi(comment) == doi


@pytest.mark.parametrize(
    ("title", "abstract", "offers"),
    [
        ("Small Papers: A Survey", "Papers are short.", ("survey",)),
        ("On Small Papers", "This survey covers small papers.", ("survey",)),
        ("SmallBench", "We introduce SmallBench, a benchmark for short papers.", ("benchmark",)),
        ("Small", "We release a new dataset of 300 short papers and a benchmark.", ("dataset", "benchmark")),
        ("Small", "We evaluate on the dataset of others. Results on three benchmarks improve.", ()),
    ],
)
def test_what_a_paper_offers_is_read_where_its_authors_say_that_they_made_it(title, abstract, offers):
    assert said.offers(title, abstract) == offers


def test_a_comment_without_end_is_read_in_no_time():
    assert said.venue("Accepted to the " * 5000 + "ICML 2026") is None
    assert said.length("1 " * 100_000) is None
