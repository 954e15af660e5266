"""Making and inserting many new papers at once. What they hold is decided in ``merge``, when in ``actions``."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.models.base import ModelState
from django.utils import timezone

from broadsheet.papers.models import Paper

_COLUMNS = {
    str(field.column): field for field in Paper._meta.concrete_fields if not field.generated and not field.primary_key
}
_FIELDS = [field for field in Paper._meta.concrete_fields if not field.generated]
_LISTS = [field.attname for field in _FIELDS if isinstance(field, models.JSONField)]
# Of these classes values go to the database as they are; lists and times do not.
_PLAIN = {str, int, float, type(None)}
_AS_TEXT = json.JSONEncoder().encode


def blank(key: str, source: str) -> Paper:
    """Return an unsaved paper of which nothing else is known.

    It is what ``Paper(key=..., source=...)`` returns, which asks each of forty fields for its default.
    """
    paper = Paper.__new__(Paper)
    paper._state = ModelState()
    paper.__dict__.update(_defaults())
    paper.__dict__.update([(name, []) for name in _LISTS], key=key, source=source)
    return paper


@lru_cache(maxsize=1)
def _defaults() -> dict[str, Any]:
    return {field.attname: field.get_default() for field in _FIELDS}


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
    # Nobody else has stamps between those of one transaction, and a range is told quicker than a thousand keys.
    stamps = sorted(paper.stamp for paper in papers)
    rows = Paper.objects.filter(stamp__gte=stamps[0], stamp__lte=stamps[-1])
    known = dict(rows.values_list("key", "pk"))
    for paper in papers:
        paper.pk = known[paper.key]
        paper._state.adding = False
        paper._state.db = connection.alias


def _row(paper: Paper) -> list[Any]:
    values, prepared = paper.__dict__, _prepared_for(connection.vendor)
    row = []
    for name, prepare in prepared:
        value = values[name]
        row.append(value if prepare is None or value is None else prepare(value))
    return row


@lru_cache(maxsize=2)
def _prepared_for(vendor: str) -> list[tuple[str, Callable[[Any], Any] | None]]:
    """Return for each column what makes of a value what the database takes; None where that is the value itself."""
    return [(field.attname, _way(field, vendor)) for field in _COLUMNS.values()]


def _way(field: "models.Field[Any, Any]", vendor: str) -> Callable[[Any], Any] | None:
    def asked(value: Any) -> Any:
        is_plain = value.__class__ in _PLAIN and not isinstance(field, models.JSONField)
        return value if is_plain else field.get_db_prep_save(value, connection)

    if vendor != "sqlite":
        return asked
    # What SQLite takes is text, which is made here as Django makes it, at a tenth of the cost.
    if isinstance(field, models.JSONField):
        return lambda value: "[]" if value == [] else _AS_TEXT(value)
    if isinstance(field, models.DateTimeField):
        return lambda value: str(value.astimezone(UTC).replace(tzinfo=None))
    if isinstance(field, models.DateField):
        return str
    return None
