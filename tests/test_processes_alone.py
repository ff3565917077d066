"""Each process alone, by the commands that docs/operations.md gives, against servers of somebody else's."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import orjson
import psycopg
import pytest
import requests
from django.conf import settings
from websockets.sync.client import connect

from config.launcher.processes import popen_options, signal_group
from config.launcher.programs import ALONE
from tests.support.realtime_servers import ROOT, eventually
from tests.support.showfloor import free_ports

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
PROCESSES = re.findall(r"\| `(manage\.py run \w+)` \|$", DOCUMENT, re.MULTILINE)
ONCE = re.findall(r"^    (manage\.py .+)$", DOCUMENT, re.MULTILINE)


@pytest.fixture
def machine() -> Iterator[dict[str, str]]:
    """Settings of a machine with nothing on it but addresses of a new database and of Redis."""
    name = "alone_" + os.urandom(4).hex()
    database = settings.DATABASES["default"]
    where = f"host={database['HOST']} user={database['USER']}"
    with psycopg.connect(f"{where} dbname=postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        with tempfile.TemporaryDirectory(prefix="showfloor-alone-") as home:
            kept = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG", "TMPDIR"}}
            ports = {key: str(port) for key, port in free_ports().items()}
            yield {
                **kept,
                **ports,
                "SHOWFLOOR_HOME": home,
                "SECRET_KEY": os.urandom(32).hex(),
                "DATABASE_URL": f"postgres://{database['USER']}@/{database['HOST']}/{name}",
                "REDIS_URL": f"{settings.REDIS_URL}?db=9",
                "ADMIN_PASSWORD": os.urandom(12).hex(),
                "PYTHONUNBUFFERED": "1",
            }
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(command: str, machine: dict[str, str]) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, *command.split()]
    return subprocess.run(argv, cwd=ROOT, env=machine, capture_output=True, text=True, timeout=120, check=False)


def test_the_document_names_every_process() -> None:
    assert [command.split()[-1] for command in PROCESSES] == list(ALONE)
    assert len(ONCE) == 4


def test_every_process_runs_alone_by_its_documented_command(machine: dict[str, str]) -> None:
    for command in ONCE:
        result = manage(command, machine)
        assert result.returncode == 0, f"{command}: {result.stderr}"
    url = f"http://127.0.0.1:{machine['PORT']}"
    logs = Path(machine["SHOWFLOOR_HOME"])
    with ExitStack() as stack:
        started = {}
        for command in PROCESSES:
            log = stack.enter_context((logs / f"{command.split()[-1]}.log").open("wb"))
            process = start(command, machine, log.fileno())
            stack.callback(signal_group, process.pid, signal.SIGKILL)
            started[command] = process

        def are_up() -> bool:
            for command, process in started.items():
                words = (logs / f"{command.split()[-1]}.log").read_text()
                assert process.poll() is None, f"{command} ended with {process.returncode}: {words}"
            return is_ready(url)

        eventually(are_up, within_s=60)
        # Pages and files through the door, sockets through the door, and nothing but the door for others.
        home = requests.get(url, timeout=10)
        [style] = re.findall(r'href="(/static/css/tokens\.[0-9a-f]{12}\.css)"', home.text)
        assert "immutable" in requests.get(f"{url}{style}", timeout=10).headers["Cache-Control"]
        with connect(f"{url.replace('http', 'ws')}/ws/site/", open_timeout=30) as socket:
            socket.send(orjson.dumps({"type": "hello", "v": 1}).decode())
            assert orjson.loads(socket.recv(timeout=30))["type"] == "welcome"
        body = {"email": "admin@example.com", "password": machine["ADMIN_PASSWORD"]}
        assert requests.post(f"{url}/api/v1/tokens", json=body, timeout=10).status_code == 201
        for process in started.values():
            process.send_signal(signal.SIGTERM)
        assert [process.wait(15) is not None for process in started.values()] == [True] * len(started)


def start(command: str, machine: dict[str, str], output: int) -> subprocess.Popen[bytes]:
    from config.launcher.processes import Program

    argv = [sys.executable, *command.split()]
    options = popen_options(Program(name=command, argv=argv, folder=ROOT)) | {"env": machine}
    return subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, **options)


def is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/ready", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def test_there_is_one_first_admin(machine: dict[str, str]) -> None:
    assert manage(ONCE[0], machine).returncode == 0

    weak = manage("manage.py first_admin admin@example.com", machine | {"ADMIN_PASSWORD": "12345"})
    wrong = manage("manage.py first_admin nobody", machine)
    first = manage("manage.py first_admin Admin@Example.com", machine)
    second = manage("manage.py first_admin other@example.com", machine)

    assert [result.returncode for result in (weak, wrong, first, second)] == [2, 2, 0, 1]
    assert "too short" in weak.stderr
    assert "There is an admin already" in second.stderr


def test_a_process_that_there_is_not_is_bad_usage(machine: dict[str, str]) -> None:
    result = manage("manage.py run everything", machine)

    assert result.returncode == 2
    assert "invalid choice: 'everything'" in result.stderr
    assert manage("manage.py run worker --port 1", machine).returncode == 2
