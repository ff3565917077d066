"""From one event to every socket of a show: the hub, on one core, beside what else could do it.

For Daphne and uvicorn, at each number of sockets, one after the other in one run: the hub at the rate of a lively
show (commits of stock; commit to client), the hub as fast as it goes (chat), a bare loop that writes frames of the
same size to the same server's transports, and Channels' plain way, a consumer per viewer. Then nchan, where it is
installed. The servers have core 0 to themselves; the crowd, Redis, PostgreSQL and who publishes share core 1. Socket
writes and logical deliveries (events that stand in received frames) are told apart.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import orjson
import psutil

from bench import lab, nchan
from bench.crowd import Crowd, Heard, crowd, latencies, spread
from bench.report import Figures, percentile

SOCKETS = (500, 2000, 5000)
SERVERS = ("daphne", "uvicorn")
SERVERS_CORE, CROWD_CORE = 0, 1
SLUG, SKUS = "bench", tuple(f"BENCH-{number}" for number in range(20))
PATH = f"/ws/sessions/{SLUG}/"
EVENTS_S = 20
LIVELY_S = 8.0
FULL_S = 5.0
FULL_DELIVERIES_S = 300_000
PLAIN_EVENTS = 40
PLAIN_MOST_SOCKETS = 2000
REST_S = 2.0
RECONNECT_S = 5.0
HELLO = '{"type":"hello","v":1}'

T = TypeVar("T")


def run() -> Figures:
    figures: dict[str, Any] = {}
    limits = {"SOCKETS_PER_NETWORK": "20000", "SOCKETS_PER_PERSON": "20000"}
    psutil.Process().cpu_affinity([CROWD_CORE])  # and with us all that we start
    with lab.databases(**limits), crowd(core=CROWD_CORE) as people:
        _make_show()
        for server in SERVERS:
            for sockets in SOCKETS:
                figures |= _measure(server, sockets, people)
            figures |= _restart(server, SOCKETS[-1], people)
        for sockets in SOCKETS:
            figures |= _nchan(sockets, people)
    return figures


def _measure(server: str, sockets: int, people: Crowd) -> Figures:
    with _server(server, "config.asgi:application") as process:
        before_kb = _memory_kb(process)
        people.come(_port(), PATH, sockets, within_s=sockets / 500, hello=HELLO)
        time.sleep(REST_S)
        socket_kb = (_memory_kb(process) - before_kb) / sockets
        (lively, waits), lively_cpu_s = _with_cpu_time(process, lambda: _lively(people))
        full, full_cpu_s = _with_cpu_time(process, lambda: _full(people, sockets))
        people.leave()
    with _server(server, "bench.fanout_apps:bare") as process:
        people.come(_port(), "/", sockets, within_s=sockets / 500)
        # As often as the hub wrote, and at its pace; then as fast as it goes.
        rounds, size = full.writes // sockets, full.bytes_a_frame
        tick_s = full.span_s / rounds
        paced, paced_cpu_s = _with_cpu_time(process, lambda: _bare(people, size, rounds=rounds, tick_s=tick_s))
        bare, bare_cpu_s = _with_cpu_time(process, lambda: _bare(people, size, rounds=rounds))
        people.leave()
    name = f"{server}, {sockets} sockets"
    full_us, paced_us, bare_us = (
        cpu_s / heard.writes * 1e6 for heard, cpu_s in ((full, full_cpu_s), (paced, paced_cpu_s), (bare, bare_cpu_s))
    )
    figures = {
        f"{name}: memory a socket, KB": round(socket_kb, 1),
        f"{name}: commit to client at {EVENTS_S}/s, ms": spread(waits),
        f"{name}: CPU then": f"{lively_cpu_s / lively.span_s:.0%}",
        f"{name}: full, socket writes/s": _a_second(full.writes, full),
        f"{name}: full, logical deliveries/s": _a_second(full.events, full),
        f"{name}: full, bytes a frame": full.bytes_a_frame,
        f"{name}: full, CPU": f"{full_cpu_s / full.span_s:.0%}",
        f"{name}: bare loop as fast as it goes, writes/s": _a_second(bare.writes, bare),
        f"{name}: CPU time a write, µs": f"hub {full_us:.1f}, bare at its pace {paced_us:.1f}, flat out {bare_us:.1f}",
        f"{name}: hub to bare loop, writes a CPU second, same pace": round(paced_us / full_us, 2),
    }
    if sockets <= PLAIN_MOST_SOCKETS:
        with _server(server, "bench.fanout_apps:plain"):
            people.come(_port(), "/", sockets, within_s=sockets / 200)
            plain = _plain(people)
            people.leave()
        figures[f"{name}: a consumer each, deliveries/s"] = _a_second(plain.writes, plain)
    return figures


def _lively(people: Crowd) -> tuple[Heard, list[float]]:
    """Commit changes of stock at a lively show's rate; return also each one's way to each client, in ms."""
    from django.db import transaction

    from inventory import stock
    from inventory.transactions import after_commit

    people.forget()
    moments: dict[int, float] = {}
    begin = time.monotonic()
    for number in range(int(LIVELY_S * EVENTS_S)):
        _sleep_until(begin + number / EVENTS_S)
        with transaction.atomic():
            at: list[float] = []
            after_commit(lambda at=at: at.append(time.monotonic()))
            item = stock.write_off(sku=SKUS[number % len(SKUS)], warehouse="bench", quantity=1, actor="system")
        moments[item.sku, item.version] = at[0]
    heard = people.hear()
    waits = latencies(heard, moments, mark=lambda event: (event.get("sku"), event.get("version")))
    if not waits:
        raise RuntimeError("no change came to anybody")
    return heard, waits


def _full(people: Crowd, sockets: int) -> Heard:
    """Publish more than can be delivered one by one."""
    from realtime import publish

    people.forget()
    begin = time.monotonic()
    each_s = sockets / FULL_DELIVERIES_S
    for number in range(int(FULL_S / each_s)):
        _sleep_until(begin + number * each_s)
        publish.to_show(SLUG, _said(number))
    return people.hear()


def _said(number: int) -> dict[str, Any]:
    """Return one message of the chat as an event."""
    from django.utils import timezone

    from realtime import wire

    text = f"Does number {number} come in blue as well?"
    return wire.chat(id=f"bench-{number:06}", author="Viewer", role="viewer", text=text, at=timezone.now())


def _bare(people: Crowd, size: int, *, rounds: int, tick_s: float = 0) -> Heard:
    people.forget()
    people.say(f"{size} {rounds} {tick_s}")
    return people.hear(quiet_s=2)


def _plain(people: Crowd) -> Heard:
    """Send to the group, no faster than one event a tick of the hub."""
    from asgiref.sync import async_to_sync
    from channels.layers import get_channel_layer

    from bench.fanout_apps import GROUP

    send = async_to_sync(get_channel_layer().group_send)
    people.forget()
    begin = time.monotonic()
    for number in range(PLAIN_EVENTS):
        _sleep_until(begin + number / EVENTS_S)
        send(GROUP, {"type": "news", "text": f'{{"text":"Does number {number} come in blue as well?"}}'})
    return people.hear(quiet_s=3)


def _nchan(sockets: int, people: Crowd) -> Figures:
    """Publish to nchan, one event a message, as fast as it takes them and the crowd hears them."""
    name = f"nchan, {sockets} sockets"
    if not nchan.is_there():
        return {name: nchan.HOW_TO_GET_IT}
    from django.conf import settings

    with nchan.running(settings.HOME) as (process, port):
        time.sleep(1)
        [worker] = psutil.Process(process.pid).children()
        worker.cpu_affinity([SERVERS_CORE])
        people.come(port, "/subscribe", sockets, within_s=sockets / 500)
        people.forget()
        publisher, number = nchan.Publisher(port), 0
        deadline = time.monotonic() + FULL_S
        while time.monotonic() < deadline:
            number += 1
            said = {
                "id": f"bench-{number:06}",
                "text": f"Does number {number} come in blue as well?",
                "author": "Viewer",
            }
            publisher.publish(orjson.dumps({"type": "chat", "role": "viewer", **said}).decode())
        heard = people.hear()
        people.leave()
    return {f"{name}: deliveries/s": _a_second(heard.writes, heard), f"{name}: messages": number}


def _restart(server: str, sockets: int, people: Crowd) -> Figures:
    """Kill the process under everybody, start it anew, and have all of them come back within a few seconds."""
    name = f"{server}, {sockets} sockets, killed and back within {RECONNECT_S:.0f} s"
    hello = '{"type":"hello","v":1,"since":"SINCE"}'
    with _server(server, "config.asgi:application") as process:
        people.come(_port(), PATH, sockets, within_s=sockets / 500, hello=hello)
        process.kill()
    with _server(server, "config.asgi:application"):
        before = _reads()
        begin = time.monotonic()
        waits = people.come(_port(), PATH, sockets, within_s=RECONNECT_S, hello=hello)
        took_s = time.monotonic() - begin
        people.forget()
        heard = people.hear(quiet_s=REST_S)
        reads = _reads() - before
        people.leave()
    return {
        f"{name}: all served after, s": round(took_s, 1),
        f"{name}: a socket's wait p50, ms": round(percentile(waits, 0.5) * 1000),
        f"{name}: a socket's wait p99, ms": round(percentile(waits, 0.99) * 1000),
        f"{name}: lost again": heard.lost_sockets,
        f"{name}: transactions in the database": reads,
    }


def _reads() -> int:
    """Return how many transactions the database has seen, reads included; our own asking is one."""
    from django.db import connection

    time.sleep(1.5)  # each backend tells at its next idle moment
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(xact_commit) FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def _make_show() -> None:
    from shop.models import User, Variant
    from streams.models import RunListItem, StreamSession

    lab.make_goods(SKUS, units=10_000)
    host = User.objects.create_user("host@example.com", "showfloor", is_host=True)
    show = StreamSession.objects.create(slug=SLUG, title="Bench", host=host, state="live")
    for position, variant in enumerate(Variant.objects.filter(sku__in=SKUS)):
        RunListItem.objects.create(session=show, variant=variant, position=position)


@contextmanager
def _server(kind: str, application: str) -> Iterator[psutil.Process]:
    """Run an application under a realtime server, on a core of its own."""
    from django.conf import settings

    from config.launcher import processes, programs

    program = programs.realtime(server=kind)
    program = replace(program, argv=[*program.argv[:-1], application])
    with (settings.HOME / "realtime.topic_log").open("ab") as log:
        process = processes.spawn(program, output=log)
    psutil.Process(process.pid).cpu_affinity([SERVERS_CORE])
    try:
        processes.wait_until_ready(process, program, within_s=60)
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def _with_cpu_time(process: psutil.Process, work: Callable[[], T]) -> tuple[T, float]:
    """Do some work, and return with what comes of it how many seconds of CPU time the process had meanwhile."""
    before = process.cpu_times()
    result = work()
    after = process.cpu_times()
    return result, after.user + after.system - before.user - before.system


def _memory_kb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1024


def _a_second(count: int, heard: Heard) -> int:
    return round(count / heard.span_s)


def _port() -> int:
    from django.conf import settings

    return int(settings.REALTIME_PORT)


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
