"""static/js/wire.js in Node against a real server: what a page is told, also when the server dies under it."""

import json
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory import stock
from realtime import tickets
from realtime.hub import SERVICE_RESTART
from realtime.tickets import Person
from streams import chat, pins
from streams.models import ChatMessage
from tests.factories import make_product, make_session, make_user
from tests.realtime_servers import running

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parent.parent
WITHIN_S = 30.0

DRIVER = """
import readline from "node:readline";
import { connect } from "showfloor/wire";
const [path, address, ticket] = process.argv.slice(2);
const show = connect({ path, address, ticket });
const names = ["fresh", "stale", "items", "pin", "session", "chat", "chatremoved", "chatstate", "bye"];
for (const name of names) {
  show.addEventListener(name, (event) => console.log(JSON.stringify({ name, detail: event.detail ?? null })));
}
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [method, ...words] = JSON.parse(line);
  show[method](...words);
});
"""


class Page:
    """A page's script, told what to do over its standard input, telling what it hears on its output."""

    def __init__(self, folder: Path, path: str, address: str, ticket: str) -> None:
        node = shutil.which("node")
        assert node, "Node is needed to test the scripts that browsers run: install nodejs"
        package = folder / "node_modules" / "showfloor"
        shutil.copytree(ROOT / "static" / "js", package)
        (package / "package.json").write_text('{"type": "module", "exports": {"./*": "./*.js"}}')
        (folder / "driver.mjs").write_text(DRIVER)
        self.process = subprocess.Popen(
            [node, "--experimental-websocket", "--no-warnings", "driver.mjs", path, address, ticket],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.heard: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.heard.put(json.loads(line))

    def tell(self, *words: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def wait_for(self, name: str, **like: Any) -> Any:
        """Return the detail of the next event of a name whose detail says this."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            event = self.heard.get(timeout=max(0.01, deadline - time.monotonic()))
            detail = event["detail"]
            if event["name"] == name and all(detail.get(key) == value for key, value in like.items()):
                return detail

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[list[Page]]:
    opened: list[Page] = []
    yield opened
    for page in opened:
        page.stop()


def test_a_page_hears_resumes_and_says_what_was_typed_while_offline(tmp_path: Path, pages: list[Page]) -> None:
    make_product("Vase", skus=("VASE-1",), price_minor=4200, stock=7)
    show, author = make_session("scripted", skus=("VASE-1",)), make_user(display_name="Ada")
    ticket = tickets.issue(Person(user_id=author.pk))
    with running("daphne") as (server,):
        page = Page(tmp_path, "/ws/sessions/scripted/", f"ws://127.0.0.1:{server.port}", ticket)
        pages.append(page)
        page.wait_for("session", state="live", title=show.title)
        assert page.wait_for("items")["VASE-1"]["available"] == 7
        page.wait_for("fresh")

        stock.write_off(sku="VASE-1", warehouse="main", quantity=1, actor="system")
        assert page.wait_for("items")["VASE-1"]["available"] == 6
        pins.pin(show, "VASE-1", actor="system")
        page.wait_for("pin", sku="VASE-1")
        page.tell("say", "hello")
        sending = page.wait_for("chatstate", state="sending")
        heard = [page.heard.get(timeout=WITHIN_S) for _ in range(2)]
        said = ChatMessage.objects.get()
        assert sorted(event["name"] for event in heard) == ["chat", "chatstate"]
        for event in heard:
            if event["name"] == "chatstate":
                assert (event["detail"]["id"], event["detail"]["state"]) == (sending["id"], "sent")
                assert event["detail"]["message"] == str(said.pk)
            else:
                assert (event["detail"]["id"], event["detail"]["isPast"]) == (str(said.pk), False)

        server.stop()
        page.wait_for("stale")
        page.tell("say", "typed while offline")
        page.wait_for("chatstate", state="queued", text="typed while offline")
        chat.remove(said, actor="system")
        stock.write_off(sku="VASE-1", warehouse="main", quantity=2, actor="system")

        server.start()
        server.wait_until_ready()
        page.wait_for("chatremoved", id=str(said.pk))
        assert page.wait_for("items")["VASE-1"]["available"] == 4
        page.wait_for("fresh")
        page.wait_for("chatstate", state="sending", text="typed while offline")
        heard = [page.heard.get(timeout=WITHIN_S) for _ in range(2)]
        assert sorted((event["name"], event["detail"]["text"]) for event in heard) == [
            ("chat", "typed while offline"),
            ("chatstate", "typed while offline"),
        ]

        server.terminate()
        assert page.wait_for("bye") == {"code": "restart"}
        page.wait_for("stale")


def test_a_page_of_a_show_that_is_none_does_not_come_back(tmp_path: Path, pages: list[Page]) -> None:
    with running("uvicorn") as (server,):
        page = Page(tmp_path, "/ws/sessions/none/", f"ws://127.0.0.1:{server.port}", "")
        pages.append(page)

        assert page.wait_for("bye") == {"code": "not_found"}


def test_a_refused_message_says_why_and_can_be_said_again(tmp_path: Path, pages: list[Page]) -> None:
    show, author = make_session("slowly"), make_user()
    chat.set_slow_mode(show, 2)
    with running("uvicorn") as (server,):
        ticket = tickets.issue(Person(user_id=author.pk))
        page = Page(tmp_path, "/ws/sessions/slowly/", f"ws://127.0.0.1:{server.port}", ticket)
        pages.append(page)
        page.wait_for("fresh")
        page.tell("say", "first")
        page.wait_for("chatstate", state="sent", text="first")
        page.tell("say", "second")
        refused = page.wait_for("chatstate", state="failed", text="second")
        assert refused["code"] == "slow_mode"
        assert 0 < refused["retryMs"] <= 2000
        time.sleep(refused["retryMs"] / 1000)
        page.tell("retry", refused["id"])
        page.wait_for("chatstate", state="sent", text="second")

        page.tell("say", "x" * 301)
        assert page.wait_for("chatstate", state="failed")["code"] == "too_long"


def test_the_script_knows_the_code_of_a_restart() -> None:
    text = (ROOT / "static/js/wire.js").read_text()

    assert f"const SERVICE_RESTART = {SERVICE_RESTART};" in text
