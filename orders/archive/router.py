"""Which database a model lives in: what is archived in `archive`, everything else in `default`."""

from typing import Any

from django.conf import settings
from django.db.models import Model

ALIAS = "archive"
MODELS = {"orders.archivedorder"}


class Router:
    """Always says where, so that what an archived row refers to is looked for in the main database."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return ALIAS if model._meta.label_lower in MODELS else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        """Let each database have its own tables only; one database that is both has all of them.

        Statements of a migration that name no model are for the main database, unless their hint `target_db` says
        otherwise.
        """
        home = ALIAS if f"{app_label}.{model_name}" in MODELS else hints.get("target_db", "default")
        return db == home or not settings.ARCHIVE_IS_APART
