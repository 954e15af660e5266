"""Which paper an entry names, and that one paper has one key whatever place named it."""

import pytest

from broadsheet.sources import paper_ids
from broadsheet.sources.rows import OTHER_KEY, record_of


@pytest.mark.parametrize(
    ("addresses", "doi", "key"),
    [
        (
            ["https://arxiv.org/abs/2301.00001v2", "https://aclanthology.org/2024.acl-long.1/"],
            "10.1000/1",
            "2301.00001",
        ),
        (["https://example.org/x"], "10.48550/arXiv.2301.00001", "2301.00001"),
        (["https://aclanthology.org/2024.acl-long.1/"], "", "acl:2024.acl-long.1"),
        (["https://www.aclweb.org/anthology/P/P16/P16-1001.pdf"], "", "acl:P16-1001"),
        (["http://aclanthology.org/2020.tacl-1.3v2.pdf"], "10.1162/tacl_a_00296", "acl:2020.tacl-1.3"),
        ([], "10.18653/v1/P16-1001", "acl:P16-1001"),
        ([], "10.18653/v1/p16-1001", "acl:P16-1001"),
        ([], "10.18653/V1/2024.ACL-long.1", "acl:2024.acl-long.1"),
        (["https://doi.org/10.3115/v1/D14-1162"], "", "acl:D14-1162"),
        ([], "10.18653/v1/2024.acl-long", "doi:10.18653/v1/2024.acl-long"),
        (["https://openreview.net/forum?id=Ab_c-dEf12"], "10.1000/1", "doi:10.1000/1"),
        (["https://openreview.net/pdf?id=Ab_c-dEf12#page=3"], "", "openreview:Ab_c-dEf12"),
        (["https://openreview.net/forum?referrer=x&id=-b_c-dEf12&noteId=q"], "", "openreview:-b_c-dEf12"),
        (["https://doi.org/10.1000/ABC.1"], "", "doi:10.1000/abc.1"),
        (
            ["https://www.biorxiv.org/content/10.1101/2024.01.02.000002v3.full.pdf+html"],
            "",
            "doi:10.1101/2024.01.02.000002",
        ),
        (["https://www.medrxiv.org/content/10.1101/2024.01.02.000002.abstract"], "", "doi:10.1101/2024.01.02.000002"),
        (["https://dl.example.org/doi/abs/10.1145/12345.67890/full?x=1"], "", "doi:10.1145/12345.67890"),
        (["https://example.org/blog/7"], "", ""),
        ([], "", ""),
    ],
)
def test_a_paper_has_one_key_whatever_names_it(addresses, doi, key):
    assert paper_ids.key_of(addresses, doi=doi) == key
    assert not key or record_of({"id": key, "title": "T"}, "test").id == key


def test_an_id_in_running_text_counts_only_where_it_is_marked_as_arxivs():
    assert paper_ids.key_of([], within=["CoRR, arXiv:2301.00001"]) == "2301.00001"
    assert paper_ids.key_of([], within=["pages 2301.00001 ff."]) == ""


@pytest.mark.parametrize(
    "doi",
    [
        "10.1002/(SICI)1097-4571(199806)49:8<693::AID-ASI3>3.0.CO;2-O",
        "10.1000/" + "long" * 20,
        "10.1000/a//b",
        "10.1000/übung",
        "10.1000/paper/vote",
        "10.1000/paper.md",
        "10.1000/../x",
    ],
)
def test_a_doi_that_no_key_can_hold_is_known_by_a_digest(doi):
    key = paper_ids.doi_key(doi)
    assert key.startswith(f"doi-digest:{doi.split('/')[0]}/")
    assert OTHER_KEY.fullmatch(key)
    assert paper_ids.doi_key(doi.upper()) == key
    assert paper_ids.doi_key(doi + "x") != key
    assert paper_ids.address(key) == ""


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("2301.00001", "https://arxiv.org/abs/2301.00001"),
        ("acl:2024.acl-long.1", "https://aclanthology.org/2024.acl-long.1/"),
        ("openreview:Ab_c-dEf12", "https://openreview.net/forum?id=Ab_c-dEf12"),
        ("doi:10.1000/abc.1", "https://doi.org/10.1000/abc.1"),
        ("feed:0123456789abcdef", ""),
    ],
)
def test_a_key_leads_back_to_its_place(key, address):
    assert paper_ids.address(key) == address
    assert not address or paper_ids.find(address) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("10.1000/ABC.1", "doi:10.1000/abc.1"),
        ("doi:10.1000/ABC.1", "doi:10.1000/abc.1"),
        ("see https://doi.org/10.1000/abc.1", None),
        ("arXiv:2301.00001 is good", None),
        ("attention", None),
        ("", None),
        ("https://doi.org/" + "x" * 400, None),
    ],
)
def test_a_whole_text_may_name_a_paper(text, key):
    assert paper_ids.find(text) == key


def test_arxivs_own_doi_is_no_publishers():
    assert paper_ids.publishers_doi("", "10.48550/arXiv.2301.00001", "10.1000/1") == "10.1000/1"
    assert paper_ids.publishers_doi("10.48550/ARXIV.2301.00001") == ""
