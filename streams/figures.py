"""Figures of shows: how many watch and watched, how much is said and sold."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from orders import figures as sales
from streams import audience
from streams.chat import partitions
from streams.models import StreamSession


def _nobody(slugs: Iterable[str]) -> dict[str, int]:
    return {}


# So long after its end a show's audience is looked at again, for its last seconds.
COUNTED_AFTER = timedelta(hours=1)

# Filled by realtime: how many watch each of these shows now. It answers {} rather than raise.
viewer_counter: Callable[[Iterable[str]], dict[str, int]] = _nobody


@dataclass(frozen=True)
class LiveFigures:
    """A show at this moment. `orders` and `revenue_minor` are paid ones; `sold` and `held` are units by SKU.

    `unique_viewers` are the different people who watched while it was on air, about; `watched_s` the seconds that all
    of them together watched, `watched_each_s` what one did on average.
    """

    viewers: int
    peak_viewers: int
    unique_viewers: int
    watched_s: int
    watched_each_s: int
    chat_per_minute: int
    chatters: int
    orders: int
    unpaid: int
    revenue_minor: int
    currency: str
    sold: dict[str, int]
    held: dict[str, int]


def viewers(slugs: Iterable[str]) -> dict[str, int]:
    """Return how many screens watch each of these shows now; a show that nobody watches may be absent."""
    wanted = list(slugs)
    return viewer_counter(wanted) if wanted else {}


def note_viewers(slug: str, count: int) -> None:
    """Remember the most viewers a show on air ever had. Safe to call often, and from many processes."""
    StreamSession.objects.filter(slug=slug, state__in=StreamSession.ON_AIR, peak_viewers__lt=count).update(
        peak_viewers=count
    )


def note_audiences() -> None:
    """Note who watches and watched each show on air, or over since lately. Safe to call often."""
    lately = Q(state=StreamSession.State.ENDED, ended_at__gt=timezone.now() - COUNTED_AFTER)
    sessions = list(StreamSession.objects.filter(Q(state__in=StreamSession.ON_AIR) | lately))
    peaks = {session.slug: session.peak_viewers for session in sessions if session.is_on_air}
    for slug, count in viewers(peaks).items():
        if count > peaks[slug]:
            note_viewers(slug, count)
    audience.note(sessions)


def of_show(session: StreamSession) -> LiveFigures:
    """Read a show's figures as they stand now, in six statements at most."""
    watching = viewers([session.slug]).get(session.slug, 0)
    if session.is_on_air and watching > session.peak_viewers:
        note_viewers(session.slug, watching)
    said = partitions.said_in(session)
    sold = sales.of_session(session.slug)
    watched = audience.of_show(session)
    return LiveFigures(
        viewers=watching,
        peak_viewers=max(session.peak_viewers, watching if session.is_on_air else 0),
        unique_viewers=watched.unique_viewers,
        watched_s=watched.watched_s,
        watched_each_s=watched.watched_each_s,
        chat_per_minute=said.filter(at__gt=timezone.now() - timedelta(minutes=1)).count(),
        chatters=said.order_by().values("author").distinct().count(),
        orders=sold.orders,
        unpaid=sold.unpaid,
        revenue_minor=sold.revenue_minor,
        currency=sold.currency,
        sold=sold.sold,
        held=sold.held,
    )
