"""A show of which everything happens, and the network between it and its viewers."""

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from realtime import topic_log, wire
from realtime.wire import Event, Frame

SKUS = ("A", "B", "C")
NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

_topics = count(1)
# What becomes of a batch on its way.
FATES = ("arrives", "arrives", "twice", "late", "lost")


class Inbox:
    """A writer that keeps what is written, for the network to spoil."""

    kind = "inbox"

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    def write(self, frame: Frame) -> None:
        self.frames.append(json.loads(frame.text))

    def buffered(self) -> int:
        return 0

    async def close(self, code: int) -> None:
        raise AssertionError("nobody closes this one")

    def before_server_ends(self, call: object) -> None: ...


class Show:
    """The truth about a show, and how it gets into the log."""

    def __init__(self) -> None:
        self.topic = f"session:contract-{next(_topics)}"
        # The cache of availability is shared by all shows; these SKUs are this one's own.
        self.skus = [f"{self.topic}-{sku}" for sku in SKUS]
        self.versions = dict.fromkeys(self.skus, 1)
        self.prices = dict.fromkeys(self.skus, 100)
        self.messages = count(1)
        first = self.skus[:2]
        session = {
            "slug": "contract",
            "state": "live",
            "title": "Contract",
            "pinned_sku": None,
            "viewers": 0,
            "likes": 0,
            "dislikes": 0,
            "slow_mode_s": 0,
            "pinned_message": None,
        }
        seeds = topic_log.Seeds(
            session=session,
            run_list=first,
            items=[self.item(sku) for sku in first],
            stock=[self.stock(sku) for sku in first],
            chat=[self.chat(0)],
        )
        assert topic_log.seed(self.topic, topic_log.snapshot(self.topic).head, seeds)

    def item(self, sku: str) -> Event:
        return wire.item(sku=sku, price_minor=self.prices[sku], currency="USD")

    def stock(self, sku: str, *, age: int = 0) -> Event:
        version = max(0, self.versions[sku] - age)
        return wire.availability(sku=sku, available=1000 - version, version=version, as_of=NOW)

    def chat(self, number: int) -> Event:
        return wire.chat(id=f"c{number}", author="Ada", role="viewer", text=f"message {number}", at=NOW)

    def publish(self, *events: Event) -> None:
        topic_log.publish(self.topic, events)

    def step(self, data: DataObject) -> None:
        """Let something happen."""
        sku = data.draw(st.sampled_from(self.skus))
        small = data.draw(st.integers(0, 5))
        match data.draw(st.sampled_from(KINDS)):
            case "stock":
                self.versions[sku] += 1
                topic_log.set_availability([self.stock(sku, age=small // 3)])
            case "price":
                self.prices[sku] += 1
                self.publish(self.item(sku))
            case "run_list":
                skus = data.draw(st.lists(st.sampled_from(self.skus), unique=True))
                stocks = [self.stock(one, age=small // 3) for one in skus]
                self.publish(wire.run_list(skus), *map(self.item, skus), *stocks)
            case "chat":
                self.publish(*(self.chat(next(self.messages)) for _ in range(1 + small * 4)))
            case "chat_again":
                self.publish(self.chat(small))
            case "chat_removed":
                self.publish(wire.chat_removed(f"c{small}"))
            case "pin":
                self.publish(wire.pin(sku if small else None))
            case "session":
                self.publish(wire.session("interrupted" if small % 2 else "live"))
            case "announcement":
                self.publish(wire.announcement(id=f"a{small}", kind="flash", text=f"about {sku}", until=None))
            case "announcement_ended":
                self.publish(wire.announcement_ended(f"a{small}"))
            case "message_pin":
                said = {"id": f"c{small}", "author": 'A "quoted" name', "role": "host", "text": "{}", "at": "…"}
                self.publish(wire.message_pin(said if small else None))
            case "slow_mode":
                self.publish(wire.slow_mode(small))
            case "likes":
                self.publish(wire.likes(likes=small, dislikes=1))
            case "viewers":
                topic_log.beat("a process", {self.topic: topic_log.Present(small)})
            case "reactions":
                self.publish(wire.reactions({"❤️": small}))


KINDS = (
    *("stock", "price", "run_list", "chat", "chat_again", "chat_removed"),
    *(
        "pin",
        "session",
        "slow_mode",
        "message_pin",
        "announcement",
        "announcement_ended",
        "likes",
        "viewers",
        "reactions",
    ),
)
