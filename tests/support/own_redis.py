"""A Redis of a test's own, or none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.embedded import redis as embedded
from config.launcher import processes
from realtime import topic_log
from shop import redis_pool


class OwnRedis:
    """A Redis of the test's own, to be stopped and started."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.program = embedded.prepare(home, is_durable=False)
        self.url = f"unix://{self.program.argv[self.program.argv.index('--unixsocket') + 1]}"

    def start(self) -> None:
        with (self.home / "redis.log").open("ab") as output:
            self.process = processes.spawn(embedded.prepare(self.home, is_durable=False), output=output)
        processes.wait_until_ready(self.process, self.program, within_s=20)

    def stop(self) -> None:
        processes.stop(self.process, self.program)


@contextmanager
def started(home: Path, settings: Any) -> Iterator[OwnRedis]:
    """Have this process use a Redis of its own for a while; `settings` puts things back (pytest-django)."""
    server = OwnRedis(home)
    settings.REDIS_URL = server.url
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    _forget_clients()
    server.start()
    yield server
    server.stop()
    _forget_clients()


def nowhere() -> redis.Redis:
    """Return a client of a Redis that is away, to take the place of redis_pool.client."""
    return redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))


def _forget_clients() -> None:
    redis_pool.client.cache_clear()
    redis_pool.patient_client.cache_clear()
    topic_log._script.cache_clear()
