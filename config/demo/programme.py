"""The demo's shows: one that goes live when its encoder does, some that come. The replay is in `replay`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from config.demo.posters import POSTERS
from config.demo.shelves import keep
from orders.models import Order
from shop.models import User, Variant
from streams import pins, run_list
from streams.chat import messages
from streams.ingest.srt import slots
from streams.models import StreamSession

ACTOR = "system:seed_demo"
LIVE = "demo-live"
UPCOMING = "demo-upcoming"
HALF_HOUR_S = 1800
WELCOME = (
    "The kiln is open. Everything on the table came out of it this morning.",
    "Ask for a closer look at any piece, and I turn it to the camera.",
)


@dataclass(frozen=True)
class Show:
    """A planned show: its words, its poster, what it presents, and when it begins: in so many days, at an hour (UTC).

    Zero days: now.
    """

    slug: str
    title: str
    text: str
    poster: str
    days: int
    hour: int
    skus: Sequence[str]


SHOWS = (
    Show(
        LIVE,
        "Evening kiln: first firing of the winter glazes",
        "Straight from the kiln, still warm. We open it on air and show every piece from all sides. "
        "Ask for a closer look at any of them.",
        "ceramics",
        0,
        0,
        (
            "VASE-RUST",
            "BOWLS-NEST",
            "MUG-MUSTARD",
            "TEAPOT-CANE",
            "VASE-LAGOON",
            "VASE-BUD-OCHRE",
            "PLATES-FOUR",
            "CUPS-TWO",
        ),
    ),
    Show(
        UPCOMING,
        "Lamps for small rooms",
        "Nine lamps, one dark room, and a meter on the table, so that you see what each does with the same bulb.",
        "lamps",
        1,
        18,
        (
            "LAMP-DOME-TOMATO",
            "LAMP-DOME-CHALK",
            "LAMP-GLOBE",
            "LAMP-DESK-MUSTARD",
            "LAMP-READING",
            "LAMP-BELL-TERRACOTTA",
            "LANTERN-PAPER",
            "LAMP-WALL-CHALK",
            "CANDLES-PAIR",
        ),
    ),
    Show(
        "breakfast-table",
        "Breakfast table: mugs, bowls, one teapot",
        "We lay a table for four, piece by piece, and eat at it afterwards.",
        "breakfast",
        2,
        9,
        ("TEAPOT-CANE", "MUG-MUSTARD", "BOWLS-NEST", "PLATES-FOUR", "JUG-SAGE", "NAPKINS-PAIR"),
    ),
    Show(
        "listening-side-by-side",
        "Listening side by side: open against closed",
        "The same three records on two pairs of headphones and one pair of speakers.",
        "listening",
        3,
        19,
        ("PHONES-OPEN", "PHONES-CLOSED", "SPEAKERS-SHELF", "TURNTABLE", "CRATE-RECORDS"),
    ),
    Show(
        "stool-in-an-hour",
        "A stool in an hour: joints, oil, wax",
        "Three legs and a seat, put together without glue while you watch.",
        "workshop",
        4,
        17,
        ("STOOL-ASH", "STOOL-WALNUT", "CHAIR-SPINDLE", "BOARD-BREAD"),
    ),
    Show(
        "packed-in-one-bag",
        "Packed in one bag",
        "Four days, one bag, and what stays at home.",
        "platform",
        6,
        10,
        ("BAG-WEEKEND-FOREST", "RUCKSACK-MUSTARD", "FLASK-FOREST", "TIN-LUNCH", "SUITCASE-OXBLOOD"),
    ),
)


def live_skus() -> Sequence[str]:
    """Return what the live show presents."""
    return next(show.skus for show in SHOWS if show.slug == LIVE)


def seed(host: User) -> None:
    """Plan the shows and their run lists; the first thing of the live one is on the table. Needs an open transaction.

    The live show stays planned until its encoder's first segments are there.
    """
    now = timezone.now()
    for show in SHOWS:
        _plan(show, host, now)


def _plan(show: Show, host: User, now: datetime) -> None:
    session = StreamSession.objects.create(
        slug=show.slug,
        title=show.title,
        description=show.text,
        host=host,
        poster=keep("posters", show.poster, POSTERS[show.poster]()),
        starts_at=_begin(show, now),
    )
    slots.lease(session)
    # On a later day the shop may have stopped selling some of it.
    sold = set(Variant.objects.filter(is_active=True, product__is_active=True).values_list("sku", flat=True))
    skus = [sku for sku in show.skus if sku in sold]
    run_list.set_skus(session, skus, actor=ACTOR)
    if show.slug == LIVE and skus:
        pins.pin(session, skus[0], actor=ACTOR)
        for line in WELCOME:
            messages.post(session, author=host, text=line)


def postpone() -> int:
    """Move planned demo shows whose time has passed on by whole weeks; return how many. Calling twice is safe.

    Nobody gives them, so a demo that is started again after a while would announce yesterday's shows.
    """
    now = timezone.now()
    late = StreamSession.objects.filter(
        slug__in=[show.slug for show in SHOWS if show.slug != LIVE],
        state=StreamSession.State.SCHEDULED,
        starts_at__lt=now,
    )
    moved = 0
    for session in late:
        if session.starts_at:
            weeks = (now - session.starts_at) // timedelta(weeks=1) + 1
            moved += StreamSession.objects.filter(pk=session.pk, starts_at=session.starts_at).update(
                starts_at=session.starts_at + timedelta(weeks=weeks)
            )
    return moved


def bring_back(host: User) -> str:
    """Make `demo-live` wait for its encoder once more; return what was done, in one word, or "".

    While nothing ran, its grace time went on: it begins anew (`waiting`). A show that was ended stays what it is, a
    replay, at an address of its own, and the next evening is planned in its place (`planned`).
    """
    with transaction.atomic():
        session = StreamSession.objects.select_for_update(no_key=True).filter(slug=LIVE).first()
        if session is None or session.state not in (StreamSession.State.INTERRUPTED, StreamSession.State.ENDED):
            return ""
        if session.state == StreamSession.State.INTERRUPTED:
            StreamSession.objects.filter(pk=session.pk).update(interrupted_at=timezone.now())
            return "waiting"
        past = f"{LIVE}-{session.ended_at or timezone.now():%Y-%m-%d-%H%M%S}"
        StreamSession.objects.filter(pk=session.pk).update(slug=past)
        Order.objects.filter(session=LIVE).update(session=past)
        _plan(next(show for show in SHOWS if show.slug == LIVE), host, timezone.now())
        return "planned"


def _begin(show: Show, now: datetime) -> datetime:
    if not show.days:
        return on_the_half_hour(now)
    return (now + timedelta(days=show.days)).replace(hour=show.hour, minute=0, second=0, microsecond=0)


def on_the_half_hour(moment: datetime) -> datetime:
    """Return the half hour that has just begun, in UTC (which is one in India, too)."""
    return datetime.fromtimestamp(moment.timestamp() // HALF_HOUR_S * HALF_HOUR_S, tz=moment.tzinfo)
