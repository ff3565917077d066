"""Seats in a hub whose writers keep what is written."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from realtime.hub import Hub
from realtime.rooms import Seat
from realtime.wire import Frame, Since

WITHIN_S = 10.0


class Inbox:
    """A writer that keeps what is written; `waiting` bytes may be pretended."""

    kind = "inbox"

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.waiting = 0
        self.closed_with: int | None = None

    def write(self, frame: Frame) -> None:
        self.frames.append(json.loads(frame.text))

    def buffered(self) -> int:
        return self.waiting

    async def close(self, code: int) -> None:
        self.closed_with = code

    def before_server_ends(self, call: object) -> None: ...

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [event for frame in self.frames for event in frame.get("events", ()) if event["type"] == kind]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]


async def eventually(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 (conditions of many kinds)
            await asyncio.sleep(0.01)


async def sit(hub: Hub, topic: str, since: Since | None = None) -> tuple[Seat, Inbox]:
    inbox = Inbox()
    seat = Seat(inbox)
    await hub.join(topic, seat, since)
    return seat, inbox
