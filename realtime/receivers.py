"""What the apps to the right announce after commit, turned into events. Connected by RealtimeConfig.ready()."""

from collections.abc import Sequence
from typing import Any

from django.db.models.signals import post_save
from django.utils import timezone

from inventory.signals import stock_changed
from inventory.transactions import after_commit
from orders.models import Order
from orders.signals import orders_changed
from realtime import publish, seeding, user_messages, wire
from shop.models import Variant
from streams import signals
from streams.models import Announcement, ChatMessage, RunListItem


def connect() -> None:
    stock_changed.connect(on_stock_changed)
    orders_changed.connect(on_orders_changed)
    post_save.connect(on_variant_saved, sender=Variant)
    signals.session_changed.connect(on_session_changed)
    signals.pin_changed.connect(on_pin_changed)
    signals.run_list_changed.connect(on_run_list_changed)
    signals.slow_mode_changed.connect(on_slow_mode_changed)
    signals.chat_posted.connect(on_chat_posted)
    signals.chat_removed.connect(on_chat_removed)
    signals.message_pinned.connect(on_message_pinned)
    signals.opinions_changed.connect(on_opinions_changed)
    signals.silence_changed.connect(on_silence_changed)
    signals.announcement_made.connect(on_announcement_made)
    signals.announcement_ended.connect(on_announcement_ended)


def on_stock_changed(*, sku: str, available: int, version: int, **kwargs: Any) -> None:
    publish.availability([wire.availability(sku=sku, available=available, version=version, as_of=timezone.now())])


def on_orders_changed(*, orders: Sequence[Order], **kwargs: Any) -> None:
    user_messages.send_orders(orders)


def on_variant_saved(*, instance: Variant, created: bool, **kwargs: Any) -> None:
    if not created:
        after_commit(_tell_price, instance.sku)


def _tell_price(sku: str) -> None:
    """Tell the shows that have this SKU what it costs now."""
    events = publish.item_events([sku])
    for slug in RunListItem.objects.filter(variant__sku=sku).values_list("session__slug", flat=True):
        publish.to_show(slug, *events)


def on_session_changed(*, slug: str, state: str, **kwargs: Any) -> None:
    publish.to_show(slug, wire.session(state))


def on_pin_changed(*, slug: str, sku: str | None, **kwargs: Any) -> None:
    publish.to_show(slug, wire.pin(sku))


def on_run_list_changed(*, slug: str, skus: Sequence[str], **kwargs: Any) -> None:
    publish.to_show(slug, *publish.run_list_events(skus))


def on_slow_mode_changed(*, slug: str, seconds: int, **kwargs: Any) -> None:
    publish.to_show(slug, wire.slow_mode(seconds))


def on_chat_posted(*, slug: str, message: ChatMessage, **kwargs: Any) -> None:
    publish.to_show(slug, seeding.chat_event(message, message.session))


def on_chat_removed(*, slug: str, message_id: str, **kwargs: Any) -> None:
    publish.to_show(slug, wire.chat_removed(str(message_id)))


def on_message_pinned(*, slug: str, message: ChatMessage | None, **kwargs: Any) -> None:
    publish.to_show(slug, wire.message_pin(seeding.chat_body(message, message.session) if message else None))


def on_opinions_changed(*, slug: str, likes: int, dislikes: int, **kwargs: Any) -> None:
    publish.to_show(slug, wire.likes(likes=likes, dislikes=dislikes))


def on_silence_changed(*, user_id: int, **kwargs: Any) -> None:
    user_messages.send_silence(user_id)


def on_announcement_made(*, announcement: Announcement, **kwargs: Any) -> None:
    _announce(announcement, seeding.announcement_event(announcement))


def on_announcement_ended(*, announcement: Announcement, **kwargs: Any) -> None:
    _announce(announcement, wire.announcement_ended(str(announcement.pk)))


def _announce(announcement: Announcement, event: wire.Event) -> None:
    """Tell the pages that an announcement is for."""
    if announcement.session:
        publish.to_show(announcement.session.slug, event)
    else:
        publish.to_everyone(event)
