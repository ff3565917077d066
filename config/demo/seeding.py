"""Fills an empty shop with the demo, once."""

import logging
import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from django.db import connection, transaction
from django.utils import timezone

from config.demo import people, programme, replay, shelves, stockroom
from config.demo.catalogue import items
from shop import audit
from shop.models import AuditEntry, Category, Product, ProductPicture, User, Variant
from streams.hls.exceptions import HlsError
from streams.models import StreamSession

logger = logging.getLogger(__name__)

ACTOR = "system:seed_demo"
ACTION = "seed"
SHOP = "demo:shop"
REPLAY = "demo:replay"

# Two that seed at once: the second waits and finds the work done. Any number that nobody else locks.
LOCK = 0x5EED


@dataclass(frozen=True)
class Report:
    """What a run found or made.

    `is_new`: it was this run that seeded; `is_foreign`: the shop has goods of its own; `postponed`: planned shows that
    were moved on; `live`: what became of the live show (`planned`, `waiting`, or "" for nothing);
    `replay`: `made` or `failed`, or "" if it was there.
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
    replay: str = ""


def seed() -> Report:
    """Seed people, goods, stock and shows in one transaction, then the replay in another; each only once.

    A shop with goods of its own is left alone. A recording that fails leaves the rest in place; the next run tries
    again.
    """
    report = _seed_shop()
    return report if report.is_foreign else replace(report, replay=_seed_replay(), shows=StreamSession.objects.count())


def _seed_shop() -> Report:
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


def _seed_replay() -> str:
    """Record and make the replay; return `made`, `failed`, or "" when there is nothing to do."""
    users = {user.email: user for user in User.objects.filter(email__in=[person.email for person in people.PEOPLE])}
    if was_done(REPLAY) or len(users) < len(people.PEOPLE):
        return ""
    started_at = programme.on_the_half_hour(timezone.now() - timedelta(days=1))
    try:
        folder = replay.record(started_at)
    except (OSError, subprocess.SubprocessError, HlsError):
        logger.exception("the demo's replay could not be recorded")
        return "failed"
    with transaction.atomic(durable=True):
        _lock()
        if was_done(REPLAY):  # by another run, meanwhile
            shutil.rmtree(folder, ignore_errors=True)
            return ""
        replay.seed(folder, users, started_at=started_at)
        remember(REPLAY)
    return "made"


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
