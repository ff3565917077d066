"""Milliseconds that counting 5,000 viewers of one show takes: on a realtime process's event loop, and in Redis.

Once a second each process counts its viewers on the loop, and tells Redis in a thread. `first` is the beat that tells
of 5,000 people at once, as after a reconnection; `next` any other, with 1 % of them changed.
"""

import statistics
import time
from typing import Any

from bench import lab
from bench.report import Figures

SEATS = 5000
CHANGED = 50
BEATS = 100


def run() -> Figures:
    with lab.databases():
        from django.conf import settings
        from redis import Redis

        from realtime import topic_log, viewer_counts
        from realtime.viewer_counts import ViewerList

        topic = topic_log.session_topic("measured")
        words = [
            viewer_counts.word_of(topic, viewer_counts.account(number)) for number in range(SEATS + CHANGED * BEATS)
        ]
        began = time.perf_counter()
        viewer_counts.word_of(topic, viewer_counts.visitor("a=b", network="203.0.113.7", agent="Mozilla/5.0"))
        word_ms = 1000 * (time.perf_counter() - began)
        redis = Redis.from_url(settings.REDIS_URL)
        viewers = ViewerList()
        on_loop, in_redis = [], []
        for beat in range(BEATS):
            seated = words[beat * CHANGED : beat * CHANGED + SEATS]
            redis.config_resetstat()
            began = time.perf_counter()
            present = viewers.count(seated, is_on_air=True)
            called = time.perf_counter()
            heads = topic_log.beat("measured", {topic: present})
            answered = time.perf_counter()
            viewers.told(heads[topic].epoch)
            on_loop.append(1000 * (called - began + time.perf_counter() - answered))
            in_redis.append(_script_ms(redis))
        counted = viewer_counts.audiences(["measured"])["measured"].unique_viewers
    return {
        "a viewer's word, at the join (ms)": word_ms,
        "on the loop, first (ms)": on_loop[0],
        "on the loop, next: middle (ms)": statistics.median(on_loop[1:]),
        "on the loop, next: slowest (ms)": max(on_loop[1:]),
        "in Redis, first (ms)": in_redis[0],
        "in Redis, next: middle (ms)": statistics.median(in_redis[1:]),
        "unique viewers counted, of 100 that came": 100 * counted / (SEATS + CHANGED * (BEATS - 1)),
    }


def _script_ms(redis: Any) -> float:
    """Return how long Redis ran scripts since its figures were cleared."""
    figures = redis.info("commandstats")
    return sum(figures.get(name, {}).get("usec", 0) for name in ("cmdstat_evalsha", "cmdstat_eval")) / 1000
