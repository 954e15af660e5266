"""``broadsheet search --like`` and its benches, in processes of their own."""

import json

import pytest
from tests.conftest import broadsheet

WORDS = {"BROADSHEET_MODEL": "none"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A store of papers on speech, a few by the same two authors."""
    folder = tmp_path_factory.mktemp("like")
    rows = [
        {
            "id": f"2601.0000{number}",
            "title": title,
            "abstract": f"We study {title.lower()} with care.",
            "authors": authors,
            "categories": ["cs.CL"],
            "published": f"202{number}-01-05",
            "keywords": ["speech recognition"],
        }
        for number, (title, authors) in enumerate(
            [
                ("Speech Recognition of Vowels", ["Ada Example", "Bo Sample"]),
                ("Speech Recognition of Consonants", ["Bo Sample", "Ada Example"]),
                ("Speech Synthesis", ["Cy Di", "Di Ed"]),
                ("Reading of Vowels", ["Ed Fo"]),
            ],
            start=1,
        )
    ]
    papers = folder / "papers.jsonl"
    papers.write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = broadsheet(folder / "home", "ingest", str(papers), **WORDS)
    assert made.returncode == 0, made.stderr
    return folder


def test_papers_like_one_but_as_said(home):
    found = broadsheet(home / "home", "search", "--like", "2601.00001", "--but", "not synthesis", "--json", **WORDS)
    answer = json.loads(found.stdout)
    assert answer["papers"][0]["id"] == "2601.00002"
    assert "2601.00003" not in {paper["id"] for paper in answer["papers"]}
    assert answer["understood"] == ["less of “synthesis”"]
    assert "Compared by words alone" in found.stderr


def test_rounds_are_told_of_what_was_kept_and_dropped(home):
    asked = ("--like", "2601.00001", "--keep", "2601.00004", "--drop", "2601.00002", "--round", "2")
    found = broadsheet(home / "home", "search", *asked, **WORDS)
    assert "Round 2" in found.stderr
    assert "kept 2601.00004\ndropped 2601.00002" in found.stderr
    assert found.stdout.startswith("2601.00003")


@pytest.mark.parametrize(
    ("asked", "said", "code"),
    [
        (("speech", "--like", "2601.00001"), "takes no query", 2),
        (("speech", "--but", "newer"), "belong to --like", 2),
        (("--like", "2601.99999"), "not here", 1),
    ],
)
def test_what_cannot_be_asked_is_said(home, asked, said, code):
    made = broadsheet(home / "home", "search", *asked, **WORDS)
    assert made.returncode == code
    assert said in made.stderr


def test_similar_papers_are_measured_by_authors_and_by_keywords(home):
    shown = ""
    for half in ("report", "tuning"):
        made = broadsheet(home / "home", "bench", "similar", "--half", half, "--judge", "authors", **WORDS)
        shown += made.stdout
        assert made.returncode == 0 or "No paper here has others to find" in made.stderr
    assert "judged by authors" in shown
    path = str(home / "papers.jsonl")
    judged = [
        broadsheet(home / "home", "bench", "similar", "--half", half, "--keywords", path, "--json", **WORDS)
        for half in ("report", "tuning")
    ]
    answers = [json.loads(made.stdout) for made in judged if made.returncode == 0]
    assert {answer["judge"] for answer in answers} == {"keywords"}
    assert all("fused+authors" in answer["systems"] for answer in answers)


def test_like_this_but_is_measured_or_says_that_nothing_differs(home):
    made = broadsheet(home / "home", "bench", "like", "--kind", "category", **WORDS)
    assert made.returncode == 1
    assert "No paper here has others that differ as asked" in made.stderr
