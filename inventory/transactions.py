"""The only way to do something after a commit."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec

from django.db import transaction

P = ParamSpec("P")


def after_commit(call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call once the outermost transaction has committed, or at once where there is none.

    Arguments are bound now, so a loop may register many. A call that fails is logged and spoils neither the
    committed work's answer nor the calls after it.
    """
    transaction.on_commit(partial(call, *args, **kwargs), robust=True)
