"""Put right what `inventory.reconciliation` found: by a person, for a reason, under locks, and with an audit entry.

A mend looks again under the locks of what it touches and does only what is needed then: what the page showed may have
changed since. Nothing is mended by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from shop import audit
from shop.exceptions import CantMend, NothingToMend

Facts = Mapping[str, Any]

ACTION = "mended"  # of the audit entries


class Act(Protocol):
    """What a mend does, within a transaction; returns what the audit entry should say besides.

    Raises NothingToMend, CantMend, StockBusy.
    """

    def __call__(self, subject: str, *, actor: str, reason: str) -> Facts: ...


@dataclass(frozen=True)
class Mend:
    """One way to put right what one check finds: the word on its button, and who may press it."""

    name: str
    check: str
    label: str | Promise
    permission: str
    act: Act


_mends: dict[str, Mend] = {}
_pages: dict[str, str] = {}


def mends(name: str, *, check: str, label: str | Promise, permission: str) -> Callable[[Act], Act]:
    """Register a mend for what a check finds. Apps do so in modules that their `ready()` imports."""

    def register(act: Act) -> Act:
        _mends[name] = Mend(name, check, label, permission, act)
        return act

    return register


def list_mends(check: str) -> list[Mend]:
    return [mend for mend in _mends.values() if mend.check == check]


def get_mend(name: str) -> Mend:
    """Raises KeyError."""
    return _mends[name]


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
    """Return what a mend has to say that changed so many rows: nothing more. Raises NothingToMend if it was none."""
    if not rows:
        raise NothingToMend
    return {}


def mend(name: str, subject: str, *, actor: str, reason: str) -> None:
    """Put one thing right and write down who did, why, and what it changed; all or nothing.

    Raises NothingToMend when it is right already, CantMend (with words for a person), StockBusy (try again), KeyError.
    """
    chosen = _mends[name]
    try:
        with transaction.atomic(durable=True):
            facts = chosen.act(subject, actor=actor, reason=reason)
            audit.record(
                actor=actor, action=ACTION, subject=subject, reason=reason, check=chosen.check, mend=name, **facts
            )
    except IntegrityError as error:
        raise CantMend(_("The stock's counters don't allow it. Set those right first.")) from error
