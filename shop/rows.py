"""Writing many new rows, or few of them often: one statement with one parameter, made once for each model.

`bulk_create` makes its statement anew each time, which costs a hot path more than the database takes to run it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import Field, Model

from inventory import statements


def insert(rows: Sequence[Model]) -> None:
    """Insert new rows of one model, in one statement; fill in what the database gives them, such as their ids.

    No signals are sent. A field with a default of the database takes that default.
    """
    if not rows:
        return
    statement, fields, returned = _shape(type(rows[0]))
    document = orjson.dumps([{field.column: field.pre_save(row, True) for field in fields} for row in rows])
    for row, values in zip(rows, statements.run(statement, [document.decode()]), strict=True):
        for field, value in zip(returned, values, strict=True):
            setattr(row, field.attname, value)
        row._state.adding = False
        row._state.db = connection.alias


@cache
def _shape(model: type[Model]) -> tuple[str, list["Field[Any, Any]"], list["Field[Any, Any]"]]:
    """Return the statement, the fields that go into it, and those that come out of it."""
    given = list(model._meta.db_returning_fields)
    fields = [field for field in model._meta.concrete_fields if field not in given]
    returned = given or [model._meta.pk]
    table, columns = model._meta.db_table, _names(fields)
    statement = (
        f"INSERT INTO {table} ({columns})"  # noqa: S608 (the model's own names)
        f" SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)"
        f" RETURNING {_names(returned)}"
    )
    return statement, fields, returned


def _names(fields: Sequence["Field[Any, Any]"]) -> str:
    return ", ".join(str(field.column) for field in fields)
