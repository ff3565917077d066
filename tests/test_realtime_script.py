"""static/js/wire.js in Node against a real server: what a page is told, also when the server dies under it."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pytest_django.live_server_helper import LiveServer

from inventory import stock
from realtime import identity
from realtime.identity import Person
from realtime.wire import SERVICE_RESTART
from shop.people import tokens
from streams import pins, shows
from streams.chat import messages, silences
from streams.models import ChatMessage, StreamSession
from tests.support.factories import make_product, make_session, make_user
from tests.support.realtime_servers import Server, eventually, running
from tests.support.scripted_page import WITHIN_S, Page, install_scripts, opened_pages

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parent.parent
MANY_REFUSED = """
import { OwnMessages } from "showfloor/own_messages";
const sent = [];
const mine = new OwnMessages((frame) => sent.push(frame.text), () => {});
for (let n = 0; n < 30; n++) mine.answered({ type: "error", id: mine.say("refused").id, code: "muted" });
const said = Array.from({ length: 21 }, (_, n) => mine.say(`more ${n}`));
const before = sent.length;
const fates = said.map(({ state }) => state);
mine.answered({ type: "ack", id: said[0].id, message: "m" });
mine.retry(said[20].id);
console.log(JSON.stringify({ before, fates, after: sent.slice(before) }));
process.exit();
"""


@pytest.fixture
def pages() -> Iterator[list[Page]]:
    with opened_pages() as opened:
        yield opened


def test_a_page_hears_resumes_and_says_what_was_typed_while_offline(tmp_path: Path, pages: list[Page]) -> None:
    make_product("Vase", skus=("VASE-1",), price_minor=4200, stock=7)
    show, author = make_session("scripted", skus=("VASE-1",)), make_user(display_name="Ada")
    ticket = identity.issue(Person(user_id=author.pk))
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
        messages.remove(said, actor="system")
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


def test_where_sockets_never_open_a_page_reads_events_and_speaks_over_the_api(
    tmp_path: Path, pages: list[Page], live_server: LiveServer
) -> None:
    make_product("Vase", skus=("VASE-1",), price_minor=4200, stock=7)
    show = make_session("behind-a-proxy", skus=("VASE-1",))
    key = tokens.issue(make_user())
    with running("uvicorn") as (server,):
        page = Page(tmp_path, f"/ws/sessions/{show.slug}/", f"ws://127.0.0.1:{server.port}", key, live_server.url)
        pages.append(page)
        page.wait_for("fresh")
        stock.write_off(sku="VASE-1", warehouse="main", quantity=1, actor="system")
        assert page.wait_for("items")["VASE-1"]["available"] == 6
        page.tell("say", "hello")
        page.wait_for("chatstate", state="sending")
        heard = [page.heard.get(timeout=WITHIN_S) for _ in range(2)]
        assert sorted(event["name"] for event in heard) == ["chat", "chatstate"]
        assert {event["detail"]["text"] for event in heard} == {ChatMessage.objects.get().text}
        page.tell("say", "x" * 301)
        assert page.wait_for("chatstate", state="failed")["code"] == "too_long"

        server.stop()
        page.wait_for("stale")
        stock.write_off(sku="VASE-1", warehouse="main", quantity=2, actor="system")
        server.start()
        server.wait_until_ready()
        assert page.wait_for("items")["VASE-1"]["available"] == 4
        page.wait_for("fresh")

        assert open_by(server) == {"uvicorn-stream"}
        page.tell("letSockets")
        eventually(lambda: open_by(server) == {"uvicorn"})
        pins.pin(show, "VASE-1", actor="system")
        page.wait_for("pin", sku="VASE-1")


def open_by(server: Server) -> set[str]:
    """Return the ways in which open sockets and streams are written to."""
    metrics = requests.get(f"http://127.0.0.1:{server.port}/metrics", timeout=5).text
    return set(re.findall(r'^showfloor_realtime_sockets\{writer="([\w-]+)"\} [1-9]', metrics, re.MULTILINE))


def test_a_page_of_a_show_that_is_none_does_not_come_back(tmp_path: Path, pages: list[Page]) -> None:
    with running("uvicorn") as (server,):
        page = Page(tmp_path, "/ws/sessions/none/", f"ws://127.0.0.1:{server.port}", "")
        pages.append(page)

        assert page.wait_for("bye") == {"code": "not_found"}


def test_who_waits_for_a_show_notices_nothing_of_its_rehearsal(tmp_path: Path, pages: list[Page]) -> None:
    show = make_session("soon", state=StreamSession.State.SCHEDULED, has_preview=True)
    with running("uvicorn") as (server,):
        page = Page(tmp_path, "/ws/sessions/soon/", f"ws://127.0.0.1:{server.port}", "")
        pages.append(page)
        page.wait_for("fresh")
        shows.rehearse(show)
        server.stop()
        server.start()
        page.tell("letSockets")  # the browser is back online
        page.wait_for("fresh")
        shows.go_live(show)
        page.wait_for("session", state="live")


def test_a_page_behind_a_proxy_does_not_come_back_to_a_show_that_is_none(
    tmp_path: Path, pages: list[Page], live_server: LiveServer
) -> None:
    key = tokens.issue(make_user())
    with running("uvicorn") as (server,):
        page = Page(tmp_path, "/ws/sessions/none/", f"ws://127.0.0.1:{server.port}", key, live_server.url)
        pages.append(page)

        assert page.wait_for("bye") == {"code": "not_found"}


def test_who_is_silenced_is_told_without_asking(tmp_path: Path, pages: list[Page]) -> None:
    show, troll = make_session("calmly"), make_user()
    with running("uvicorn") as (server,):
        ticket = identity.issue(Person(user_id=troll.pk))
        page = Page(tmp_path, "/ws/sessions/calmly/", f"ws://127.0.0.1:{server.port}", ticket)
        pages.append(page)
        page.wait_for("fresh")
        silences.time_out(show, troll, 60, actor="system")
        refused = page.wait_for("refused", code="muted")
        assert 0 < refused["retryMs"] <= 60_000
        silences.ban(show, troll, actor="system")
        assert page.wait_for("refused", code="banned")["retryMs"] == 0


def test_a_refused_message_says_why_and_can_be_said_again(tmp_path: Path, pages: list[Page]) -> None:
    show, author = make_session("slowly"), make_user()
    messages.set_slow_mode(show, 2)
    with running("uvicorn") as (server,):
        ticket = identity.issue(Person(user_id=author.pk))
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
        StreamSession.objects.update(links="refused", slow_mode_s=0)
        page.tell("say", "see www.kiln.example")
        refused = page.wait_for("chatstate", state="failed")
        assert (refused["code"], refused["reason"]) == ("bad_message", "no_links")


def test_refused_messages_keep_nobody_from_saying_more(tmp_path: Path) -> None:
    node = install_scripts(tmp_path)
    command = [node, "--input-type=module", "--eval", MANY_REFUSED]
    found = json.loads(subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=WITHIN_S).stdout)

    assert found["before"] == 30 + 20
    assert found["fates"] == ["sending"] * 20 + ["failed"]  # so many at once, and the next one can be said again
    assert found["after"] == ["more 20"]


def test_the_script_knows_the_code_of_a_restart() -> None:
    text = (ROOT / "static/js/wire.js").read_text()

    assert f"const SERVICE_RESTART = {SERVICE_RESTART};" in text
