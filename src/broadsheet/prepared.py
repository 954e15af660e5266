"""Questions to the database that every page asks: written once by the ORM, and sent again with other values.

To write one takes the ORM longer than the database takes to answer it. What is asked lives in the rooms.
"""

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection, connections, models
from django.db.models.base import ModelState


class _Written(NamedTuple):
    """A question as the ORM wrote it. converters: place of a field, its conversion, and the expression it is of."""

    model: Any
    sql: str
    sent: Sequence[Any]
    names: Sequence[str]
    converters: Sequence[tuple[int, Callable[..., Any], Any]]


def _convert(rows: Sequence[list[Any]], place: int, converted: Callable[..., Any], expression: Any, asked: Any) -> None:
    """Convert a column of rows where it stands."""
    column = [row[place] for row in rows]
    whole = _read_at_once(column) if _is_plain_json(expression.output_field) else None
    if whole is None:
        whole = [converted(one, expression, asked) for one in column]
    for row, value in zip(rows, whole, strict=True):
        row[place] = value


def _is_plain_json(field: Any) -> bool:
    read = getattr(type(field), "from_db_value", None)
    return read is models.JSONField.from_db_value and field.decoder is None


def _read_at_once(column: list[Any]) -> list[Any] | None:
    """Return what JSON texts say, in a third of the time that it takes one by one; None where one of them is none."""
    try:
        whole: list[Any] = json.loads(f"[{','.join(column)}]")
    except (TypeError, ValueError):
        return None
    return whole if len(whole) == len(column) else None


class Prepared[M: models.Model, *V]:
    """A question of which nothing but some values changes.

    ask: puts the question as a queryset. marks: a value for each argument of ``ask``, unlike any other in the question;
    where these stand, the values of the day are sent. They are sent as they are, so they are numbers or text.
    """

    def __init__(self, ask: Callable[[*V], models.QuerySet[M, Any]], *marks: *V) -> None:
        self._ask = ask
        self._marks: Sequence[Any] = marks

    def models(self, *values: *V) -> list[M]:
        """Return the rows as objects of the model, for a question that asks for whole rows, or for some of the fields.

        Nobody is told that an object begins (``pre_init``, ``post_init``): a page needs a fifth of the time so.
        """
        written, asked = self._written, connections[connection.alias]
        model, names = written.model, written.names
        rows = list(map(list, self.rows(*values)))
        for place, converted, expression in written.converters:
            _convert(rows, place, converted, expression, asked)
        found = []
        for row in rows:
            state = ModelState()
            state.adding, state.db = False, asked.alias
            one = model.__new__(model)
            one.__dict__ = dict(zip(names, row, strict=True), _state=state)
            found.append(one)
        return found

    def rows(self, *values: *V) -> list[tuple[Any, ...]]:
        """Return the rows as they come, for a question of ``values_list`` whose columns are numbers or text."""
        with connection.cursor() as cursor:
            cursor.execute(self._written.sql, self._sent(values))
            return list(cursor.fetchall())

    def count(self, *values: *V) -> int:
        """Return how many rows there are."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM ({self._written.sql}) AS asked", self._sent(values))  # noqa: S608 (the ORM's)
            return int(cursor.fetchone()[0])

    @cached_property
    def _written(self) -> _Written:
        asked = self._ask(*self._marks)
        compiler = asked.query.get_compiler(connection.alias)
        sql, sent = compiler.as_sql()
        if not set(self._marks) <= set(sent):  # else the value of one would never be sent, and another one's rows come
            raise ValueError(f"Of the marks {self._marks!r} not all are sent as they are with: {sql}")
        columns = [column for column, *_ in compiler.select]
        names = [column.target.attname for column in columns]
        converters = [
            (place, converted, expression)
            for place, (known, expression) in compiler.get_converters(columns).items()
            for converted in known
        ]
        return _Written(asked.model, sql, sent, names, converters)

    def _sent(self, values: Sequence[Any]) -> list[Any]:
        given = dict(zip(self._marks, values, strict=True))
        return [given.get(one, one) for one in self._written.sent]
