"""From the commit that changes stock to the clients that see it: a real realtime server, viewers in another process.

Two ways to the change: a transaction in this process (timed from the commit itself), and an order over HTTP to the web
server (timed from the sending of the request). Clocks: CLOCK_MONOTONIC, which all processes of a machine share.
"""

import asyncio
import json
import multiprocessing
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from bench import lab
from bench.report import Figures, percentile

SOCKETS = 100
COMMITS = 300
ORDERS = 100
PAUSE_S = 0.05
SLUG, SKU = "bench", "BENCH-1"


def run() -> Figures:
    with lab.databases(), _servers() as (web, realtime), _viewers(realtime) as pipe:
        committed = _commit()
        ordered = _order(web)
        seen = _collect(pipe)
    return {
        "sockets": SOCKETS,
        **_summary("commit to client", committed, seen),
        **_summary("order sent to client", ordered, seen),
    }


def _commit() -> dict[int, float]:
    """Change stock in transactions of their own; return when each version was committed."""
    from django.db import transaction

    from inventory import stock
    from inventory.transactions import after_commit

    moments: dict[int, float] = {}
    for _ in range(COMMITS):
        at: list[float] = []
        with transaction.atomic():
            # The first hook runs right after the commit; the one that tells the news comes after it.
            after_commit(lambda at=at: at.append(time.monotonic()))
            item = stock.write_off(sku=SKU, warehouse="bench", quantity=1, actor="system")
        moments[item.version] = at[0]
        time.sleep(PAUSE_S)
    return moments


def _order(web: int) -> dict[int, float]:
    """Order over HTTP; return when the request behind each version was sent."""
    from inventory import availability

    moments: dict[int, float] = {}
    for number in range(ORDERS):
        body = {
            "lines": [{"sku": SKU, "quantity": 1}],
            "email": f"buyer{number}@example.com",
            "address": {"name": "A", "line1": "1", "city": "Delhi", "postal_code": "110001", "country": "IN"},
            "session": SLUG,
        }
        request = urllib.request.Request(
            f"http://127.0.0.1:{web}/api/v1/orders",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Idempotency-Key": f"stock-latency-{number:04}"},
        )
        sent = time.monotonic()
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 (our own address)
            answer.read()
        moments[availability.read([SKU])[SKU].version] = sent
        time.sleep(PAUSE_S)
    return moments


def _summary(name: str, moments: dict[int, float], seen: dict[int, list[float]]) -> dict[str, Any]:
    """Compare with the first client that saw a version, or a newer one, on each socket."""
    newest = sorted(seen)
    waits: list[float] = []
    for version, moment in moments.items():
        at_least = next(known for known in newest if known >= version)
        waits += [(at - moment) * 1000 for at in seen[at_least]]
    return {
        f"{name}: changes": len(moments),
        f"{name}: p50 ms": round(percentile(waits, 0.5), 1),
        f"{name}: p99 ms": round(percentile(waits, 0.99), 1),
        f"{name}: worst ms": round(max(waits), 1),
    }


@contextmanager
def _servers() -> Iterator[tuple[int, int]]:
    """Make a show that sells one thing, and start the web and realtime servers; give their ports."""
    from django.conf import settings
    from django.core.management import call_command

    from config.launcher import processes, programs
    from inventory import stock
    from inventory.models import Courier, Warehouse, Zone
    from shop.models import Category, Product, User, Variant
    from streams.models import RunListItem, StreamSession

    warehouse = Warehouse.objects.create(code="bench", name="Bench", country="IN", postal_code="110001")
    courier = Courier.objects.create(name="Bench courier")
    Zone.objects.create(warehouse=warehouse, courier=courier, country="IN", transit_days=2)
    category = Category.objects.create(slug="bench", name="Bench")
    product = Product.objects.create(slug="bench", name="Bench", category=category)
    variant = Variant.objects.create(product=product, sku=SKU, price_minor=1000)
    stock.receive(sku=SKU, warehouse="bench", quantity=10_000, actor="system")
    host = User.objects.create_user("host@example.com", "showfloor", is_host=True)
    show = StreamSession.objects.create(slug=SLUG, title="Bench", host=host, state="live")
    RunListItem.objects.create(session=show, variant=variant, position=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    started = []
    try:
        for program in (programs.web(), programs.realtime()):
            with (settings.HOME / f"{program.name}.log").open("wb") as log:
                started.append((processes.spawn(program, output=log), program))
        for process, program in started:
            processes.wait_until_ready(process, program, within_s=60)
        yield settings.PORT, settings.REALTIME_PORT
    finally:
        for process, program in reversed(started):
            processes.stop(process, program)


@contextmanager
def _viewers(port: int) -> Iterator[Connection]:
    """Run the viewers in a process of their own; they are all seated when this gives the pipe to them."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_watch, args=(port, theirs), daemon=True)
    process.start()
    try:
        ours.recv()
        yield ours
    finally:
        process.kill()
        process.join()


def _collect(pipe: Connection) -> dict[int, list[float]]:
    time.sleep(1)
    pipe.send("enough")
    seen: dict[int, list[float]] = pipe.recv()
    return seen


def _watch(port: int, pipe: Connection) -> None:
    asyncio.run(_watching(port, pipe))


async def _watching(port: int, pipe: Connection) -> None:
    from websockets.asyncio.client import connect

    seen: dict[int, list[float]] = {}
    is_seated = [asyncio.Event() for _ in range(SOCKETS)]

    async def view(number: int) -> None:
        address = f"ws://127.0.0.1:{port}/ws/sessions/{SLUG}/"
        async with connect(address, compression=None) as socket:
            await socket.send('{"type":"hello","v":1}')
            async for text in socket:
                at = time.monotonic()
                frame = json.loads(text)
                if frame["type"] == "snapshot":
                    is_seated[number].set()
                for event in frame.get("events", ()):
                    if event["type"] == "availability":
                        seen.setdefault(event["version"], []).append(at)

    viewers = [asyncio.create_task(view(number)) for number in range(SOCKETS)]
    await asyncio.gather(*(event.wait() for event in is_seated))
    pipe.send("seated")
    await asyncio.to_thread(pipe.recv)
    pipe.send(seen)
    for viewer in viewers:
        viewer.cancel()
