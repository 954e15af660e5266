"""When vectors are grouped into cells: a process that fills an index does it once, at the end."""

import numpy as np

from broadsheet.search.index import Facts
from broadsheet.search.meaning import grouping
from broadsheet.search.meaning.cells import name_of
from broadsheet.search.meaning.vectors import Vectors

COUNT, DIM = 5000, 32


def test_who_fills_an_index_has_cells_made_at_the_end_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(grouping, "FROM", 4096)
    monkeypatch.setattr(grouping.Grouping, "beside", False)
    make, begun = grouping.make, []
    monkeypatch.setattr(grouping, "make", lambda *given, **named: begun.append(1) or make(*given, **named))
    vectors = Vectors.anew(tmp_path / "vectors", dim=DIM)
    numbers = np.random.default_rng(7).standard_normal((COUNT, DIM)).astype(np.float32)
    vectors.put(dict(enumerate(numbers)), dict.fromkeys(range(COUNT), Facts(("cs",), 1)))
    vectors.flush()
    vectors.close()  # waits for what was begun
    assert not begun
    again = Vectors.open(tmp_path / "vectors")
    again.settle()
    assert (tmp_path / "vectors" / name_of(1)).exists()
    again.close()
