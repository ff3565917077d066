"""Who watched a show while it was on air: how many different people, and for how long.

Redis counts (docs/realtime-protocol.md, "Presence"); what it has counted is noted here every few seconds, so that the
report loses nothing with it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Max, Sum
from django.db.models.functions import Greatest

from streams.models import AudienceCount, StreamSession


@dataclass(frozen=True, slots=True)
class Count:
    """What Redis has counted of a show since `life` began: a Redis that was emptied begins another."""

    life: str
    unique_viewers: int
    watched_ms: int


@dataclass(frozen=True, slots=True)
class Audience:
    """Different people, about; and the seconds that all of them together watched."""

    unique_viewers: int
    watched_s: int

    @property
    def watched_each_s(self) -> int:
        """How long one of them watched, on average."""
        return round(self.watched_s / self.unique_viewers) if self.unique_viewers else 0


def _nothing(slugs: Iterable[str]) -> dict[str, Count]:
    return {}


# Filled by realtime: what is counted of each of these shows. It answers {} rather than raise.
counter: Callable[[Iterable[str]], dict[str, Count]] = _nothing


def note(sessions: Iterable[StreamSession]) -> None:
    """Keep what is counted of these shows by now. Safe to call often, and from many processes."""
    by_slug = {session.slug: session for session in sessions}
    for slug, count in counter(by_slug).items() if by_slug else ():
        _keep(by_slug[slug], count)


def _keep(session: StreamSession, count: Count) -> None:
    """Keep the most that a life of Redis ever counted: an older reading that comes late changes nothing."""
    counted = {"unique_viewers": count.unique_viewers, "watched_ms": count.watched_ms}
    kept, is_new = AudienceCount.objects.get_or_create(session=session, life=count.life, defaults=counted)
    if not is_new and any(getattr(kept, name) < number for name, number in counted.items()):
        risen = {name: Greatest(name, number) for name, number in counted.items()}
        AudienceCount.objects.filter(pk=kept.pk).update(**risen)


def of_show(session: StreamSession) -> Audience:
    """Read a show's audience, in one statement.

    Each process tells a new Redis of the people again whom it told the last one of: the most that one life counted is
    nearest to all. Time it begins from nothing: the lives add up.
    """
    found = AudienceCount.objects.filter(session=session).aggregate(
        viewers=Max("unique_viewers"), ms=Sum("watched_ms")
    )
    return Audience(unique_viewers=found["viewers"] or 0, watched_s=round((found["ms"] or 0) / 1000))
