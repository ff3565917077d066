"""Checkout over HTTP, on one item that everybody wants and over a hundred, beside the least a database can do for it.

Two web processes as `manage.py up` starts them, durable PostgreSQL and Redis, and the load from a process of its own.
Rounds alternate, so that what else the machine does falls on all of them alike.
"""

from collections import defaultdict
from statistics import median

from bench import lab, load
from bench.load import Load
from bench.report import Figures

CLIENTS = 32
ROUNDS = 3
ROUND_S = 6.0
WARM_UP_S = 3.0
WEB_PROCESSES = 2
SKUS = [f"BENCH-{number}" for number in range(101)]
HOT, *MANY = SKUS


def run() -> Figures:
    loads: dict[str, list[Load]] = defaultdict(list)
    # The bench is one network; its buyers are many.
    with lab.databases(**lab.NO_LIMITS):
        item = lab.make_goods(SKUS, units=1_000_000)[HOT]
        with lab.web_processes(WEB_PROCESSES) as ports:
            load.orders(ports, SKUS, clients=CLIENTS, seconds=WARM_UP_S)
            for _ in range(ROUNDS):
                loads["bare"].append(
                    load.bare_transactions(lab.database_address(), item, clients=CLIENTS, seconds=ROUND_S)
                )
                loads["hot"].append(load.orders(ports, [HOT], clients=CLIENTS, seconds=ROUND_S))
                loads["hundred"].append(load.orders(ports, MANY, clients=CLIENTS, seconds=ROUND_S))
    hot_of_bare = [hot.rate / bare.rate for hot, bare in zip(loads["hot"], loads["bare"], strict=True)]
    return {
        "clients": CLIENTS,
        "web processes": WEB_PROCESSES,
        **_summary("bare transaction", loads["bare"]),
        **_summary("one hot item", loads["hot"]),
        **_summary("100 items", loads["hundred"]),
        "hot, of the bare rate": round(median(hot_of_bare), 2),
    }


def _summary(name: str, rounds: list[Load]) -> Figures:
    waits = Load(waits_ms=[wait for each in rounds for wait in each.waits_ms])
    others = {outcome for each in rounds for outcome in each.outcomes} - {"done"}
    return {
        f"{name}: a second": round(median(each.rate for each in rounds)),
        f"{name}: rounds": " ".join(f"{each.rate:.0f}" for each in rounds),
        f"{name}: p50 ms": round(waits.percentile(0.5), 1),
        f"{name}: p99 ms": round(waits.percentile(0.99), 1),
        **{f"{name}: {outcome}": sum(each.outcomes[outcome] for each in rounds) for outcome in sorted(others)},
    }
