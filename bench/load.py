"""Load on the servers, from a process of its own, bounded by time; no measure by itself.

Every client is one keep-alive connection that sends its next request when the last was answered.
"""

import asyncio
import json
import multiprocessing
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

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
        """Orders a second."""
        return self.outcomes["done"] / self.seconds

    def note(self, outcome: str, began: float) -> None:
        self.outcomes[outcome] += 1
        self.waits_ms.append((time.perf_counter() - began) * 1000)

    def percentile(self, share: float) -> float:
        return percentile(self.waits_ms, share)


def orders(ports: Sequence[int], skus: Sequence[str], *, clients: int, seconds: float) -> Load:
    """Order one unit a request over HTTP, of each SKU in turn, each time as another buyer."""
    return _in_a_process(_orders, ports, skus, clients, seconds)


def bare_transactions(dsn: str, item: int, *, clients: int, seconds: float) -> Load:
    """Run the bare transaction on one stock item."""
    return _in_a_process(_bare_transactions, dsn, item, clients, seconds)


def _in_a_process(work, *args) -> Load:  # type: ignore[no-untyped-def]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        load: Load = pool.apply(work, args)
        return load


def _orders(ports: Sequence[int], skus: Sequence[str], clients: int, seconds: float) -> Load:
    return asyncio.run(_ordering(ports, skus, clients, seconds))


async def _ordering(ports: Sequence[int], skus: Sequence[str], clients: int, seconds: float) -> Load:
    load, numbers, began = Load(), count(), time.perf_counter()

    async def client(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() - began < seconds:
            number = next(numbers)
            sent = time.perf_counter()
            writer.write(_request(number, skus[number % len(skus)]))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            status = head.split(b" ", 2)[1].decode()
            load.note("done" if status == "201" else status, sent)
        writer.close()

    await asyncio.gather(*(client(ports[index % len(ports)]) for index in range(clients)))
    load.seconds = time.perf_counter() - began
    return load


def _request(number: int, sku: str) -> bytes:
    body = json.dumps(
        {"lines": [{"sku": sku, "quantity": 1}], "email": f"buyer{number}@example.com", "address": ADDRESS}
    ).encode()
    head = (
        "POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {uuid.uuid4().hex}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _length(head: bytes) -> int:
    return int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])


def _bare_transactions(dsn: str, item: int, clients: int, seconds: float) -> Load:
    import psycopg

    load, began = Load(), time.perf_counter()

    def client(number: int) -> None:
        with psycopg.connect(dsn) as connection:
            while time.perf_counter() - began < seconds:
                sent = time.perf_counter()
                values = {"item": item, "order": uuid.uuid4()}
                for statement in BARE:
                    connection.execute(statement, values)
                connection.commit()
                load.note("done", sent)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))
    load.seconds = time.perf_counter() - began
    return load
