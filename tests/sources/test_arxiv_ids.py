"""Identifiers in every spelling people paste, and what is not one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import BadInput
from broadsheet.sources.arxiv_ids import canonical, find, is_arxiv, split_version

NEW_IDS = st.one_of(
    st.builds("{:02}{:02}.{:05}".format, st.integers(15, 99), st.integers(1, 12), st.integers(0, 99_999)),
    st.builds("{:02}{:02}.{:04}".format, st.integers(8, 14), st.integers(1, 12), st.integers(0, 9999)),
)
OLD_IDS = st.builds(
    "{}/{:02}{:02}{:03}".format,
    st.sampled_from(["cs", "math", "hep-th", "q-bio", "astro-ph", "cond-mat", "quant-ph", "physics", "cmp-lg"]),
    st.sampled_from([*range(91, 100), *range(7)]),
    st.integers(1, 12),
    st.integers(0, 999),
)
WRAPPINGS = [
    "{}",
    "  {}\n",
    "arXiv:{}",
    "arxiv: {}",
    "ARXIV:{}",
    "<{}>",
    "10.48550/arXiv.{}",
    "doi:10.48550/arXiv.{}",
    "https://doi.org/10.48550/arXiv.{}",
    "http://dx.doi.org/10.48550/ARXIV.{}",
    "doi.org/10.48550/arxiv.{}",
    "https://arxiv.org/abs/{}",
    "http://arxiv.org/abs/{}/",
    "arxiv.org/abs/{}",
    "https://www.arxiv.org/pdf/{}",
    "https://arxiv.org/pdf/{}.pdf",
    "https://arxiv.org/pdf/{}.pdf#page=3",
    "https://arxiv.org/abs/{}?context=cs",
    "https://export.arxiv.org/abs/{}",
    "https://cn.arxiv.org/abs/{}",
    "http://xxx.lanl.gov/abs/{}",
    "https://arxiv.org/html/{}#S1",
    "https://arxiv.org/format/{}",
    "https://arxiv.org/e-print/{}",
    "https://arxiv.org/src/{}",
    "https://ar5iv.labs.arxiv.org/html/{}",
    "https://ar5iv.org/abs/{}",
    "https://www.alphaxiv.org/abs/{}",
    "https://www.alphaxiv.org/overview/{}",
    "https://huggingface.co/papers/{}",
    "https://hf.co/papers/{}#community",
    "http://localhost:8000/papers/{}",
    "http://127.0.0.1:8000/papers/{}.md",
    "http://[::1]:8000/papers/{}",
    "papers.example.org/papers/{}",
    "/papers/{}",
    "/papers/{}?page=2",
    "arXiv:{} [cs.CL] 20 May 2023",
    "arXiv:{} [hep-th]",
]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("key", ["2305.12102", "0704.0001", "cs/0601001", "hep-th/9901001"])
def test_every_spelling_names_the_same_paper(wrapping, key):
    assert canonical(wrapping.format(key)) == key
    assert split_version(wrapping.format(f"{key}v12")) == (key, 12)


@given(st.one_of(NEW_IDS, OLD_IDS), st.sampled_from(WRAPPINGS), st.one_of(st.none(), st.integers(1, 999)))
def test_any_paper_comes_back_from_any_spelling(key, wrapping, version):
    if "/" in key and int(key.split("/")[1][:4]) in range(704, 713):
        return  # the old form ended in March 2007
    written = key if version is None else f"{key}v{version}"
    assert split_version(wrapping.format(written)) == (key, version)
    assert is_arxiv(key)


@given(st.text(max_size=400))
def test_any_text_is_an_id_or_refused_and_an_id_is_stable(text):
    try:
        key = canonical(text)
    except BadInput:
        assert find(text) is None
    else:
        assert find(text) == key
        assert canonical(key) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("math.GT/0309136v2", "math/0309136"),
        ("q-bio.NC/0601001", "q-bio/0601001"),
        ("cond-mat.mtrl-sci/0601001", "cond-mat/0601001"),
        ("CS/0601001", "cs/0601001"),
        ("https://arxiv.org/abs/math%2F0309136", "math/0309136"),
        ("https://arxiv.org/pdf/cs.CL/0601001v1.pdf", "cs/0601001"),
    ],
)
def test_an_old_id_loses_its_subject_class(text, key):
    assert canonical(text) == key


@pytest.mark.parametrize("text", ["0704.0001", "1412.9999", "1501.00001", "math/0703999", "hep-th/9108001"])
def test_the_first_and_last_of_each_numbering_are_ids(text):
    assert canonical(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "0703.0001",  # before the new numbering
        "math/0704001",  # after the old one
        "hep-th/9001001",  # before arXiv
        "1412.00001",  # five digits came in January 2015
        "1501.0001",
        "2313.12345",  # no such month
        "2300.12345",
        "cs/0613001",
        "2305.12102v0",
        "2305.12102v1000",
        "2305.12102v",
        "2305.121020",
        "2305.12102.5",
        "2305,12102",
        "12305.12102",
        "٢٣٠٥.١٢١٠٢",
        "cs0601001",
        "cs/06010011",
        "2305.12102 and 2305.12103",
        "arXiv:",
        "",
        " ",
        "\0",
        "10.1000/arXiv.2305.12102",
        "https://example.org/abs/2305.12102",
        "https://example.org/pdf/2305.12102.pdf",
        "https://notarxiv.org/abs/2305.12102",
        "https://arxiv.org.example.org/abs/2305.12102",
        "https://arxiv.org/list/cs.CL/recent",
        "https://huggingface.co/datasets/2305.12102",
        "https://huggingface.co/papers/2305.12102/x",
        "javascript:/papers/2305.12102",
        "/papers/" + "2" * 400,
    ],
)
def test_anything_else_is_refused_by_name(text):
    assert find(text) is None
    assert not is_arxiv(text)
    with pytest.raises(BadInput) as refusal:
        canonical(text)
    assert repr(text[:60]) in refusal.value.message
    assert "2305.12102" in refusal.value.hint


def test_an_id_with_a_version_is_no_key():
    assert not is_arxiv("2305.12102v1")
    assert not is_arxiv("math.GT/0309136")
    assert is_arxiv("math/0309136")
