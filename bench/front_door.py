"""The front door beside web's own port, in one run: pages, orders, segments, two hundred viewers, cold pages.

One web process, the door and the load share this machine's cores. Rounds alternate between the two, so that what else
the machine does falls on both alike.
"""

import asyncio
import os
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil

from bench import lab, load
from bench.chromium import at_the_demo
from bench.load import Load
from bench.report import Figures

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CLIENTS = 16
ROUNDS = 4
ROUND_S = 4.0
SKU = "BENCH-1"
SHOW = "sessions/0f0e7a5c-94a4-4b3e-bc4d-0a4f9a1c7e55"
SEGMENT = f"{SHOW}/runs/0001/high/000001.m4s"
PLAYLIST = f"{SHOW}/high.m3u8"
SEGMENT_BYTES = 625_000  # two seconds at 2.5 Mbit/s
SEGMENT_S = 2.0
VIEWERS = 200
WATCHED_S = {"the door": 60.0, "web": 12.0}
SLOW_LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 200_000}
COLD_PAGES = {"home": "/", "shop": "/shop/", "show": "/shows/demo-live/"}


def run() -> Figures:
    figures: dict[str, Any] = {"clients": CLIENTS}
    with lab.databases(**lab.NO_LIMITS) as home:
        lab.make_goods([SKU], units=1_000_000)
        media(home)
        figures |= _side_by_side()
    figures |= _cold_pages()
    return figures


def media(home: Path) -> None:
    """Write what viewers ask for."""
    for name, body in ((SEGMENT, os.urandom(SEGMENT_BYTES)), (PLAYLIST, b"#EXTM3U\n" * 300)):
        path = home / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def _side_by_side() -> Figures:
    from django.conf import settings
    from django.core.management import call_command

    from config.launcher import programs

    call_command("collectstatic", verbosity=0, interactive=False)
    ports = {"the door": settings.PORT, "web": settings.WEB_PORT}
    loads: dict[tuple[str, str], list[Load]] = defaultdict(list)
    with lab.running(programs.web(), programs.door()):
        for what, request in ASKED.items():
            for port in ports.values():
                load.requests([port], request, clients=CLIENTS, seconds=1)
            for _ in range(ROUNDS):
                for place, port in ports.items():
                    loads[what, place].append(load.requests([port], request, clients=CLIENTS, seconds=ROUND_S))
        watching = {place: _watch(port, WATCHED_S[place]) for place, port in ports.items()}
    figures: dict[str, Any] = {}
    for what in ASKED:
        pairs = zip(loads[what, "the door"], loads[what, "web"], strict=True)
        for place in ports:
            rounds = loads[what, place]
            waits = Load(waits_ms=[wait for each in rounds for wait in each.waits_ms])
            figures[f"{what}, {place}: a second"] = round(median(each.rate for each in rounds))
            figures[f"{what}, {place}: p50 ms"] = round(waits.percentile(0.5), 1)
            figures[f"{what}, {place}: p99 ms"] = round(waits.percentile(0.99), 1)
        figures[f"{what}: door, of web's own rate"] = round(median(door.rate / web.rate for door, web in pairs), 2)
    for place, cpu in watching.items():
        figures[f"{VIEWERS} viewers, {place}: CPU seconds a minute"] = round(cpu, 1)
    return figures


def _get(path: str, number: int) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


ASKED = {
    "light page": partial(_get, "/cart/"),
    "order": partial(load.order, [SKU]),
    "segment": partial(_get, f"/media/{SEGMENT}"),
}


def _watch(port: int, seconds: float) -> float:
    """Have viewers fetch a playlist and a segment every two seconds; return the servers' CPU seconds a minute."""
    servers = [one for one in psutil.Process().children(recursive=True) if _serves(one)]
    before = sum(_cpu_s(one) for one in servers)
    asyncio.run(_viewers(port, seconds))
    return (sum(_cpu_s(one) for one in servers) - before) * 60 / seconds


def _serves(process: psutil.Process) -> bool:
    return any(word in " ".join(process.cmdline()) for word in ("caddy", "granian"))


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


async def _viewers(port: int, seconds: float) -> None:
    async def viewer(number: int) -> None:
        await asyncio.sleep(SEGMENT_S * number / VIEWERS)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        until = time.monotonic() + seconds - SEGMENT_S
        while time.monotonic() < until:
            began = time.monotonic()
            for path in (PLAYLIST, SEGMENT):
                writer.write(_get(f"/media/{path}", 0))
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(load._length(head))
            await asyncio.sleep(max(0, SEGMENT_S - (time.monotonic() - began)))
        writer.close()

    await asyncio.gather(*(viewer(number) for number in range(VIEWERS)))


def _cold_pages() -> Figures:
    """Open pages of the demo for the first time on a slow line, through the door and at web's own port."""
    figures: dict[str, Any] = {}
    with at_the_demo() as (browser, site):
        for name, path in COLD_PAGES.items():
            for place, port in (("the door", site.ports["PORT"]), ("web", site.ports["SRT_PORT"] + 1)):
                kilobytes, load_s = _open(browser, f"http://127.0.0.1:{port}{path}")
                figures[f"{name} cold, {place}: kB"] = round(kilobytes)
                figures[f"{name} cold, {place}: s to load"] = round(load_s, 2)
    return figures


def _open(browser: "Browser", address: str) -> tuple[float, float]:
    """Return the kilobytes that came over the line until the page was loaded, and how long that took."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    line = context.new_cdp_session(page)
    sizes: list[float] = []
    line.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW_LINE)
    page.goto(address, wait_until="load", timeout=120_000)
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventStart")
    weight = sum(sizes) / 1000
    context.close()
    return weight, float(timing) / 1000
