"""Load on the servers, from a process of its own, bounded by time; no measure by itself.

Every client is one keep-alive connection that sends its next request when the last was answered.
"""

import asyncio
import json
import multiprocessing
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from bench.report import percentile

ADDRESS = {"name": "A", "line1": "4 Example Lane", "city": "Delhi", "postal_code": "110001", "country": "IN"}

BARE = (
    ("SELECT held FROM inventory_stockitem WHERE id = %(item)s FOR NO KEY UPDATE"),
    ("UPDATE inventory_stockitem SET held = held + 1, version = version + 1 WHERE id = %(item)s"),
    (
        "INSERT INTO orders_order (id, email, name, line1, city, postal_code, country, state, cancel_reason,"
        " total_minor, currency, session, created_at, expires_at) VALUES (%(order)s, 'bare@example.com', 'A',"
        " '4 Example Lane', 'Delhi', '110001', 'IN', 'created', '', 1000, 'USD', '', now(), now() + '1 day')"
    ),
    (
        "INSERT INTO inventory_reservation (stock_item_id, quantity, state, holder, created_at)"
        " VALUES (%(item)s, 1, 'held', 'order:' || %(order)s, now())"
    ),
)
"""The least that selling one unit costs a database: lock, update, two inserts (and the commit)."""


@dataclass
class Load:
    """What was done: how often each outcome came, how long each took, and how long all of it."""

    outcomes: Counter[str] = field(default_factory=Counter)
    waits_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """What was done a second."""
        return self.outcomes["done"] / self.seconds

    def note(self, outcome: str, began: float) -> None:
        self.outcomes[outcome] += 1
        self.waits_ms.append((time.perf_counter() - began) * 1000)

    def percentile(self, share: float) -> float:
        return percentile(self.waits_ms, share)


def orders(ports: Sequence[int], skus: Sequence[str], *, clients: int, seconds: float) -> Load:
    """Order one unit a request over HTTP, of each SKU in turn, each time as another buyer."""
    return requests(ports, partial(order, skus), clients=clients, seconds=seconds)


def bare_transactions(dsn: str, item: int, *, clients: int, seconds: float) -> Load:
    """Run the bare transaction on one stock item."""
    return transactions(dsn, BARE, partial(_bare_values, item), clients=clients, seconds=seconds)


def requests(ports: Sequence[int], request: Callable[[int], bytes], *, clients: int, seconds: float) -> Load:
    """Send `request(0)`, `request(1)` and so on; an answer of 200 or 201 is done. `request` must be picklable."""
    return _in_a_process(_requests, ports, request, clients, seconds)


def transactions(
    dsn: str, statements: Sequence[str], values: Callable[[int], dict[str, Any]], *, clients: int, seconds: float
) -> Load:
    """Run statements with `values(0)`, `values(1)` and so on, a connection a client. `values` must be picklable."""
    return _in_a_process(_transactions, dsn, statements, values, clients, seconds)


def post(path: str, body: object, *headers: str) -> bytes:
    """Return a POST of JSON as it goes over the wire."""
    data = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode() + data


def _in_a_process(work, *args) -> Load:  # type: ignore[no-untyped-def]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        load: Load = pool.apply(work, args)
        return load


def _requests(ports: Sequence[int], request: Callable[[int], bytes], clients: int, seconds: float) -> Load:
    return asyncio.run(_requesting(ports, request, clients, seconds))


async def _requesting(ports: Sequence[int], request: Callable[[int], bytes], clients: int, seconds: float) -> Load:
    load, numbers, began = Load(), count(), time.perf_counter()

    async def client(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() - began < seconds:
            sent = time.perf_counter()
            writer.write(request(next(numbers)))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            status = head.split(b" ", 2)[1].decode()
            load.note("done" if status in {"200", "201"} else status, sent)
        writer.close()

    await asyncio.gather(*(client(ports[index % len(ports)]) for index in range(clients)))
    load.seconds = time.perf_counter() - began
    return load


def order(skus: Sequence[str], number: int) -> bytes:
    lines = [{"sku": skus[number % len(skus)], "quantity": 1}]
    body = {"lines": lines, "email": f"buyer{number}@example.com", "address": ADDRESS}
    return post("/api/v1/orders", body, f"Idempotency-Key: {uuid.uuid4().hex}")


def _bare_values(item: int, number: int) -> dict[str, Any]:
    return {"item": item, "order": uuid.uuid4()}


def _length(head: bytes) -> int:
    return int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])


def _transactions(
    dsn: str, statements: Sequence[str], values: Callable[[int], dict[str, Any]], clients: int, seconds: float
) -> Load:
    import psycopg

    load, numbers, began = Load(), count(), time.perf_counter()

    def client(_: int) -> None:
        with psycopg.connect(dsn) as connection:
            while time.perf_counter() - began < seconds:
                sent = time.perf_counter()
                these = values(next(numbers))
                for statement in statements:
                    connection.execute(statement, these)
                connection.commit()
                load.note("done", sent)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))
    load.seconds = time.perf_counter() - began
    return load
