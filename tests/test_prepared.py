"""Questions that are written once and sent again."""

import pytest
from django.db import connection
from tests.cast import paper as make_paper

from broadsheet.accounts.models import User
from broadsheet.papers.models import Paper, standing_by_pk
from broadsheet.prepared import Prepared

pytestmark = pytest.mark.django_db

_named = Prepared(lambda name: User.objects.filter(username=name), "name")


def test_papers_of_a_page_are_those_that_the_orm_finds():
    made = [
        make_paper("2601.00001", authors=["Ada"], history=[[1, "2026-01-02T00:00:00Z", None]], code_stars=3),
        make_paper(
            "2601.00002", abstract="100% of '{it}'.", day=None, withdrawn="2026-01-03T04:05:06Z", authors=['Bo "]", ']
        ),
    ]
    merged = make_paper("2601.00003", same_as=made[0])
    asked = [made[1].pk, merged.pk, made[0].pk]
    by_orm = Paper.objects.standing().in_bulk(asked)
    assert set(by_orm) == {made[0].pk, made[1].pk}
    for _ in range(2):  # the second time it is not written anew
        found = standing_by_pk(asked)
        assert {pk: _fields(paper) for pk, paper in found.items()} == {pk: _fields(by_orm[pk]) for pk in by_orm}
    assert standing_by_pk([]) == {}


def test_json_that_is_damaged_is_read_as_the_orm_reads_it():
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL keeps no text as JSON that is none")
    made = [make_paper(f"2601.0000{number}") for number in range(2)]
    for paper, text in zip(made, ('["Ada"', '"Bo"]'), strict=True):
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            cursor.execute("UPDATE papers_paper SET authors = %s WHERE id = %s", [text, paper.pk])
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    by_orm = Paper.objects.in_bulk([one.pk for one in made])
    found = standing_by_pk([one.pk for one in made])
    assert {pk: one.authors for pk, one in found.items()} == {pk: one.authors for pk, one in by_orm.items()}


def test_what_it_finds_can_be_changed_and_found_anew():
    User.objects.create_user("ada", notify={"reply": "mail"})
    [ada] = _named.models("ada")
    assert ada.notify == {"reply": "mail"}
    ada.about = "Reads 100% of '{it}'."
    ada.save()
    assert [one.about for one in _named.models("ada")] == [ada.about]
    assert _named.models("name") == []


def test_a_field_that_was_not_asked_for_is_read_once_it_is_looked_at(django_assert_num_queries):
    made = make_paper("2601.00001", abstract="Of trees.")
    found = standing_by_pk([made.pk], only=("key", "day"))[made.pk]
    assert found.get_deferred_fields() >= {"title", "abstract"}
    with django_assert_num_queries(1):
        assert (found.pk, found.key, found.day, found.abstract) == (made.pk, made.key, made.day, "Of trees.")
    assert found == made


def test_it_counts_and_lists_with_the_values_it_is_given():
    asked = Prepared(lambda name: User.objects.exclude(username=name).order_by("pk").values_list("username"), "name")
    for name in ("ada", "bo", "name"):
        User.objects.create_user(name)
    assert asked.rows("bo") == [("ada",), ("name",)]
    assert asked.count("bo") == 2
    assert asked.count("'; --") == 3


def test_a_value_too_few_is_refused():
    with pytest.raises(ValueError, match="zip"):
        _named.rows()


def test_a_mark_that_the_database_is_not_sent_as_it_is_is_refused():
    asked = Prepared(lambda part: User.objects.filter(username__contains=part), "part")
    with pytest.raises(ValueError, match="not all are sent"):
        asked.models("ada")


def _fields(paper: Paper) -> dict[str, object]:
    return {name: value for name, value in vars(paper).items() if name != "_state"}
