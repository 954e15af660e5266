"""The house itself: short modules that say what they hold, and docs that know every setting, command and route."""

import ast
import re
from pathlib import Path

import click
import pytest
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "broadsheet"
DOCS = ROOT / "docs"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)
LONGEST = 400


def names(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("module", MODULES, ids=names)
def test_a_module_is_short_and_says_what_lives_there(module):
    text = module.read_text()
    assert len(text.splitlines()) <= LONGEST, f"{names(module)} is over {LONGEST} lines: which room is it really?"
    assert ast.get_docstring(ast.parse(text)), f"{names(module)} does not say what lives there"


def test_every_setting_is_documented_with_its_default():
    from broadsheet.knobs import KNOBS

    text = (DOCS / "configuration.md").read_text()
    missing = [knob.name for knob in KNOBS if f"`{knob.name}`" not in text]
    assert not missing
    wrong = [knob.name for knob in KNOBS if knob.default and f"`{knob.default}`" not in _row(text, knob.name)]
    assert not wrong, "these rows do not show the default"


def test_no_setting_is_documented_that_does_not_exist():
    from broadsheet.knobs import KNOBS

    known = {knob.name for knob in KNOBS}
    written = set(re.findall(r"BROADSHEET_[A-Z_]+", "".join(page.read_text() for page in DOCS.rglob("*.md"))))
    assert written - known <= {"BROADSHEET_SHARED"}, "only the suite reads BROADSHEET_SHARED"


def test_only_settings_read_the_environment():
    readers = [
        names(module) for module in MODULES if re.search(r"os\.environ\b(?!\.setdefault)|getenv", module.read_text())
    ]
    # The command line sets the state directory before settings load, and the hub's own variable belongs to its client.
    assert readers == ["cli/model.py", "cli/start.py", "knobs.py"]


def _row(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if f"`{name}`" in line)


def _commands(group: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, click.Command]]:
    found = [(" ".join(path), group)] if path else []
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            assert command.name == name
            found += _commands(command, (*path, name))
    return found


def test_every_command_and_option_is_documented_and_has_help():
    from broadsheet.cli import main

    text = (DOCS / "cli.md").read_text()
    for name, command in _commands(main):
        assert command.help, f"broadsheet {name} has no help"
        assert f"broadsheet {name}" in text, f"docs/cli.md does not know broadsheet {name}"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"broadsheet {name} {parameter.opts[0]} has no help"
                assert any(f"`{option}" in text for option in parameter.opts), f"docs/cli.md: {name} {parameter.opts}"


def _routes(patterns: list[URLPattern | URLResolver], before: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and pattern.app_name != "admin":  # Django's own pages stand as one
            found += _routes(pattern.url_patterns, here)
        else:
            found.append("/" + here)
    return found


def test_every_route_is_documented():
    text = (DOCS / "pages.md").read_text() + (DOCS / "api.md").read_text()
    plain = [re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route) for route in _routes(get_resolver().url_patterns)]
    missing = [route for route in plain if f"`{route}`" not in text]
    assert not missing, "docs/pages.md and docs/api.md do not know these"


def test_every_page_of_the_docs_is_reached_from_the_index():
    index = (DOCS / "index.md").read_text()
    decisions = (DOCS / "decisions" / "index.md").read_text()
    for page in DOCS.rglob("*.md"):
        inside = page.relative_to(DOCS).with_suffix("").as_posix()
        if inside == "index" or inside.startswith("_build/"):
            continue
        if inside.startswith("decisions/") and inside != "decisions/index":
            assert page.stem in decisions
        else:
            assert inside in index


def test_the_lock_names_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^[a-z0-9][\w.-]*==", lock, re.MULTILINE)
    assert len(pins) > 50
    assert lock.count("--hash=sha256:") >= len(pins)
    assert not re.search(r"https?://|--index-url|--find-links", lock)


def test_what_the_package_needs_is_pinned():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements.lock").read_text()
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=\[; ]", requirement)[0]
        assert f"\n{name}==" in f"\n{lock}", f"{name} is not in requirements.lock; run make lock"


def test_the_changelog_knows_the_version():
    from broadsheet import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_no_path_of_a_machine_stands_in_the_project():
    for path in [*MODULES, *DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "Makefile"]:
        assert not re.search(r"(?<![\w.])/(?:work|root|home/\w+)/", path.read_text()), path
