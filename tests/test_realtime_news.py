"""From the database to the log: seeding, healing, the availability cache, presence, tickets and origins."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.test import Client
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from inventory import stock
from inventory.models import StockItem
from orders.checkout import place_order
from realtime import publish, seeding, tasks, topic_log, viewer_counts, wire
from realtime.topic_log import Present
from shop import redis_pool
from shop.models import Variant
from streams import figures, opinions, pins, run_list
from streams.chat import messages
from streams.models import ChatMessage, StreamSession
from tests.support.factories import make_product, make_request, make_session, make_user

pytestmark = pytest.mark.django_db(transaction=True)

TOPIC = "session:tonight"


@pytest.fixture
def show() -> StreamSession:
    make_product("Vase", skus=("VASE-1", "VASE-2", "VASE-3"), price_minor=4200, stock=7)
    return make_session("tonight", skus=("VASE-1", "VASE-2"))


@pytest.fixture
def redis_away(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(redis_pool, "client", lambda: nowhere)
    monkeypatch.setattr(topic_log, "_script", topic_log._script.__wrapped__)


def state() -> dict[str, Any]:
    return seeding.seeded_snapshot(TOPIC).state


def news(since: int = 0) -> list[dict[str, Any]]:
    return [event for _, event in topic_log.tail(TOPIC, since=since).entries]


# --- Seeding ---------------------------------------------------------------------------------------------


def test_a_log_without_memory_is_seeded_once(show: StreamSession, django_assert_num_queries: Any) -> None:
    pins.pin(show, "VASE-2", actor="system")
    redis_pool.client().flushall()

    first = state()

    assert first["session"]["pinned_sku"] == "VASE-2"
    assert list(first["items"]) == ["VASE-1", "VASE-2"]
    with django_assert_num_queries(0):
        assert state() == first


def test_what_is_published_while_the_database_is_read_wins(
    show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pin, a message and a removal arrive between reading and seeding."""
    author = make_user()
    old, doomed = (messages.post(show, author=author, text=text) for text in ("old", "doomed"))
    redis_pool.client().flushall()
    read = seeding.read

    def read_and_be_overtaken(topic: str) -> topic_log.Seeds:
        seeds = read(topic)
        pins.pin(show, "VASE-1", actor="system")
        messages.remove(doomed, actor="system")
        messages.post(show, author=author, text="new")
        stock.write_off(sku="VASE-1", warehouse="main", quantity=1, actor="system")
        return seeds

    monkeypatch.setattr(seeding, "read", read_and_be_overtaken)
    seeded = state()

    assert seeded["session"]["pinned_sku"] == "VASE-1"
    assert [message["text"] for message in seeded["chat"]] == ["old", "new"]
    assert seeded["chat"][0]["id"] == str(old.pk)
    assert seeded["items"]["VASE-1"]["available"] == 6


def test_a_message_that_was_seeded_and_then_published_is_there_once(show: StreamSession) -> None:
    message = ChatMessage.objects.create(
        session=show, author=show.host, author_name="North", text="Hi", at=timezone.now()
    )
    state()
    topic_log.publish(TOPIC, [seeding.chat_event(message, message.session)])

    assert [one["id"] for one in state()["chat"]] == [str(message.pk)]


def test_no_more_than_fifty_messages_are_kept(show: StreamSession) -> None:
    state()
    for number in range(60):
        topic_log.publish(TOPIC, [wire.chat(id=str(number), author="A", role="viewer", text="t", at=timezone.now())])

    assert [message["id"] for message in state()["chat"]] == [str(number) for number in range(10, 60)]


# --- News ------------------------------------------------------------------------------------------------


def test_every_change_of_a_show_becomes_its_event(show: StreamSession) -> None:
    start = state()["seq"]
    pins.pin(show, "VASE-1", actor="system")
    run_list.set_skus(show, ["VASE-1", "VASE-3"])
    messages.set_slow_mode(show, 5)
    opinions.set_opinion(show, make_user(), "like")
    Variant.objects.get(sku="VASE-1").save()
    Variant.objects.get(sku="VASE-3").save()

    kinds = [event["type"] for event in news(start)]

    assert kinds[0] == "pin"
    assert kinds[1:6] == ["run_list", "item", "item", "availability", "availability"]
    assert kinds[6:] == ["slow_mode", "likes", "item", "item"]
    assert state()["run_list"] == ["VASE-1", "VASE-3"]


def test_stock_goes_to_every_show_that_has_it_and_to_no_other(show: StreamSession) -> None:
    for slug, sku in (("other", "VASE-1"), ("third", "VASE-2")):
        make_session(slug, skus=(sku,))
        seeding.seeded_snapshot(f"session:{slug}")
    state()
    stock.write_off(sku="VASE-1", warehouse="main", quantity=2, actor="system")

    told = {
        slug: [
            event["available"]
            for _, event in topic_log.tail(f"session:{slug}", since=0).entries
            if event.get("version") == 2
        ]
        for slug in ("tonight", "other", "third")
    }
    assert told == {"tonight": [5], "other": [5], "third": []}


def test_an_older_number_is_dropped(show: StreamSession) -> None:
    state()
    stock.write_off(sku="VASE-1", warehouse="main", quantity=2, actor="system")
    head = topic_log.tail(TOPIC, since=0).seq

    late = wire.availability(sku="VASE-1", available=7, version=1, as_of=timezone.now())
    assert topic_log.set_availability([late]) == 0
    assert topic_log.tail(TOPIC, since=0).seq == head


@pytest.mark.usefixtures("redis_away")
def test_a_sale_goes_on_without_redis(show: StreamSession) -> None:
    order = place_order(make_request(("VASE-1", 2)))

    assert order.state == "created"
    assert StockItem.objects.get(sku="VASE-1").available == 5


# --- Healing ---------------------------------------------------------------------------------------------


def test_what_was_lost_is_healed_for_live_shows_within_one_run(show: StreamSession) -> None:
    ended = make_session("ended", skus=("VASE-3",), state="ended")
    state()
    seeding.seeded_snapshot("session:ended")
    # Changes that no signal told of, as when Redis was away for a moment.
    StockItem.objects.filter(sku__in=["VASE-1", "VASE-3"]).update(on_hand=4, version=9)
    Variant.objects.filter(sku="VASE-2").update(price_minor=999)
    StreamSession.objects.filter(pk=show.pk).update(
        pinned=Variant.objects.get(sku="VASE-2"), slow_mode_s=10, state="interrupted"
    )
    StreamSession.objects.filter(pk=ended.pk).update(slow_mode_s=10)

    assert tasks.refresh_live_availability() == 5

    healed = state()
    assert healed["items"]["VASE-1"]["available"] == 4
    assert healed["items"]["VASE-2"]["price_minor"] == 999
    assert healed["session"]["pinned_sku"] == "VASE-2"
    assert (healed["session"]["slow_mode_s"], healed["session"]["state"]) == (10, "interrupted")
    assert seeding.seeded_snapshot("session:ended").state["session"]["slow_mode_s"] == 0
    assert tasks.refresh_live_availability() == 0


def test_a_lost_run_list_is_healed_with_all_that_belongs_to_it(show: StreamSession) -> None:
    state()
    show.run_list.all().delete()
    show.run_list.create(variant=Variant.objects.get(sku="VASE-3"), position=0)

    assert tasks.refresh_live_availability() == 1

    healed = state()
    assert list(healed["items"]) == ["VASE-3"]
    assert healed["items"]["VASE-3"]["available"] == 7
    stock.write_off(sku="VASE-3", warehouse="main", quantity=2, actor="system")
    assert state()["items"]["VASE-3"]["available"] == 5


def test_a_lost_removal_from_the_chat_is_healed(show: StreamSession, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, unkind = (messages.post(show, author=make_user(), text=text) for text in ("hello", "unkind"))
    seq = state()["seq"]
    with monkeypatch.context() as away:
        away.setattr(publish, "to_show", lambda slug, *events: None)
        messages.remove(unkind, actor="system")
    assert len(state()["chat"]) == 2

    assert tasks.refresh_live_availability() == 1

    assert news(seq) == [wire.chat_removed(str(unkind.pk))]
    assert [message["id"] for message in state()["chat"]] == [str(kept.pk)]
    assert tasks.refresh_live_availability() == 0


def test_a_lost_message_of_the_chat_is_told_again_for_a_while(
    show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    said_before(messages.post(show, author=make_user(), text="heard"), timedelta(hours=1))
    redis_pool.client().flushall()
    seq = state()["seq"]
    with monkeypatch.context() as away:
        away.setattr(publish, "to_show", lambda slug, *events: None)
        lost, old, _ = (messages.post(show, author=make_user(), text=text) for text in ("lost", "old", "just now"))
    lost = said_before(lost, seeding.LOST_AFTER + timedelta(seconds=1))
    said_before(old, seeding.LOST_FOR + timedelta(seconds=1))

    assert tasks.refresh_live_availability() == 1

    assert news(seq) == [seeding.chat_event(lost, lost.session)]
    assert tasks.refresh_live_availability() == 0


def test_a_message_that_was_told_and_made_room_for_others_is_not_told_again(show: StreamSession) -> None:
    state()
    first = messages.post(show, author=make_user(), text="first")
    said = {"author": "A viewer", "role": "viewer", "text": "and so on", "at": timezone.now() - timedelta(hours=1)}
    topic_log.publish(TOPIC, [wire.chat(id=str(uuid4()), **said) for _ in range(50)])
    assert str(first.pk) not in {one["id"] for one in state()["chat"]}
    said_before(first, seeding.LOST_AFTER + timedelta(seconds=1))

    assert tasks.refresh_live_availability() == 0


def said_before(message: ChatMessage, ago: timedelta) -> ChatMessage:
    """Make a message an older one."""
    message.at = timezone.now() - ago
    message.save(update_fields=["at"])
    return message


def test_a_change_made_while_healing_is_not_undone(show: StreamSession) -> None:
    before = state()
    pins.pin(show, "VASE-1", actor="system")

    compared = before["session"]["pinned_sku"]
    assert topic_log.publish(TOPIC, [wire.pin("VASE-2")], only_if=("pinned_sku", compared)) == -1
    assert state()["session"]["pinned_sku"] == "VASE-1"


def test_healing_costs_the_same_reads_for_one_sku_and_for_many(
    show: StreamSession, django_assert_max_num_queries: Any
) -> None:
    state()
    with django_assert_max_num_queries(8) as few:
        tasks.refresh_live_availability()
    make_product("Bowls", skus=tuple(f"BOWL-{n}" for n in range(10)), stock=3)
    run_list.set_skus(show, [f"BOWL-{n}" for n in range(10)])
    with django_assert_max_num_queries(8) as many:
        tasks.refresh_live_availability()

    assert len(few) == len(many)


# --- Availability over REST ------------------------------------------------------------------------------


def availability_of(client: Client, *skus: str) -> dict[str, int]:
    answer = client.get("/api/v1/availability", {"sku": list(skus)})
    assert answer.status_code == 200, answer.content
    return {one["sku"]: one["available"] for one in answer.json()["results"]}


def test_availability_is_read_from_the_cache(
    client: Client, show: StreamSession, django_assert_num_queries: Any
) -> None:
    assert availability_of(client, "VASE-1", "NO-SUCH", "VASE-3") == {"VASE-1": 7, "VASE-3": 7}
    stock.write_off(sku="VASE-3", warehouse="main", quantity=2, actor="system")

    with django_assert_num_queries(0):
        answer = client.get("/api/v1/availability?sku=VASE-3&sku=VASE-1&sku=VASE-3").json()

    assert [sorted(one) for one in answer["results"]] == [["as_of", "available", "sku", "version"]] * 2
    assert [(one["sku"], one["available"], one["version"]) for one in answer["results"]] == [
        ("VASE-3", 5, 2),
        ("VASE-1", 7, 1),
    ]


def test_a_number_that_was_lost_is_made_good_in_ten_seconds(
    client: Client, show: StreamSession, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    assert availability_of(client, "VASE-3") == {"VASE-3": 7}
    StockItem.objects.filter(sku="VASE-3").update(on_hand=2, version=2)
    assert availability_of(client, "VASE-3") == {"VASE-3": 7}
    now = timezone.now()

    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=11))

    assert availability_of(client, "VASE-3", "VASE-1") == {"VASE-3": 2, "VASE-1": 7}
    with django_assert_num_queries(0):
        assert availability_of(client, "VASE-3", "VASE-1") == {"VASE-3": 2, "VASE-1": 7}
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=22))
    with django_assert_num_queries(1):
        availability_of(client, "VASE-3")
    with django_assert_num_queries(0):  # the same version read again is as good as a new one
        availability_of(client, "VASE-3")


def test_a_sku_that_is_no_text_is_unknown(client: Client, show: StreamSession) -> None:
    assert client.get("/api/v1/availability?sku=%00").json() == {"results": []}
    assert availability_of(client, "VASE-1", "VASE\x00") == {"VASE-1": 7}


@pytest.mark.usefixtures("redis_away")
def test_availability_is_read_from_the_database_without_redis(client: Client, show: StreamSession) -> None:
    assert availability_of(client, "VASE-1") == {"VASE-1": 7}


@pytest.mark.parametrize("query", ["", "?sku=", "?" + "&".join(f"sku=S{n}" for n in range(101))])
def test_too_few_or_too_many_skus_are_refused(client: Client, query: str) -> None:
    answer = client.get(f"/api/v1/availability{query}")

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["sku"]


# --- Presence --------------------------------------------------------------------------------------------


def test_viewers_are_summed_over_processes_and_the_dead_fade(
    show: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = state()["seq"]
    topic_log.beat("one", {TOPIC: Present(3), "site": Present(9)})
    topic_log.beat("two", {TOPIC: Present(2)})
    assert viewer_counts.viewers(["tonight", "nobody"]) == {"tonight": 5, "nobody": 0}
    assert figures.viewers(["tonight"]) == {"tonight": 5}
    assert [event["count"] for event in news(start)] == [3, 5]
    assert state()["session"]["viewers"] == 5

    seconds, microseconds = redis_pool.client().time()
    long_ago = seconds * 1000 + microseconds // 1000 - topic_log.PRESENCE_TTL_MS - 1
    redis_pool.client().hset(f"{topic_log.CHANNELS}{TOPIC}:presence", "one", f"3 {long_ago}")
    assert viewer_counts.viewers(["tonight"]) == {"tonight": 2}
    topic_log.beat("two", {TOPIC: Present(2)})
    assert state()["session"]["viewers"] == 2


@pytest.mark.usefixtures("redis_away")
def test_without_redis_nobody_is_counted() -> None:
    assert viewer_counts.viewers(["tonight"]) == {}
