"""Call the database from the event loop."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")


async def in_database(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function that uses the ORM in the one thread whose connection all of them share, checked beforehand."""

    def checked() -> R:
        close_old_connections()
        return call(*args, **kwargs)

    return await sync_to_async(checked)()
