"""Compiled functions: what is kept of them is found again, and no hindrance where it is damaged."""

import subprocess
import sys

import pytest
from tests.conftest import environment

MODULE = """
import numpy as np
from elsewhere import TIMES
from broadsheet.search.machine.compiled import compiled
from broadsheet.search.machine.instructions import bits_set

@compiled
def bits(numbers):
    found = 0
    for number in numbers:
        found += TIMES * bits_set(number)
    return found

print(bits(np.arange(10, dtype=np.uint64)), sum(bits.stats.cache_hits.values()))
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "counting.py").write_text(MODULE)
    (tmp_path / "elsewhere.py").write_text("TIMES = 1")

    def run():
        kept = environment(tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "kept"))
        done = subprocess.run(
            [sys.executable, "counting.py"], cwd=tmp_path, env=kept, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    return run


def test_a_function_is_compiled_once_and_found_by_later_processes(run):
    assert run() == ["15", "0"]
    assert run() == ["15", "1"]


def test_a_constant_that_another_module_tells_otherwise_by_now_is_not_the_one_of_before(run, tmp_path):
    assert run() == ["15", "0"]
    (tmp_path / "elsewhere.py").write_text("TIMES = 10")
    assert run() == ["150", "0"]
    assert run() == ["150", "1"]


def test_what_is_listed_but_was_never_written_is_not_what_was_there_before(run, tmp_path):
    run()
    (before,) = (tmp_path / "kept").rglob("*.nbc")
    content = before.read_bytes()
    (tmp_path / "elsewhere.py").write_text("TIMES = 10")
    run()
    before.write_bytes(content)
    assert run() == ["150", "0"]
    assert run() == ["150", "1"]


@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
def test_what_was_cut_by_a_power_cut_is_compiled_anew(run, tmp_path, ending):
    run()
    for path in (tmp_path / "kept").rglob(f"*{ending}"):
        path.write_bytes(b"")
    assert run()[0] == "15"
    assert run() == ["15", "1"]
