"""`manage.py draw_data_model`: write docs/data-model.md, a drawing of the tables and their relations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db.models import ForeignKey, ManyToManyField, Model

# From the lowest layer up, as a reader meets them.
APPS = ("inventory", "shop", "orders", "streams")
PATH = Path(__file__).resolve().parents[3] / "docs" / "data-model.md"
OPENING = """# The data model

Drawn by `make diagram` from the models themselves; don't edit it. An app's drawing has its own tables, and those of
lower apps that they point to. `||` is exactly one, `|o` one or none, `o{` any number; the word is the field's name.

No foreign key joins `inventory` to the rest: a stock item is known by its SKU, a reservation by its holder, an opaque
text.
"""


class Command(BaseCommand):
    help = "Draw the tables and their relations into docs/data-model.md."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        PATH.write_text(draw())


def draw() -> str:
    """Return the whole page; GitHub and other readers of Mermaid show it as pictures."""
    return OPENING + "".join(f"\n## {app}\n\n```mermaid\nerDiagram\n{_tables(app)}```\n" for app in APPS)


def _tables(app: str) -> str:
    models = sorted(apps.get_app_config(app).get_models(), key=lambda model: model.__name__)
    lines = [line for model in models for line in _relations(model)]
    related = {name for line in lines for name in line.split() if name[0].isupper()}
    alone = [model.__name__ for model in models if model.__name__ not in related]
    return "".join(f"    {line}\n" for line in [*lines, *alone])


def _relations(model: type[Model]) -> Iterator[str]:
    for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
        if isinstance(field, ForeignKey | ManyToManyField):
            target = field.remote_field.model
            yield f"{target.__name__} {_ends(field)} {model.__name__} : {field.name}"


def _ends(field: "ForeignKey[Any, Any] | ManyToManyField[Any, Any]") -> str:
    if field.many_to_many:
        return "}o--o{"
    return ("|o" if field.null else "||") + ("--o|" if field.one_to_one else "--o{")
