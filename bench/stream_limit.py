"""The stream-limit API over HTTP, beside its bare statement: calls of many users, and of one that everybody calls for.

One web process as `manage.py up` starts it, durable PostgreSQL, and the load from a process of its own. Rounds
alternate, so that what else the machine does falls on all of them alike. A process that touches no database shows what
HTTP alone costs.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from statistics import median
from typing import Any

from bench import lab, load
from bench.load import Load
from bench.report import Figures

CLIENTS = 16
ROUNDS = 3
ROUND_S = 5.0
WARM_UP_S = 3.0
HEALTH = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def run() -> Figures:
    loads: dict[str, list[Load]] = defaultdict(list)
    with lab.databases(), lab.web_processes(1) as ports:
        from streams.stream_limit import TAKE

        _calls(ports, "many", seconds=WARM_UP_S)
        for _ in range(ROUNDS):
            loads["bare statement, many users"].append(_bare(TAKE, "bare"))
            loads["call, many users"].append(_calls(ports, "many"))
            loads["bare statement, one user"].append(_bare(TAKE, "bare-one"))
            loads["call, one user"].append(_calls(ports, "one"))
            loads["health, no database"].append(load.requests(ports, _health, clients=CLIENTS, seconds=ROUND_S))
    return {"clients": CLIENTS, **{name: value for kind in loads for name, value in _summary(kind, loads[kind])}}


def _calls(ports: Sequence[int], users: str, *, seconds: float = ROUND_S) -> Load:
    return load.requests(ports, partial(_call, users), clients=CLIENTS, seconds=seconds)


def _bare(statement: str, users: str) -> Load:
    return load.transactions(
        lab.database_address(), [statement], partial(_values, users), clients=CLIENTS, seconds=ROUND_S
    )


def _call(users: str, number: int) -> bytes:
    user, stream = _names(users, number)
    return load.post("/video-streams/subscription", {"userId": user, "videoStreamId": stream})


def _values(users: str, number: int) -> dict[str, Any]:
    user, stream = _names(users, number)
    return {"user": user.encode(), "stream": stream.encode(), "most": 3}


def _health(number: int) -> bytes:
    return HEALTH


def _names(users: str, number: int) -> tuple[str, str]:
    """Return a user and a stream: ten thousand users come back for streams they may hold, or one does."""
    user = users if users.endswith("one") else f"{users}-{number % 10_000}"
    return user, f"stream-{number % 3}"


def _summary(kind: str, loads: list[Load]) -> list[tuple[str, Any]]:
    if refused := {outcome for one in loads for outcome in one.outcomes} - {"done"}:
        raise RuntimeError(f"{kind}: some calls were answered {', '.join(refused)}")
    return [
        (f"{kind}, a second", round(median(one.rate for one in loads))),
        (f"{kind}, p50 (ms)", median(one.percentile(0.5) for one in loads)),
        (f"{kind}, p99 (ms)", median(one.percentile(0.99) for one in loads)),
    ]
