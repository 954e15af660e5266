"""An upgrade: tables of an earlier version are brought up to this one by the next command, which says so."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

from tests.conftest import broadsheet, environment, made_tables

BACK = """
from broadsheet.cli.start import load
load(None)
from django.core.management import call_command
call_command("migrate", "papers", "0003", verbosity=0)
"""
SAID = "from broadsheet.cli import start; start.SAID_AFTER = 0.0; start.load(None); start.update_tables()"


def indexes(home):
    with closing(sqlite3.connect(home / "broadsheet.sqlite3")) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}


def python(home, code):
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(home), capture_output=True, text=True, timeout=120, check=True
    )
    return done.stderr


def test_tables_of_an_earlier_version_are_brought_up_to_this_one_and_it_is_said(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(made_tables(), home / "broadsheet.sqlite3")
    python(home, BACK)
    assert "paper_same_as" not in indexes(home)
    before = sum("same_as" in name for name in indexes(home))
    assert "Bringing the tables up to this version." in python(home, SAID)
    assert "paper_same_as" in indexes(home)
    assert sum("same_as" in name for name in indexes(home)) == before == 1
    assert python(home, SAID) == ""
    assert broadsheet(home, "status").returncode == 0


def test_of_tables_that_are_new_nothing_is_said(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    assert python(home, SAID) == ""
    assert "paper_same_as" in indexes(home)
