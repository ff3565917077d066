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
    hook = partial(call, *args, **kwargs)
    # Django names a hook that failed by its qualified name, which a partial has not: the naming itself would fail.
    hook.__qualname__ = getattr(call, "__qualname__", repr(call))  # type: ignore[attr-defined]
    transaction.on_commit(hook, robust=True)
