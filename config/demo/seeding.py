"""Fills an empty shop with the demo, once."""

from dataclasses import dataclass
from functools import partial

from django.db import connection, transaction

from config.demo import people, programme, shelves, stockroom
from config.demo.catalogue import items
from shop import audit
from shop.models import AuditEntry, Category, Product, ProductPicture, User, Variant
from streams.models import StreamSession

ACTOR = "system:seed_demo"
ACTION = "seed"
SHOP = "demo:shop"

# Two that seed at once: the second waits and finds the work done. Any number that nobody else locks.
LOCK = 0x5EED


@dataclass(frozen=True)
class Report:
    """What a run found or made.

    `is_new`: it was this run that seeded; `is_foreign`: the shop has goods of its own; `postponed`: planned shows that
    were moved on; `live`: what became of the live show (`planned`, `waiting`, or "" for nothing).
    """

    is_new: bool
    is_foreign: bool
    categories: int
    products: int
    variants: int
    pictures: int
    shows: int
    postponed: int
    live: str


def seed() -> Report:
    """Seed people, goods, stock and shows in one transaction, unless it was done before or the shop isn't empty."""
    with transaction.atomic(durable=True):
        _lock()
        seeded = was_done(SHOP)
        is_foreign = not seeded and Product.objects.exists()
        if not seeded and not is_foreign:
            _write()
        report = partial(_report, is_new=not seeded and not is_foreign, is_foreign=is_foreign)
        host = User.objects.filter(email=people.HOST.email).first() if seeded else None
        if host is None:
            return report(postponed=0, live="")
        return report(postponed=programme.postpone(), live=programme.bring_back(host))


def was_done(subject: str) -> bool:
    """Whether a part of the demo has been seeded; what people changed or removed since is never put back."""
    return AuditEntry.objects.filter(subject=subject, action=ACTION).exists()


def remember(subject: str) -> None:
    """Note, in the transaction that does it, that a part of the demo has been seeded."""
    audit.record(actor=ACTOR, action=ACTION, subject=subject)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _write() -> None:
    users = people.seed()
    shelves.seed()
    stockroom.seed_places()
    stockroom.seed_stock(items(), live=programme.live_skus())
    programme.seed(users[people.HOST.email])
    remember(SHOP)


def _report(*, is_new: bool, is_foreign: bool, postponed: int, live: str) -> Report:
    return Report(
        is_new=is_new,
        is_foreign=is_foreign,
        categories=Category.objects.count(),
        products=Product.objects.count(),
        variants=Variant.objects.count(),
        pictures=ProductPicture.objects.count(),
        shows=StreamSession.objects.count(),
        postponed=postponed,
        live=live,
    )
