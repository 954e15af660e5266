"""New papers made and inserted the quick way are what Django would have made of them."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import connection
from tests.records import record

from broadsheet.papers import bulk
from broadsheet.papers.merge import new_paper
from broadsheet.papers.models import Paper


def test_a_blank_paper_is_djangos_own():
    quick, own = bulk.blank("2501.00001", "rows"), Paper(key="2501.00001", source="rows")
    known = {name: value for name, value in vars(own).items() if name != "_state"}
    assert {name: value for name, value in vars(quick).items() if name != "_state"} == known
    assert vars(quick._state) == vars(own._state)
    assert bulk.blank("a:1", "rows").authors is not quick.authors


@pytest.mark.django_db
def test_a_row_is_what_django_writes():
    moment = datetime(2025, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    facts = {
        "title": "Ein “Titel” – ñ",
        "abstract": "Of $\\alpha$ and more.",
        "authors": ("Ann Müller", 'Bo "B." Example'),
        "categories": ("cs.LG",),
        "published": moment,
        "updated": moment.replace(microsecond=120, tzinfo=UTC),
        "announced": date(2025, 3, 3),
        "version": 2,
    }
    quick, own = (new_paper(record(key, **facts)) for key in ("2501.00001", "2501.00002"))
    quick.stamp = own.stamp = 7
    bulk.insert([quick])
    own.save(force_insert=True)
    Paper.objects.update(added=quick.added)
    columns = ", ".join(name for name in bulk._COLUMNS if name != "key")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM papers_paper ORDER BY id")
        first, second = cursor.fetchall()
    assert first == second
    assert Paper.objects.get(key="2501.00001").authors == ["Ann Müller", 'Bo "B." Example']
