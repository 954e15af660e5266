"""Inserting many new papers in one statement. What they hold is decided in ``merge``, when in ``actions``."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models
from django.utils import timezone

from broadsheet.papers.models import Paper

_COLUMNS = {
    str(field.column): field for field in Paper._meta.concrete_fields if not field.generated and not field.primary_key
}
# Of these classes values go to the database as they are; lists and times do not.
_PLAIN = {str, int, float, type(None)}


def insert(papers: Sequence[Paper]) -> None:
    """Insert papers that are not here yet, in their order; their primary keys become known to them.

    It does what ``bulk_create`` does, which spends three quarters of its time on asking each field what it is.
    Raises IntegrityError where one of the keys is taken.
    """
    if not papers:
        return
    now = timezone.now()
    for paper in papers:
        paper.added = now
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, _COLUMNS))
    places = ", ".join(["%s"] * len(_COLUMNS))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quote(Paper._meta.db_table)} ({columns}) VALUES ({places})",  # noqa: S608 - names of ours
            [_row(paper) for paper in papers],
        )
    known = dict(Paper.objects.filter(key__in=[paper.key for paper in papers]).values_list("key", "pk"))
    for paper in papers:
        paper.pk = known[paper.key]
        paper._state.adding = False
        paper._state.db = connection.alias


def _row(paper: Paper) -> list[Any]:
    values = paper.__dict__
    return [_prepared(field, values[field.attname]) for field in _COLUMNS.values()]


def _prepared(field: "models.Field[Any, Any]", value: Any) -> Any:
    is_plain = value.__class__ in _PLAIN and not isinstance(field, models.JSONField)
    return value if is_plain else field.get_db_prep_save(value, connection)
