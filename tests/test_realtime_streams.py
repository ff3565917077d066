"""Server-Sent Events against real servers: the socket's frames one way, under Daphne and under uvicorn."""

import re
import secrets
import socket
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import requests
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from inventory import stock
from orders.checkout import place_order
from realtime import publish, wire
from shop.models import User
from shop.people import tokens
from streams import pins, shows
from streams.models import Moderator, StreamSession
from tests.support.factories import make_product, make_request, make_session, make_user
from tests.support.realtime_servers import Server, Stream, eventually, our_origin, running

KINDS = ("daphne", "uvicorn")

pytestmark = pytest.mark.keeps_redis


@pytest.fixture
def show(transactional_db: None) -> StreamSession:
    slug = f"show-{secrets.token_hex(3)}"
    make_product("Vase", skus=(f"{slug}-A",), price_minor=4200, stock=7)
    return make_session(slug, skus=(f"{slug}-A",))


def path_of(show: StreamSession) -> str:
    return f"/sse/sessions/{show.slug}/"


def sku_of(show: StreamSession) -> str:
    return f"{show.slug}-A"


def cookie_of(user: User, settings: Any) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def test_stream_carries_the_frames_of_the_socket(server: Server, show: StreamSession) -> None:
    with Stream(server, path_of(show), Origin=our_origin()) as stream:
        welcome, snapshot = stream.receive(), stream.receive()
        stock.write_off(sku=sku_of(show), warehouse="main", quantity=3, actor="system")
        assert stream.wait_for_event("availability")["available"] == 4
        assert stream.wait_for_event("viewers")["count"] == 1

    head = stream.answer.headers
    assert stream.answer.status == 200
    assert head["Content-Type"].startswith("text/event-stream")
    assert head["Access-Control-Allow-Origin"] == our_origin()
    assert head["Access-Control-Allow-Credentials"] == "true"
    assert head["Vary"] == "Origin"
    assert (welcome["type"], welcome["recovered"], snapshot["type"]) == ("welcome", False, "snapshot")
    assert stream.ids[0] == f"{snapshot['epoch']}:{snapshot['seq']}"
    batches = [frame for frame in stream.frames if frame["type"] == "batch"]
    assert stream.ids[1:] == [f"{frame['epoch']}:{frame['to']}" for frame in batches]


@pytest.mark.parametrize("way", ["header", "address"])
def test_stream_resumes_after_the_last_event_id(server: Server, show: StreamSession, way: str) -> None:
    with Stream(server, path_of(show)) as stream:
        stream.wait_for("snapshot")
        last = stream.ids[-1]
    pins.pin(show, sku_of(show), actor="system")
    resumed = (
        Stream(server, path_of(show), **{"Last-Event-ID": last})
        if way == "header"
        else Stream(server, f"{path_of(show)}?last_event_id={last}")
    )
    with resumed as stream:
        welcome = stream.receive()
        stream.wait_for_event("pin")

    assert welcome["recovered"]
    assert f"{welcome['epoch']}:{stream.frames[1]['from'] - 1}" == last
    assert not [frame for frame in stream.frames if frame["type"] == "snapshot"]


@pytest.mark.parametrize("last", ["another-epoch:3", "nonsense", ":", "a:b", "x:" + "9" * 30])
def test_an_id_of_another_time_gets_a_snapshot(
    servers_by_kind: dict[str, Server], show: StreamSession, last: str
) -> None:
    with Stream(servers_by_kind["uvicorn"], path_of(show), **{"Last-Event-ID": last}) as stream:
        assert not stream.receive()["recovered"]
        assert stream.receive()["type"] == "snapshot"


def test_a_foreign_origin_is_refused_and_may_not_read(server: Server, show: StreamSession) -> None:
    for origin in ("https://evil.example", "null", f"{our_origin()}.evil.example"):
        answer = requests.get(
            f"http://127.0.0.1:{server.port}{path_of(show)}", headers={"Origin": origin}, stream=True, timeout=5
        )
        assert answer.status_code == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_megabyte_is_not_read(server: Server, show: StreamSession) -> None:
    """Neither as a question, nor behind one, nor in its head."""
    address = f"http://127.0.0.1:{server.port}{path_of(show)}"
    big = "x" * 1_000_000

    assert requests.post(address, data=big, timeout=5).status_code == 405
    with suppress(requests.RequestException):
        assert requests.get(address, headers={"Last-Event-ID": big}, timeout=5).status_code in {400, 431}
    with Stream(server, path_of(show)) as stream:
        stream.wait_for("snapshot")


def test_a_page_may_ask_first(server: Server, show: StreamSession) -> None:
    asked = {"Origin": our_origin(), "Access-Control-Request-Method": "GET"}
    answer = requests.options(f"http://127.0.0.1:{server.port}{path_of(show)}", headers=asked, timeout=5)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == our_origin()
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_what_is_not_there_or_not_asked_rightly_is_a_plain_answer(server: Server, show: StreamSession) -> None:
    base = f"http://127.0.0.1:{server.port}"
    wrong = {"Authorization": "Token of-nobody"}

    assert requests.get(f"{base}/sse/sessions/there-is-none/", timeout=5).status_code == 404
    assert requests.get(f"{base}/sse/nothing/", timeout=5).status_code == 404
    assert requests.post(f"{base}{path_of(show)}", json={}, timeout=5).status_code == 405
    assert requests.get(f"{base}{path_of(show)}", headers=wrong, timeout=5).status_code == 401


def test_a_rehearsal_is_one_to_its_insiders_alone(server: Server, transactional_db: None, settings: Any) -> None:
    show = make_session(f"show-{secrets.token_hex(3)}", state=StreamSession.State.SCHEDULED, has_preview=True)
    moderator = make_user()
    Moderator.objects.create(session=show, user=moderator)
    shows.rehearse(show)
    for user, state in ((make_user(), "scheduled"), (show.host, "rehearsal"), (moderator, "rehearsal")):
        cookies = {"Cookie": cookie_of(user, settings), "Origin": our_origin()}
        with Stream(server, path_of(show), **cookies) as stream:
            assert stream.wait_for("snapshot")["session"]["state"] == state
    with Stream(server, path_of(show)) as stream:
        assert stream.wait_for("snapshot")["session"]["state"] == "scheduled"


def test_private_frames_come_by_cookie_and_by_token(server: Server, show: StreamSession, settings: Any) -> None:
    buyer = make_user()
    cookie, token = cookie_of(buyer, settings), tokens.issue(buyer)
    with (
        Stream(server, "/sse/site/", Cookie=cookie, Origin=our_origin()) as page,
        Stream(server, path_of(show), Cookie=cookie, **{"Sec-Fetch-Site": "same-origin"}) as same_host,
        Stream(server, "/sse/site/", Authorization=f"Token {token}") as api,
        Stream(server, "/sse/site/", Cookie=cookie) as no_page,
        Stream(server, "/sse/site/", Cookie=cookie, **{"Sec-Fetch-Site": "cross-site"}) as other_site,
    ):
        strangers = (no_page, other_site)
        for stream in (page, same_host, api, *strangers):
            stream.wait_for("snapshot")
        order = place_order(make_request((sku_of(show), 1), buyer=buyer))
        told = [stream.wait_for("order")["id"] for stream in (page, same_host, api)]
        with Stream(server, "/sse/site/", Cookie=cookie, Origin=our_origin()) as later:
            told.append(later.wait_for("order")["id"])
        publish.to_show(show.slug, wire.pin(sku_of(show)))
        same_host.wait_for_event("pin")
        seen = [stream.frames for stream in strangers]

    assert told == [str(order.pk)] * 4
    assert [[frame["type"] for frame in frames] for frames in seen] == [["welcome", "snapshot"]] * 2


def test_an_old_proxy_gets_the_stream_without_chunks(server: Server, show: StreamSession) -> None:
    """nginx asks in HTTP/1.0 unless it is told otherwise."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as proxy:
        proxy.sendall(f"GET {path_of(show)} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        answer = proxy.makefile("rb")
        while line := answer.readline().strip():
            assert line.lower() != b"transfer-encoding: chunked"
        lines = [answer.readline() for _ in range(4)]

    assert lines[:2] == [b"retry: 2000\n", b"\n"]
    assert lines[2].startswith(b'data: {"type":"welcome"')
    assert lines[3] == b"\n"


def test_each_server_is_written_to_directly(server: Server, show: StreamSession) -> None:
    """Fails when a server's inside changes, so that realtime/writers/ no longer knows it."""
    with Stream(server, path_of(show)) as stream:
        stream.wait_for("snapshot")
        kinds = writers_of(server)
    assert kinds == {f"{server.kind}-stream": 1}

    eventually(lambda: not writers_of(server))  # a stream that its client left is forgotten


def writers_of(server: Server) -> dict[str, float]:
    """Return how many sockets and streams are open, by the way they are written to."""
    metrics = requests.get(f"http://127.0.0.1:{server.port}/metrics", timeout=5).text
    found = re.findall(r'^showfloor_realtime_sockets\{writer="([\w-]+)"\} (\S+)$', metrics, re.MULTILINE)
    return {kind: float(count) for kind, count in found if float(count)}


def test_a_server_that_stops_says_bye_to_streams(show: StreamSession) -> None:
    with running(*KINDS) as servers, ExitStack() as stack:
        streams = [stack.enter_context(Stream(server, path_of(show))) for server in servers]
        for server, stream in zip(servers, streams, strict=True):
            stream.wait_for("snapshot")
            server.terminate()
            assert stream.wait_for("bye") == {"type": "bye", "code": "restart", "retry_ms": [500, 8000]}
            stream.wait_for_end()
        eventually(lambda: all(server.process.poll() is not None for server in servers))
