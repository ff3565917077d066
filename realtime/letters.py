"""Private frames: the newest about each order, kept for whoever says hello later, and sent over the channel layer."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from orders.models import Order
from realtime import tickets, wire
from realtime.wire import Message
from shop import redis_pool

logger = logging.getLogger(__name__)

# An order that changed is news for a day; a page that opens later was rendered with it.
KEEP_S = 24 * 3600
PATIENCE_S = 1.0


def send_order(order: Order) -> None:
    """Tell an order's buyer, on every open page of theirs, how it stands. Doesn't raise."""
    mailbox = tickets.mailbox_of_order(order.pk)
    if order.buyer_id is not None:
        mailbox = tickets.mailbox_of_user(order.buyer_id)
    frame = wire.order(id=str(order.pk), state=order.state, expires_at=order.expires_at)
    text = wire.Frame.of(frame).text
    try:
        pipeline = redis_pool.client().pipeline()
        pipeline.hset(_key(mailbox), f"order:{order.pk}", text)
        pipeline.expire(_key(mailbox), KEEP_S)
        pipeline.execute()
        async_to_sync(_post)(mailbox, text.decode())
    except (redis.RedisError, OSError, TimeoutError) as error:
        logger.warning("news of order %s not sent, Redis is away: %s", order.pk, error)


def kept(mailboxes: Iterable[str]) -> list[bytes]:
    """Return the newest frames that wait in these mailboxes. Raises redis.RedisError."""
    pipeline = redis_pool.client().pipeline(transaction=False)
    for mailbox in mailboxes:
        pipeline.hvals(_key(mailbox))
    return [text for texts in pipeline.execute() for text in texts]


def group_of(mailbox: str) -> str:
    """Return the channel layer's name for a mailbox."""
    return f"person.{mailbox}"


async def _post(mailbox: str, text: str) -> None:
    layer: Any = get_channel_layer()
    letter: Message = {"type": "letter", "mailbox": mailbox, "text": text}
    await asyncio.wait_for(layer.group_send(group_of(mailbox), letter), PATIENCE_S)


def _key(mailbox: str) -> str:
    return f"showfloor:rt:mailbox:{mailbox}"
