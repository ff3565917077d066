"""What shows know of a person: what they said and filmed stays, but not that it was them."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.transactions import after_commit
from shop.models import User
from shop.people import erasure
from shop.people.erasure import Person
from shop.people.verification import unproven_account_reset
from streams import keys
from streams.chat.messages import HISTORY
from streams.exceptions import StateRefused
from streams.models import ChatMessage, Moderator, Silence, StreamSession
from streams.signals import chat_removed

KEPT_ON_SCREEN = timedelta(days=2)  # how long realtime remembers a show that nobody says anything in


@erasure.objects
def on_air(person: Person) -> list[str]:
    """A show needs its host until it has ended."""
    shows = StreamSession.objects.filter(host=person.user, state__in=StreamSession.ON_AIR) if person.user else []
    return [_("The show “%(title)s” is on air.") % {"title": show.title} for show in shows]


@erasure.erases("chat_messages")
def erase(person: Person) -> int:
    """Take a person's name off what they said. What live shows still have on screen is taken out there."""
    if person.user is None:
        return 0
    name = User(public_id=person.user.public_id).public_name
    said = ChatMessage.objects.filter(author=person.user).exclude(author_name=name)
    is_recent = Q(state__in=StreamSession.ON_AIR) | Q(ended_at__gt=timezone.now() - KEPT_ON_SCREEN)
    for show in StreamSession.objects.filter(is_recent, pk__in=said.order_by().values("session")):
        for message in said.filter(session=show, removed_at=None).order_by("-at", "-id")[:HISTORY]:
            after_commit(chat_removed.send_robust, sender=None, slug=show.slug, message_id=str(message.pk))
    return said.update(author_name=name)


@erasure.erases("stream_keys")
def replace_keys(person: Person) -> int:
    """Let nobody send to the shows that a host had planned with the keys that they knew.

    Recordings stay, for they are the shop's; whose they were goes with the account's name.
    """
    planned = StreamSession.objects.filter(host=person.user).exclude(state=StreamSession.State.ENDED)
    replaced = 0
    for show in planned if person.user else []:
        with suppress(StateRefused):  # it has ended this moment
            keys.rotate(show)
            replaced += 1
    return replaced


@receiver(unproven_account_reset, dispatch_uid="streams.erasure")
def drop_standing(*, user: User, **_: Any) -> None:
    """Take from an account what was given to whoever had it before its address was shown to be theirs."""
    Moderator.objects.filter(user=user).delete()
    replace_keys(Person(frozenset(), user))


@erasure.erases("chat_standing")
def erase_standing(person: Person) -> int:
    """Forget where a person moderated, who silenced them, and the networks that they wrote from."""
    if person.user is None:
        return 0
    told_from = ChatMessage.objects.filter(author=person.user).exclude(network="").update(network="")
    stood = [model.objects.filter(user=person.user).delete()[0] for model in (Moderator, Silence)]
    return told_from + sum(stood)
