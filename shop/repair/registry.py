"""Put right what `inventory.reconciliation` found: by a person, for a reason, under locks, and with an audit entry.

A repair looks again under the locks of what it touches and does only what is needed then: what the page showed may
have changed since. Nothing is repaired by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from shop import audit
from shop.exceptions import CantRepair, NothingToRepair

Facts = Mapping[str, Any]

ACTION = "mended"  # of the audit entries, old and new


class Act(Protocol):
    """What a repair does, within a transaction; returns what the audit entry should say besides.

    Raises NothingToRepair, CantRepair, StockBusy.
    """

    def __call__(self, subject: str, *, actor: str, reason: str) -> Facts: ...


@dataclass(frozen=True)
class Repair:
    """One way to put right what one check finds: the word on its button, and who may press it."""

    name: str
    check: str
    label: str | Promise
    permission: str
    act: Act


_repairs: dict[str, Repair] = {}
_pages: dict[str, str] = {}


def repair_for(name: str, *, check: str, label: str | Promise, permission: str) -> Callable[[Act], Act]:
    """Register a repair for what a check finds. Apps do so in modules that their `ready()` imports."""

    def register(act: Act) -> Act:
        _repairs[name] = Repair(name, check, label, permission, act)
        return act

    return register


def list_repairs(check: str) -> list[Repair]:
    return [repair for repair in _repairs.values() if repair.check == check]


def get_repair(name: str) -> Repair:
    """Raises KeyError."""
    return _repairs[name]


def shown_as(**models: str) -> None:
    """Say which model's admin page shows a kind of subject: `shown_as(order="orders_order")`."""
    _pages.update(models)


def page_of(kind: str) -> str:
    """Raises KeyError."""
    return _pages[kind]


def key_of(subject: str) -> str:
    """Return a subject without its kind: of `order:<uuid>`, the uuid."""
    return subject.partition(":")[2]


def changed(rows: int) -> Facts:
    """Return the facts of a repair that changed so many rows: none. Raises NothingToRepair if there were no rows."""
    if not rows:
        raise NothingToRepair
    return {}


def repair(name: str, subject: str, *, actor: str, reason: str) -> None:
    """Put one thing right and write down who did, why, and what it changed; all or nothing.

    Raises NothingToRepair when it is right already, CantRepair (with words for a person), StockBusy (try again),
    KeyError.
    """
    chosen = _repairs[name]
    try:
        with transaction.atomic(durable=True):
            facts = chosen.act(subject, actor=actor, reason=reason)
            audit.record(
                actor=actor, action=ACTION, subject=subject, reason=reason, check=chosen.check, mend=name, **facts
            )
    except IntegrityError as error:
        raise CantRepair(_("The stock's counters don't allow it. Set those right first.")) from error
