"""Likes and dislikes of a show: one a person, or none."""

from dataclasses import dataclass
from typing import Literal

from django.db.models import Count, Q

from inventory.transactions import after_commit
from shop.models import User
from streams.models import Opinion, StreamSession
from streams.signals import opinions_changed

Value = Literal["like", "dislike"]

STORED: dict[Value, int] = {"like": 1, "dislike": -1}
SPOKEN: dict[int, Value] = {1: "like", -1: "dislike"}


@dataclass(frozen=True)
class Counts:
    """`opinion` is that of the person asked about, where there is one."""

    likes: int
    dislikes: int
    opinion: Value | None = None


def set_opinion(session: StreamSession, user: User, value: Value | None) -> Counts:
    """Have a person like or dislike a show, or neither. The same a second time changes nothing."""
    if value is None:
        changed = bool(Opinion.objects.filter(session=session, user=user).delete()[0])
    else:
        stored = STORED[value]
        opinion, is_new = Opinion.objects.get_or_create(session=session, user=user, defaults={"value": stored})
        changed = is_new or bool(Opinion.objects.filter(pk=opinion.pk).exclude(value=stored).update(value=stored))
    now = counts(session)
    if changed:
        after_commit(
            opinions_changed.send_robust, sender=None, slug=session.slug, likes=now.likes, dislikes=now.dislikes
        )
    return Counts(now.likes, now.dislikes, value)


def counts(session: StreamSession, *, user: User | None = None) -> Counts:
    """Count a show's likes and dislikes, in one statement; with a person's own opinion if one is named."""
    found = Opinion.objects.filter(session=session).aggregate(
        likes=Count("pk", filter=Q(value=1)),
        dislikes=Count("pk", filter=Q(value=-1)),
        own_like=Count("pk", filter=Q(value=1, user=user)),
        own_dislike=Count("pk", filter=Q(value=-1, user=user)),
    )
    own: Value | None = "like" if found["own_like"] else "dislike" if found["own_dislike"] else None
    return Counts(found["likes"], found["dislikes"], own if user else None)
