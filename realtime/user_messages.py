"""Private frames: the newest about each order, kept for whoever says hello later, and sent over the channel layer."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from orders.models import Order
from realtime import identity, wire
from realtime.wire import Message
from shop import redis_keys, redis_pool

logger = logging.getLogger(__name__)

# An order that changed is news for a day; a page that opens later was rendered with it.
KEEP_S = 24 * 3600
PATIENCE_S = 1.0


def send_orders(orders: Sequence[Order]) -> None:
    """Tell buyers, on every open page of theirs, how their orders stand. Doesn't raise.

    One round trip for all. The channel layer, which costs a loop and a connection each time, is troubled only for
    those who are present: a mailbox is joined before what waits in it is read, so nobody is missed between the two.
    """
    layer: Any = get_channel_layer()
    frames = [(_mailbox(order), _frame(order)) for order in orders]
    try:
        pipeline = redis_pool.client().pipeline(transaction=False)
        for order, (mailbox, text) in zip(orders, frames, strict=True):
            pipeline.hset(_key(mailbox), f"order:{order.pk}", text)
            pipeline.expire(_key(mailbox), KEEP_S)
            pipeline.exists(layer._group_key(group_of(mailbox)))
        present = pipeline.execute()[2::3]
        if letters := [letter for letter, is_present in zip(frames, present, strict=True) if is_present]:
            async_to_sync(_post)([(mailbox, _letter(text)) for mailbox, text in letters])
    except (redis.RedisError, OSError, TimeoutError) as error:
        logger.warning("news of %d orders not sent, Redis is away: %s", len(orders), error)


def send_revocation(user_id: int, sign_in: str) -> None:
    """Have the sockets closed that somebody opened with this sign-in; with an empty one, all of theirs.

    Raises redis.RedisError, OSError or TimeoutError.
    """
    _send(user_id, {"type": "revocation", "sign_in": sign_in})


def send_silence(user_id: int) -> None:
    """Have the pages that somebody has open look what a moderator decided about them.

    Doesn't raise: where it gets lost, they learn it with the next thing they say.
    """
    try:
        _send(user_id, {"type": "silence"})
    except (redis.RedisError, OSError, TimeoutError) as error:
        logger.warning("user %d not told of a silence, Redis is away: %s", user_id, error)


def _send(user_id: int, letter: Message) -> None:
    layer: Any = get_channel_layer()
    mailbox = identity.mailbox_of_user(user_id)
    if redis_pool.client().exists(layer._group_key(group_of(mailbox))):
        async_to_sync(_post)([(mailbox, letter)])


def kept(mailboxes: Iterable[str]) -> list[bytes]:
    """Return the newest frames that wait in these mailboxes. Raises redis.RedisError."""
    pipeline = redis_pool.patient_client().pipeline(transaction=False)
    for mailbox in mailboxes:
        pipeline.hvals(_key(mailbox))
    return [text for texts in pipeline.execute() for text in texts]


def group_of(mailbox: str) -> str:
    """Return the channel layer's name for a mailbox."""
    return f"person.{mailbox}"


async def _post(letters: Iterable[tuple[str, Message]]) -> None:
    layer: Any = get_channel_layer()
    async with asyncio.timeout(PATIENCE_S):
        for mailbox, letter in letters:
            await layer.group_send(group_of(mailbox), {**letter, "mailbox": mailbox})


def _letter(text: bytes) -> Message:
    return {"type": "letter", "text": text.decode()}


def _mailbox(order: Order) -> str:
    if order.buyer_id is not None:
        return identity.mailbox_of_user(order.buyer_id)
    return identity.mailbox_of_order(order.pk)


def _frame(order: Order) -> bytes:
    return orjson.dumps(wire.order(id=str(order.pk), state=order.state, expires_at=order.expires_at))


def _key(mailbox: str) -> str:
    return f"{redis_keys.MAILBOX}{mailbox}"
