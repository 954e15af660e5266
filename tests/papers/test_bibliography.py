"""Files of references: what is written is read again whole, and what other programs write is understood."""

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import cast

from broadsheet.errors import BadInput
from broadsheet.papers import names
from broadsheet.papers.bibliography import Cited, find, read, write
from broadsheet.papers.models import Paper
from broadsheet.papers.titles import title_key

pytestmark = pytest.mark.django_db
KINDS = ("bib", "ris", "json")


@pytest.mark.parametrize(
    ("author", "parts"),
    [
        ("Ada Example", ("Example", "Ada", "", "", False)),
        ("Ann van der Example", ("Example", "Ann", "van der", "", False)),
        ("Ann Mary de la Example Jr.", ("Example", "Ann Mary", "de la", "Jr.", False)),
        ("van der Example, Ann", ("Example", "Ann", "van der", "", False)),
        ("Example, III, A.", ("Example", "A.", "", "III", False)),
        (r"Fr\'ed\'eric Example", ("Example", "Frédéric", "", "", False)),
        ("The Example Collaboration", ("The Example Collaboration", "", "", "", True)),
        ("Solo", ("Solo", "", "", "", False)),
        ("李 明", ("明", "李", "", "", False)),
    ],
)
def test_a_name_comes_apart(author, parts):
    assert names.split(author) == parts


def test_every_format_is_written_as_it_should_be():
    paper = Paper(
        key="2501.00001",
        title="Nets: $\\alpha$ & more",
        authors=["Zoë van der Last", "The Example Team"],
        categories=["cs.CL"],
        doi="10.1000/x_1",
        published=datetime(2025, 1, 2, tzinfo=UTC),
        abstract="First\nsecond.",
    )
    cited = [Cited(paper, "read {this} & 50%")]
    assert write("bib", cited) == (
        "@misc{vanderlast2025nets,\n"
        "  title = {{Nets}: {$\\alpha$} \\& more},\n"
        "  author = {Zoë van der Last and {The Example Team}},\n"
        "  year = {2025},\n  eprint = {2501.00001},\n  archivePrefix = {arXiv},\n  primaryClass = {cs.CL},\n"
        "  url = {https://arxiv.org/abs/2501.00001},\n  doi = {10.1000/x_1},\n"
        "  annote = {read \\textbraceleft{}this\\textbraceright{} \\& 50\\%}\n}\n\n"
    )
    assert write("ris", cited) == (
        "TY  - UNPB\r\nID  - 2501.00001\r\nAU  - van der Last, Zoë\r\nAU  - The Example Team\r\n"
        "TI  - Nets: α & more\r\nPY  - 2025\r\nDA  - 2025/01/02\r\nAB  - First second.\r\nDO  - 10.1000/x_1\r\n"
        "UR  - https://arxiv.org/abs/2501.00001\r\nAN  - arXiv:2501.00001\r\nKW  - cs.CL\r\n"
        "N1  - read {this} & 50%\r\nER  - \r\n\r\n"
    )
    (item,) = json.loads(write("json", cited))
    assert item["author"] == [
        {"family": "Last", "given": "Zoë", "non-dropping-particle": "van der"},
        {"literal": "The Example Team"},
    ]
    assert item["issued"] == {"date-parts": [[2025, 1, 2]]}
    assert (item["id"], item["type"], item["DOI"], item["annote"]) == (
        "2501.00001",
        "article",
        "10.1000/x_1",
        "read {this} & 50%",
    )


def test_two_papers_never_share_a_citation_key():
    papers = [
        Paper(key=f"2501.0000{n}", title="Same", authors=["A. Last"], published=datetime(2025, 1, 2, tzinfo=UTC))
        for n in (1, 2, 3)
    ]
    text = write("bib", map(Cited, papers))
    assert [line for line in text.splitlines() if line.startswith("@")] == [
        "@misc{last2025same,",
        "@misc{last2025same-2,",
        "@misc{last2025same-3,",
    ]


# What a line of text may hold: anything that can be printed, single spaces inside.
LINES = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=60).map(
    lambda text: " ".join(text.split())
)
KEYS = st.one_of(
    st.from_regex(r"25(0[1-9]|1[0-2])\.[0-9]{5}", fullmatch=True), st.from_regex(r"own-[a-z0-9]{6}", fullmatch=True)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    papers=st.lists(
        st.tuples(KEYS, LINES, LINES, st.lists(LINES, max_size=3)), min_size=1, max_size=6, unique_by=lambda p: p[0]
    ),
    kind=st.sampled_from(KINDS),
)
def test_what_is_written_is_read_again_whole(papers, kind):
    """Papers, their order and their notes survive, whatever stands in them."""
    Paper.objects.all().delete()
    made = [
        Paper(
            key=key,
            title=f"{title} {key}",
            title_key=title_key(f"{title} {key}"),
            authors=authors,
            text_source="list",
            source="list",
            stamp=place,
        )
        for place, (key, title, _, authors) in enumerate(papers)
    ]
    Paper.objects.bulk_create(made)
    notes = [note for _, _, note, _ in papers]
    entries = read(write(kind, map(Cited, made, notes)).encode())
    found, missing = find(entries)
    assert not missing
    assert [paper.key for paper, _ in found] == [paper.key for paper in made]
    assert [entry.note for _, entry in found] == notes


@pytest.mark.parametrize(
    "text",
    [
        "@article{a, title={X}, eprint={2601.00001}, archivePrefix={arXiv}}",
        "@article{a, title={X}, eprint={2601.00001v3}, eprinttype={arxiv}}",
        "@article{a, title={X}, url={https://arxiv.org/abs/2601.00001v2}}",
        "@article{a, title={X}, howpublished={\\url{https://arxiv.org/pdf/2601.00001}}}",
        "@article{a, title={X}, doi={10.48550/arXiv.2601.00001}}",
        "@article{a, title={X}, doi={https://doi.org/10.48550/ARXIV.2601.00001}}",
        "@article{a, title={X}, journal={arXiv preprint arXiv:2601.00001}}",
        "@article{a, title={X}, note={arXiv:2601.00001 [cs.CL]}}",
        "@article{a, title={{SCALING} laws for {Small} Papers}}",
        "@article{a, title={X}, doi={10.1000/ABC_d}}",
        "@article{a, title={X}, doi={10.1000/abc\\_d}}",
        "TY  - JOUR\nTI  - X\nUR  - https://arxiv.org/abs/2601.00001\nER  - ",
        "TY  - JOUR\r\nTI  - X\r\nDO  - 10.1000/abc_D\r\nER  - \r\n",
        "TY  - UNPB\nT1  - Scaling laws for\nsmall papers\n",
        "TY  - JOUR\nTI  - X\nAN  - arXiv:2601.00001\n",
        '[{"id": "1", "title": "X", "URL": "http://arxiv.org/abs/2601.00001"}]',
        '{"items": [{"id": "1", "title": "X", "note": "arXiv:2601.00001 [cs]"}]}',
        '[{"id": "http://zotero.org/users/1/items/A", "title": "Scaling Laws for Small Papers"}]',
        '[{"title": "X", "number": "arXiv:2601.00001"}]',
    ],
)
def test_a_paper_is_found_however_it_is_named(text):
    cast.paper(doi="10.1000/abc_d")
    found, missing = find(read(text.encode()))
    assert [paper.key for paper, _ in found] == ["2601.00001"], missing


RDF = """<?xml version="1.0" encoding="ISO-8859-1"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:z="http://www.zotero.org/namespaces/export#"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"
 xmlns:bib="http://purl.org/net/biblio#" xmlns:foaf="http://xmlns.com/foaf/0.1/" xmlns:link="http://purl.org/rss/1.0/modules/link/">
 <bib:Document rdf:about="http://arxiv.org/abs/2601.00001">
  <z:itemType>preprint</z:itemType><dc:title>Scaling</dc:title>
  <bib:authors><rdf:Seq><rdf:li><foaf:Person><foaf:surname>Example</foaf:surname><foaf:givenName>Ada</foaf:givenName>
  </foaf:Person></rdf:li></rdf:Seq></bib:authors>
  <dcterms:isReferencedBy rdf:resource="#item_2"/><link:link rdf:resource="#item_3"/>
  <dc:identifier><dcterms:URI><rdf:value>http://arxiv.org/abs/2601.00001</rdf:value></dcterms:URI></dc:identifier>
 </bib:Document>
 <bib:Memo rdf:about="#item_2"><rdf:value>&lt;p&gt;Worth it&lt;/p&gt;</rdf:value></bib:Memo>
 <z:Attachment rdf:about="#item_3"><dc:title>Full Text PDF</dc:title></z:Attachment>
 <z:Collection rdf:about="#collection_1"><dc:title>Mine</dc:title></z:Collection>
</rdf:RDF>"""


def test_zotero_rdf_is_read_with_its_notes():
    (entry,) = read(RDF.encode())
    assert (entry.title, entry.authors, entry.arxiv, entry.note) == (
        "Scaling",
        ("Ada Example",),
        "2601.00001",
        "Worth it",
    )


def test_what_is_not_here_is_told_with_its_reason():
    text = """@misc{a, title={Unheard of}, eprint={2603.00009}, archivePrefix={arXiv}}
@misc{b, title={Unheard of}, doi={10.1/x}}
@misc{c, title={Unheard of}}
@misc{d, year={2020}}
@misc{e, title={open
@misc{f, title={Last}}"""
    found, missing = find(read(text.encode()))
    assert not found
    reasons = [reason for _, reason in missing]
    assert reasons[0] == "arXiv:2603.00009 is not here yet"
    assert reasons[1] == "no paper here has this title" or reasons[1] == "no paper here has this DOI or title"
    assert reasons[2] == "no paper here has this title"
    assert reasons[3] == "it has neither an arXiv id nor a DOI nor a title"
    assert any("cannot be read" in reason for reason in reasons[4:])
    assert missing[0].entry.arxiv == "2603.00009"


def test_entries_of_the_same_key_are_both_kept():
    entries = read(b"@misc{a, title={One}}\n@misc{a, title={Two}, title={Three}}")
    assert entries[0].title == "One"
    assert len(entries) == 2
    assert not any(entry.problem for entry in entries)


def test_a_ris_entry_without_an_end_is_not_lost_and_does_not_swallow_the_next():
    entries = read(b"TY  - JOUR\nTI  - One\nTY  - JOUR\nTI  - Two\nER  - \nTY  - JOUR\nTI  - Three")
    assert [entry.title for entry in entries] == ["One", "Two", "Three"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe" + "@misc{a, title={X}}".encode("utf-16-le"), ""),
        ("@misc{a, title={Zo\u00eb}}".encode("latin-1"), "line 1 has the byte 0xeb"),
        (b"%PDF-1.7\x00", "not a text"),
        (b"hello", "none of BibTeX"),
        (b"", "none of BibTeX"),
        (b"[]", "no entry"),
        (b"[1, ", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'"x"', "none of BibTeX"),
        (b'{"items": 3}', "not CSL-JSON"),
        (b"<html><p>", "cannot be read as RDF"),
        (
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
            "cannot be read as RDF",
        ),
        (b"@misc{a,title={x}}" * 10_001, "more than 10,000"),
        (b" " * 5_000_001, "5,000,001 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_fault(content, said):
    if not said:
        assert read(content)[0].title == "X"
        return
    with pytest.raises(BadInput, match=said):
        read(content)


def test_json_of_odd_shapes_is_no_failure():
    entries = read(
        b'[1, null, {"title": 5, "author": "x", "DOI": {}, "id": "\\ud800"}, {"author": [1, {"family": "A"}]}]'
    )
    assert [entry.problem != "" for entry in entries] == [True, True, False, False]
    assert entries[3].authors == ("A",)
    assert len(find(entries)[1]) == 4


def test_hundreds_of_entries_take_few_queries(django_assert_max_num_queries):
    cast.paper()
    text = "\n".join(f"@misc{{k{n}, title={{T{n}}}, eprint={{2601.{n:05}}}, doi={{10.1000/{n}}}}}" for n in range(800))
    with django_assert_max_num_queries(4):
        found, missing = find(read(text.encode()))
    assert (len(found), len(missing)) == (1, 799)


@pytest.mark.parametrize("blank", ["\n", " \n", "\n\t"])
def test_a_file_of_nothing_but_line_ends_is_refused_at_once(blank):
    began = time.monotonic()
    with pytest.raises(BadInput):
        read(b"x" + blank.encode() * 1_000_000)
    assert time.monotonic() - began < 5
