"""Figures of shows: how many watch, how much is said and sold."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from orders import figures as sales
from streams.models import ChatMessage, StreamSession


def _nobody(slugs: Iterable[str]) -> dict[str, int]:
    return {}


# Filled by realtime: how many watch each of these shows now. It answers {} rather than raise.
viewer_counter: Callable[[Iterable[str]], dict[str, int]] = _nobody


@dataclass(frozen=True)
class LiveFigures:
    """A show at this moment. `orders` and `revenue_minor` are paid ones; `sold` and `held` are units by SKU."""

    viewers: int
    peak_viewers: int
    chat_per_minute: int
    chatters: int
    orders: int
    unpaid: int
    revenue_minor: int
    currency: str
    sold: dict[str, int]
    held: dict[str, int]


def viewers(slugs: Iterable[str]) -> dict[str, int]:
    """Return how many people watch each of these shows now; a show that nobody watches may be absent."""
    wanted = list(slugs)
    return viewer_counter(wanted) if wanted else {}


def note_viewers(slug: str, count: int) -> None:
    """Remember the most viewers a show on air ever had. Safe to call often, and from many processes."""
    StreamSession.objects.filter(slug=slug, state__in=StreamSession.ON_AIR, peak_viewers__lt=count).update(
        peak_viewers=count
    )


def note_peaks() -> None:
    """Note the viewers of every show on air. Safe to call often."""
    on_air = StreamSession.objects.filter(state__in=StreamSession.ON_AIR).values_list("slug", flat=True)
    for slug, count in viewers(on_air).items():
        note_viewers(slug, count)


def of_show(session: StreamSession) -> LiveFigures:
    """Read a show's figures as they stand now, in five statements at most."""
    watching = viewers([session.slug]).get(session.slug, 0)
    if session.is_on_air and watching > session.peak_viewers:
        note_viewers(session.slug, watching)
    said = ChatMessage.objects.filter(session=session)
    sold = sales.of_session(session.slug)
    return LiveFigures(
        viewers=watching,
        peak_viewers=max(session.peak_viewers, watching if session.is_on_air else 0),
        chat_per_minute=said.filter(at__gt=timezone.now() - timedelta(minutes=1)).count(),
        chatters=said.order_by().values("author").distinct().count(),
        orders=sold.orders,
        unpaid=sold.unpaid,
        revenue_minor=sold.revenue_minor,
        currency=sold.currency,
        sold=sold.sold,
        held=sold.held,
    )
