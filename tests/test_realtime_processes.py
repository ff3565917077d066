"""Processes that end under their viewers: a realtime server that is killed, a Redis that is restarted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory import stock
from realtime import topic_log
from realtime.state import State
from streams import pins
from streams.chat import messages
from streams.models import ChatMessage, StreamSession
from tests.support.crowds import crowd
from tests.support.factories import make_product, make_session, make_user
from tests.support.load_balancer import balanced
from tests.support.own_redis import OwnRedis, started
from tests.support.realtime_servers import eventually, running
from tests.support.scripted_page import Page, opened_pages

KINDS = ("daphne", "uvicorn")

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def show() -> StreamSession:
    make_product("Vase", skus=("VASE-1", "VASE-2"), price_minor=4200, stock=7)
    return make_session("moved", skus=("VASE-1", "VASE-2"))


@pytest.fixture
def own_redis(tmp_path: Path, settings: Any) -> Iterator[OwnRedis]:
    with started(tmp_path, settings) as server:
        yield server


@pytest.fixture
def pages() -> Iterator[list[Page]]:
    with opened_pages() as opened:
        yield opened


@pytest.mark.parametrize("order", [KINDS, KINDS[::-1]], ids="-".join)
def test_a_page_goes_on_at_another_process_when_its_own_is_killed(
    show: StreamSession, order: tuple[str, str], tmp_path: Path, pages: list[Page]
) -> None:
    """Nothing is lost, and nothing is told twice: what was said meanwhile comes as it would have come."""
    with running(*order) as (own, other), balanced([own.port, other.port]) as port:
        page = Page(tmp_path, f"/ws/sessions/{show.slug}/", f"ws://127.0.0.1:{port}", "")
        pages.append(page)
        page.wait_for("fresh")
        _say(show, "before")
        assert page.wait_for("chat")["text"] == "before"

        own.stop()
        page.wait_for("stale")
        for text in ("one", "two", "three"):
            _say(show, text)
        pins.pin(show, "VASE-2", actor="system")
        page.wait_for("pin", sku="VASE-2")
        page.wait_for("fresh")
        _say(show, "after")
        page.wait_for("chat", text="after")

    told = [event["detail"] for event in page.past if event["name"] == "chat"]
    assert [message["text"] for message in told] == ["before", "one", "two", "three", "after"]
    assert not any(message["isPast"] for message in told)  # the log replayed them; no snapshot was needed
    assert [message["id"] for message in told] == [str(one.pk) for one in ChatMessage.objects.order_by("at")]


def _say(show: StreamSession, text: str) -> None:
    messages.post(show, author=make_user(), text=text)


def test_a_restart_of_redis_under_a_thousand_sockets_is_no_silent_gap(
    show: StreamSession, own_redis: OwnRedis
) -> None:
    topic = topic_log.session_topic(show.slug)
    with (
        running(*KINDS, REDIS_URL=own_redis.url) as servers,
        crowd(servers, f"/ws/sessions/{show.slug}/", each=500) as viewers,
    ):
        eventually(lambda: all(viewer.state for viewer in viewers), within_s=40)
        pins.pin(show, "VASE-1", actor="system")
        eventually(lambda: all(_session(viewer.state)["pinned_sku"] == "VASE-1" for viewer in viewers))
        first = topic_log.snapshot(topic).head.epoch

        own_redis.stop()
        # News that nobody hears.
        stock.write_off(sku="VASE-1", warehouse="main", quantity=2, actor="system")
        _say(show, "is anybody there?")
        own_redis.start()

        eventually(lambda: all(viewer.epochs[-1] != first for viewer in viewers), within_s=40)
        pins.pin(show, "VASE-2", actor="system")
        said = ("VASE-2", 1000, [5, 7], ["is anybody there?"])
        eventually(
            lambda: _told(topic_log.snapshot(topic).state)[1:] == said
        )  # each process counts its own viewers again
        eventually(lambda: all(_told(viewer.state) == _told(topic_log.snapshot(topic).state) for viewer in viewers))


def _session(state: State | None) -> dict[str, Any]:
    assert state
    return dict(state["session"])


def _told(state: State | None) -> tuple[Any, ...]:
    """Return what a state says of the show: its epoch, pin, viewers, numbers and chat."""
    assert state
    session = state["session"]
    numbers = [item["available"] for item in state["items"].values()]
    said = [message["text"] for message in state["chat"]]
    return state["epoch"], session["pinned_sku"], session["viewers"], numbers, said
