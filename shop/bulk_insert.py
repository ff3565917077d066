"""Writing new rows where time counts: one statement, composed once, with one parameter for each model.

`bulk_create` composes its statement anew each time, which costs a hot path more than the database takes to run it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import Field, Model

from inventory import statements


def insert(rows: Sequence[Model], *others: Sequence[Model]) -> None:
    """Insert new rows of one model, and beside them rows of others, in one statement.

    What the database gives them (ids, defaults) is filled in for `rows` alone. No signals are sent. Without `rows`
    nothing is written.
    """
    if not rows:
        return
    shape, beside = _shape(type(rows[0])), [(_shape(type(each[0])), each) for each in others if each]
    statement = f"{shape.statement} RETURNING {_names(shape.given)}"
    if beside:
        parts = (f"beside_{number} AS ({other.statement})" for number, (other, _) in enumerate(beside))
        statement = f"WITH {', '.join(parts)} {statement}"
    written = statements.run(statement, [*(other.document(each) for other, each in beside), shape.document(rows)])
    for row, values in zip(rows, written, strict=True):
        for field, value in zip(shape.given, values, strict=True):
            setattr(row, field.attname, value)
        row._state.adding = False
        row._state.db = connection.alias


@dataclass(frozen=True)
class _Shape:
    """How rows of a model are written: as one JSON document of `fields`; the database gives the rest."""

    statement: str
    fields: Sequence["Field[Any, Any]"]
    given: Sequence["Field[Any, Any]"]

    def document(self, rows: Sequence[Model]) -> str:
        return orjson.dumps(
            [{field.column: field.pre_save(row, True) for field in self.fields} for row in rows]
        ).decode()


@cache
def _shape(model: type[Model]) -> _Shape:
    given = model._meta.db_returning_fields
    fields = [field for field in model._meta.concrete_fields if field not in given]
    table, columns = model._meta.db_table, _names(fields)
    statement = (
        f"INSERT INTO {table} ({columns})"  # noqa: S608 (the model's own names)
        f" SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)"
    )
    return _Shape(statement, fields, given or [model._meta.pk])


def _names(fields: Sequence["Field[Any, Any]"]) -> str:
    return ", ".join(str(field.column) for field in fields)
