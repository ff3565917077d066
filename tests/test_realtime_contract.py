"""Snapshot + batches = fresh snapshot: with frames lost, doubled and late, in Python and in JavaScript.

A real log in Redis and a real room make the frames; a client of which the network takes its toll applies them and says
hello when it notices a gap.
"""

import asyncio
import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from realtime import topic_log, wire
from realtime.rooms import Room, Seat
from realtime.state import Gap, State, apply, fold, reduce
from realtime.wire import Event, Since
from tests.support.realtime_contract import EXAMPLES, FATES, NOW, Inbox, Show

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Client:
    """What a client does with frames; `received` and `lost` are for the other reducer to agree with."""

    state: State | None = None
    is_lost: bool = True
    received: list[dict[str, Any]] = field(default_factory=list)
    lost: list[bool] = field(default_factory=list)

    def receive(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "welcome":
            known = self.state["epoch"] if self.state else None
            self.is_lost = not (frame["recovered"] and frame["epoch"] == known)
        else:
            try:
                self.state = reduce(self.state, frame)
                self.is_lost = self.is_lost and frame["type"] != "snapshot"
            except Gap:
                self.is_lost = True
        self.received.append(frame)
        self.lost.append(self.is_lost)

    @property
    def since(self) -> Since | None:
        return Since(self.state["epoch"], self.state["seq"]) if self.state else None


def play(data: DataObject) -> tuple[Client, State]:
    """Play a show to a client over a bad network; return the client and a fresh snapshot."""

    async def playing() -> tuple[Client, State]:
        show, client, inbox = Show(), Client(), Inbox()
        room = Room(show.topic, topic_log.snapshot(show.topic, with_log=True))
        seat = Seat(inbox)
        late: list[dict[str, Any]] = []

        def deliver() -> None:
            """Hand over what was written, as a bad network would: batches may get lost, come twice, or late."""
            frames, inbox.frames = inbox.frames, []
            for frame in frames:
                fate = data.draw(st.sampled_from(FATES)) if frame["type"] == "batch" else "arrives"
                if fate in {"arrives", "twice"}:
                    client.receive(frame)
                if fate == "twice":
                    client.receive(frame)
                if fate == "late":
                    late.append(frame)
            if late and data.draw(st.booleans()):
                client.receive(late.pop())
            if client.is_lost:
                hello()

        def hello() -> None:
            room.join(seat, client.since)
            frames, inbox.frames = inbox.frames, []
            for frame in frames:
                client.receive(frame)
            assert not client.is_lost

        hello()
        for _ in range(data.draw(st.integers(1, 12))):
            for _ in range(data.draw(st.integers(1, 6))):
                show.step(data)
            tail = topic_log.tail(show.topic, since=room.seq)
            assert room.take(epoch=tail.epoch, first=room.seq + 1, events=[event for _, event in tail.entries])
            if data.draw(st.booleans()):
                room.flush()
                deliver()
        room.flush()
        hello()
        return client, topic_log.snapshot(show.topic).state

    return asyncio.run(playing())


@EXAMPLES
@given(st.data())
def test_a_client_ends_where_a_fresh_snapshot_is(data: DataObject) -> None:
    client, fresh = play(data)

    assert client.state == fresh


def test_the_script_in_the_browser_agrees_frame_by_frame() -> None:
    """The same frames through static/js/reduce.js, in Node."""
    node = shutil.which("node")
    assert node, "Node is needed to test the scripts that browsers run: install nodejs"
    cases: list[tuple[Client, State]] = []

    @EXAMPLES
    @given(st.data())
    def collect(data: DataObject) -> None:
        cases.append(play(data))

    collect()
    answer = subprocess.run(
        [node, "--input-type=module", "-e", REPLAY],
        input=json.dumps([client.received for client, _ in cases]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr

    for (client, fresh), replayed in zip(cases, json.loads(answer.stdout), strict=True):
        assert replayed["lost"] == client.lost
        assert replayed["state"] == fresh


REPLAY = """
import fs from "node:fs";
const source = fs.readFileSync("static/js/reduce.js", "utf8");
const { NOTHING, reduce } = await import("data:text/javascript," + encodeURIComponent(source));
const cases = JSON.parse(fs.readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map((frames) => {
  const lost = [];
  let state = NOTHING;
  for (const frame of frames) {
    state = reduce(state, frame);
    lost.push(state.isLost);
  }
  const { isLost, ...rest } = state;
  return { lost, state: rest };
})));
"""


@EXAMPLES
@given(st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=6), st.data())
def test_a_folded_batch_leads_where_its_events_lead(cuts: list[int], data: DataObject) -> None:
    show = Show()
    before = topic_log.snapshot(show.topic).state
    for _ in cuts:
        show.step(data)
    events = [event for _, event in topic_log.tail(show.topic, since=before["seq"]).entries]
    one_by_one, folded = dict(before), dict(before)
    for event in events:
        apply(one_by_one, event)
    for event in fold(events):
        apply(folded, event)

    assert folded == one_by_one


def test_a_number_overtaken_while_it_was_read_is_told_as_it_is_now() -> None:
    """The show gets a SKU whose stock changed between the database being read and the run list being published."""
    show = Show()
    sku = show.skus[2]
    read_too_early = show.stock(sku)
    show.versions[sku] += 1
    topic_log.set_availability([show.stock(sku)])
    before = topic_log.snapshot(show.topic).state

    show.publish(wire.run_list([sku]), show.item(sku), read_too_early)

    events = [event for _, event in topic_log.tail(show.topic, since=before["seq"]).entries]
    assert events[-1] == show.stock(sku)
    assert topic_log.snapshot(show.topic).state["items"][sku]["version"] == 2


def test_folding_says_each_thing_once() -> None:
    events: list[Event] = [
        wire.reactions({"❤️": 2}),
        wire.pin("A"),
        wire.pin("B"),
        wire.availability(sku="A", available=3, version=7, as_of=NOW),
        wire.availability(sku="A", available=4, version=6, as_of=NOW),
        wire.reactions({"❤️": 1, "🔥": 1}),
    ]

    assert fold(events) == [
        wire.pin("B"),
        wire.availability(sku="A", available=3, version=7, as_of=NOW),
        wire.reactions({"❤️": 3, "🔥": 1}),
    ]


@pytest.mark.parametrize(("first", "last"), [(4, 5), (1, 2), (2, 4)])
def test_a_batch_that_does_not_continue_is_a_gap_or_known(first: int, last: int) -> None:
    state: State = {"epoch": "k3", "seq": 2, "session": None, "run_list": [], "items": {}, "chat": []}
    frame = wire.batch(epoch="k3", first=first, last=last, events=[])

    if last <= 2:
        assert reduce(state, frame) is state
    else:
        with pytest.raises(Gap):
            reduce(state, frame)
