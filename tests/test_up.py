"""`manage.py up`, really started: it serves, heals, refuses in one line, and leaves nothing behind."""

import os
import re
import signal
import socket
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psutil
import pytest
import requests
from websockets.sync.client import connect

from config.embedded import owner, postgres
from config.embedded.exceptions import EmbeddedError
from tests.support.showfloor import Showfloor, new_showfloor, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def running() -> Iterator[Showfloor]:
    with new_showfloor() as showfloor:
        showfloor.up("--no-demo")
        yield showfloor


@pytest.fixture
def other() -> Iterator[Showfloor]:
    with new_showfloor() as showfloor:
        yield showfloor


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def test_everything_answers_once_it_says_ready(running: Showfloor) -> None:
    assert requests.get(f"{running.url}/health", timeout=5).json() == {"status": "OK"}
    assert requests.get(f"{running.url}/ready", timeout=5).json() == {
        "checks": {"database": "ok", "redis": "ok", "media": "ok"}
    }
    assert requests.get(f"{running.url}/", timeout=5).status_code == 200
    assert listens(running.ports["REALTIME_PORT"])
    assert listens(running.ports["RTMP_PORT"])


@pytest.mark.parametrize(("name", "word"), [("web", "granian"), ("realtime", "daphne"), ("redis", "unixsocket")])
def test_killed_program_comes_back(running: Showfloor, name: str, word: str) -> None:
    if name == "redis":
        killed = next(p for p in running.processes() if p.name() == "valkey-server")
    else:
        killed = running.program(word)

    killed.kill()

    told = f"{name.ljust(9)} | ended (killed by SIGKILL); starting it again in 0.5 s"
    wait_until(lambda: told in running.output, within_s=10, what=lambda: running.output)
    wait_until(lambda: answers(f"{running.url}/ready"), within_s=30, what=lambda: running.output)
    wait_until(lambda: listens(running.ports["REALTIME_PORT"]), within_s=30, what=lambda: running.output)


def test_web_killed_under_load_fails_no_page(running: Showfloor) -> None:
    """Requests wait at the door until web is back; what had begun is asked again."""
    has_begun = threading.Barrier(9, timeout=120)

    def look() -> list[int]:
        with requests.Session() as session:
            statuses = [session.get(f"{running.url}/shop/", timeout=60).status_code]
            has_begun.wait()
            return statuses + [session.get(f"{running.url}/shop/", timeout=60).status_code for _ in range(15)]

    with ThreadPoolExecutor(8) as people:
        looking = [people.submit(look) for _ in range(8)]
        has_begun.wait()
        running.program("granian").kill()
        statuses = [status for person in looking for status in person.result()]

    assert statuses == [200] * 128
    assert "web       | ended (killed by SIGKILL)" in running.output


def test_only_the_door_listens_to_others(running: Showfloor) -> None:
    """A machine's other programs are on loopback; here all of it is, so the addresses asked for are looked at."""
    web, realtime = (running.program(word).cmdline() for word in ("granian", "daphne"))

    assert web[web.index("--host") + 1] == "127.0.0.1"
    assert any(word.startswith("tcp:") and "interface=127.0.0.1" in word for word in realtime)


def test_without_caddy_everything_serves_its_own_port(running: Showfloor, other: Showfloor) -> None:
    other.environment["CADDY"] = "/nonexistent/caddy"
    other.up("--no-demo")

    [line] = [line for line in other.output.splitlines() if line.startswith("door")]
    why = "Caddy, the front door, does not run on this machine (No such file or directory)"
    assert line == f"door      | {why}: web, realtime and camera open their own ports"
    page = requests.get(f"{other.url}/", timeout=10)
    [style] = re.findall(r'href="(/static/css/tokens\.[0-9a-f]{12}\.css)"', page.text)
    assert requests.get(f"{other.url}{style}", timeout=10).headers["Content-Type"] == "text/css"
    sockets = f"ws://127.0.0.1:{other.ports['REALTIME_PORT']}"
    assert f'content="{sockets}"' in page.text
    assert sockets in page.headers["Content-Security-Policy"]
    with connect(f"{sockets}/ws/site/") as visitor:
        visitor.send('{"type": "hello", "v": 1}')
        assert '"welcome"' in str(visitor.recv(timeout=10))
    with ExitStack() as crowd:
        for _ in range(500):
            idle = socket.create_connection(("127.0.0.1", other.ports["PORT"]), 10)
            crowd.enter_context(closing(idle))
        assert answers(f"{other.url}/health")
    # The other one, with its door, goes on beside it.
    wait_until(lambda: answers(f"{running.url}/health"), within_s=30, what=lambda: running.output)


def test_second_start_on_the_same_home_is_refused(running: Showfloor, other: Showfloor) -> None:
    second = Showfloor(home=running.home, ports=other.ports)

    result = second.refused()

    assert result.returncode == 1
    assert running.process
    assert result.stderr == (
        f"SHOWFLOOR_HOME: {running.home} is in use by a Showfloor that runs already (pid {running.process.pid})\n"
    )


def test_port_in_use_is_refused_by_name(running: Showfloor, other: Showfloor) -> None:
    other.ports["REALTIME_PORT"] = running.ports["REALTIME_PORT"]

    result = other.refused()

    assert result.returncode == 1
    assert result.stderr == (
        f"REALTIME_PORT: port {running.ports['REALTIME_PORT']} is in use by another program; "
        "stop it, or set REALTIME_PORT to another port\n"
    )


def test_term_ends_all_and_the_next_start_keeps_the_data(running: Showfloor) -> None:
    running.manage("shell", "-c", "from shop.models import User; User.objects.create_user('kept@example.com', 'x')")
    below = running.processes()

    assert running.stop(signal.SIGTERM) == 0

    assert [process for process in below if process.is_running()] == []

    # Given the next start, when even `up` itself is killed, then nothing stays either.
    running.up("--no-demo")
    listing = running.manage("shell", "-c", "from shop.models import User; print(User.objects.get().email)")
    assert listing.stdout.splitlines()[-1] == "kept@example.com"
    below = running.processes()
    assert running.process
    running.process.kill()
    running.process.wait()
    _, alive = psutil.wait_procs(below, timeout=15)
    assert alive == []


def test_data_of_another_postgresql_is_refused_with_the_way_out(other: Showfloor) -> None:
    data = other.home / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")

    result = other.refused()

    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert f"{data} was written by PostgreSQL 15" in line
    assert "pg_dump" in line
    assert "docs/operations.md" in line
    assert (data / "PG_VERSION").read_text() == "15\n"


def test_stale_files_of_a_crash_do_not_matter(running: Showfloor) -> None:
    running.stop(signal.SIGKILL)
    (running.home / "run" / "redis" / "redis.sock").touch()
    (running.home / "run" / "up.lock").write_text("999999")
    (running.home / "run" / "children.json").write_text('[{"pid": 999999, "started": 1.0}]')

    running.up("--no-demo")

    assert answers(f"{running.url}/ready")
    below = running.processes()
    assert running.stop(signal.SIGHUP) == 0
    assert [process for process in below if process.is_running()] == []


def test_home_that_postgresqls_user_cannot_reach_is_refused_with_the_folder(other: Showfloor) -> None:
    closed = other.home / "closed"
    (closed / "inside").mkdir(parents=True)
    closed.chmod(0o700)

    with pytest.raises(EmbeddedError, match=rf"can't pass through {closed}: set SHOWFLOOR_HOME"):
        postgres.refuse_closed(closed / "inside", owner.FIRST_UID)

    postgres.refuse_closed(other.home, owner.FIRST_UID)
    postgres.refuse_closed(closed / "inside", os.geteuid())
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
