"""``broadsheet draft``: a file or the standard input, for people and as JSON."""

import json

import pytest
from click.testing import CliRunner
from tests import cast

from broadsheet.cli import main
from broadsheet.search import current, state
from broadsheet.search.keeping import upkeep

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def library(db, tmp_path, settings):
    """Two papers, searched by words."""
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "none"
    current.release()
    current.forget_model()
    cast.paper("2601.00001", "Replay buffers for \x1b[31mseizures", abstract="The replay buffer holds past patients.")
    cast.paper("2601.00002", "Replay of a match", abstract="A match is played again.")
    upkeep.catch_up(current.own())
    yield
    current.release()
    state.read(now=True)


def run(*arguments, **more):
    return CliRunner().invoke(main, ["draft", *map(str, arguments)], **more)


def test_a_text_from_the_standard_input_gets_its_related_work():
    done = run("-", input="Seizures and replay buffers\n\nA replay buffer holds what past patients taught us.")
    assert done.exit_code == 0, done.output
    assert "Very close: read these first\n  2601.00001" in done.stdout
    assert "both: " in done.stdout
    assert "\x1b" not in done.stdout


def test_json_is_shaped_as_the_api_answers(tmp_path):
    file = tmp_path / "draft.txt"
    file.write_text("Seizures and replay buffers")
    done = run(file, "--json", "--limit", "1")
    answer = json.loads(done.stdout)
    assert set(answer) == {"groups", "cited", "notes"}
    assert [paper["id"] for group in answer["groups"] for paper in group["papers"]] == ["2601.00001"]


def test_what_a_draft_cites_comes_last(tmp_path):
    file, cited = tmp_path / "draft.txt", tmp_path / "mine.bib"
    file.write_text("Seizures and replay buffers")
    cited.write_text("@misc{a, title={Replay of a match}}\n@misc{b, title={Not Here}}")
    done = run(file, "--cited", cited)
    assert done.stdout.index("2601.00001") < done.stdout.index("Cited by you") < done.stdout.index("2601.00002")
    assert "1 of 2 cited works are here." in done.stderr


def test_what_cannot_be_read_is_said_in_words(tmp_path):
    missing, broken = run(tmp_path / "none.pdf"), run("-", input=b"%PDF-1.4 nothing")
    assert missing.exit_code == broken.exit_code == 1
    assert "No such file" in missing.stderr
    assert "Paste its title and abstract" in broken.stderr


def test_papers_that_were_taken_in_without_an_edition_are_printed_too():
    paper = cast.paper(
        "2601.00003", "Replay buffers nobody submitted", abstract="The replay buffer of nobody.", day=None
    )
    assert paper.day is None
    upkeep.catch_up(current.own())
    drafted = run("-", input="Replay buffers\n\nThe replay buffer of nobody.")
    searched = CliRunner().invoke(main, ["search", "nobody"])
    for done in (drafted, searched):
        assert done.exit_code == 0, done.output
        assert f"{'2601.00003':<30}Replay buffers nobody submitted" in done.stdout
