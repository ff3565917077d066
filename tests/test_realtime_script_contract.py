"""Snapshot + batches = fresh snapshot, for static/js/wire.js: it notices gaps, and says hello in its own words."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from realtime import topic_log
from realtime.rooms import Room, Seat
from realtime.state import State
from realtime.wire import Since
from tests.support.realtime_contract import EXAMPLES, FATES, Inbox, Show
from tests.support.scripted_page import install_scripts

# A socket without a network: what it is given to hear comes over standard input, and each line is answered by what it
# said meanwhile. It comes back at once when it is lost.
DRIVER = """
import readline from "node:readline";
import { connect } from "showfloor/wire";
const later = globalThis.setTimeout;
globalThis.setTimeout = (call, ms) => later(call, ms < 1000 ? 0 : ms);
let socket, wire, said = [];
globalThis.WebSocket = class {
  readyState = 0;
  constructor() {
    socket = this;
    later(() => { this.readyState = 1; this.onopen?.(); });
  }
  send(text) { said.push(JSON.parse(text)); }
  close() {}
};
const until = async (isSo) => { while (!isSo()) await new Promise((resolve) => later(resolve)); };
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { frame, begin, lose } = JSON.parse(line);
  if (begin) {
    wire?.close();
    wire = connect({ path: "/ws/sessions/contract/", address: "ws://nowhere" });
  }
  if (lose) socket.onclose({ code: 1006 });
  if (begin || lose) await until(() => said.length);
  if (frame) socket.onmessage({ data: JSON.stringify(frame) });
  const { isLost, ...state } = wire.state;
  console.log(JSON.stringify({ said, state, isLost, isFresh: wire.isFresh }));
  said = [];
}
"""


class Script:
    """The client in Node, step by step."""

    def __init__(self, folder: Path) -> None:
        node = install_scripts(folder)
        (folder / "driver.mjs").write_text(DRIVER)
        self.process = subprocess.Popen(
            [node, "--no-warnings", "driver.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def step(self, **what: Any) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    script = Script(tmp_path_factory.mktemp("script"))
    yield script
    script.process.kill()
    script.process.wait(10)


@EXAMPLES
@given(data=st.data())
def test_the_client_of_the_page_ends_where_a_fresh_snapshot_is(script: Script, data: DataObject) -> None:
    answer, fresh = asyncio.run(play(script, data))

    assert answer["isFresh"]
    assert answer["state"] == fresh


async def play(script: Script, data: DataObject) -> tuple[dict[str, Any], State]:
    """Play a show over a bad network; return how the client stands, and a fresh snapshot."""
    show, inbox = Show(), Inbox()
    room = Room(show.topic, topic_log.snapshot(show.topic, with_log=True))
    seat = Seat(inbox)
    late: list[dict[str, Any]] = []

    def answered(answer: dict[str, Any]) -> dict[str, Any]:
        """Answer every hello, as the server would; return how the client stands then."""
        for hello in answer["said"]:
            assert hello["type"] == "hello"
            since = hello.get("since")
            room.join(seat, Since(**since) if since else None)
        if answer["said"]:
            for frame in taken():
                answer = script.step(frame=frame)
        assert not answer["isLost"], "a gap, and not a word about it"
        return answer

    def taken() -> list[dict[str, Any]]:
        frames, inbox.frames = inbox.frames, []
        return frames

    def deliver() -> None:
        for frame in taken():
            fate = data.draw(st.sampled_from(FATES))
            for _ in range({"arrives": 1, "twice": 2}.get(fate, 0)):
                answered(script.step(frame=frame))
            if fate == "late":
                late.append(frame)
        if late and data.draw(st.booleans()):
            answered(script.step(frame=late.pop(data.draw(st.integers(0, len(late) - 1)))))

    answered(script.step(begin=True))
    for _ in range(data.draw(st.integers(1, 10))):
        for _ in range(data.draw(st.integers(1, 6))):
            show.step(data)
        tail = topic_log.tail(show.topic, since=room.seq)
        assert room.take(epoch=tail.epoch, first=room.seq + 1, events=[event for _, event in tail.entries])
        if data.draw(st.booleans()):
            room.flush()
            deliver()
        if data.draw(st.integers(0, 4)) == 0:
            taken()
            answered(script.step(lose=True))
    room.flush()
    taken()
    return answered(script.step(lose=True)), topic_log.snapshot(show.topic).state
