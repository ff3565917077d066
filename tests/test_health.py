"""Liveness touches nothing; readiness asks every dependency and says which one is away."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from channels.db import database_sync_to_async
from django.db import OperationalError, connection, connections
from django.test import Client
from pytest_django import Settings

from realtime.routing import pages
from streams.ingest.camera.server import Server as CameraServer


def test_health_answers_without_a_database(client: Client) -> None:
    # Not marked django_db: any query would fail the test.
    response = client.get("/health")

    assert response.status_code == 200
    assert response.json() == {"status": "OK"}


@pytest.mark.django_db
def test_ready_when_all_dependencies_answer(client: Client) -> None:
    response = client.get("/ready")

    assert response.status_code == 200
    assert response.json() == {"checks": {"database": "ok", "redis": "ok", "media": "ok"}}


@pytest.mark.django_db
def test_not_ready_without_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(connection, "cursor", refuse)

    response = client.get("/ready")

    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "away: OperationalError", "redis": "ok", "media": "ok"}


@pytest.mark.django_db
def test_not_ready_without_redis(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody-listens.sock"

    response = client.get("/ready")

    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "ok", "redis": "away: ConnectionError", "media": "ok"}


@pytest.mark.django_db
def test_not_ready_without_a_media_folder(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "gone"

    response = client.get("/ready")

    assert response.status_code == 503
    assert response.json()["checks"]["media"] != "ok"


# --- The other kinds of processes ---


async def realtime(path: str, *headers: tuple[bytes, bytes]) -> tuple[int, str]:
    """Return what the realtime server answers."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        raise AssertionError("nobody reads a body")

    scope = {"type": "http", "path": path, "method": "GET", "client": ("127.0.0.1", 1), "headers": list(headers)}
    await pages(scope, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


async def media(path: str, *headers: tuple[bytes, bytes]) -> tuple[int, str]:
    """Return what the media process answers, at the port that its door for cameras has."""
    server = CameraServer(open=None)  # type: ignore[arg-type]
    await server.listen("127.0.0.1", 0)
    try:
        answer = await asyncio.to_thread(
            requests.get, f"http://127.0.0.1:{server.port}{path}", headers=dict(headers), timeout=10
        )
        return answer.status_code, answer.text
    finally:
        await server.close()


Ask = Callable[..., Any]
of_each = pytest.mark.parametrize("ask", [realtime, media])
STRANGER = (b"x-forwarded-for", b"203.0.113.7")


@of_each
@pytest.mark.django_db(transaction=True)
async def test_each_kind_of_process_says_whether_it_is_ready(ask: Ask, settings: Settings, tmp_path: Path) -> None:
    assert await ask("/ready") == (200, '{"checks": {"database": "ok", "redis": "ok", "media": "ok"}}')

    settings.MEDIA_ROOT = tmp_path / "gone"
    status, text = await ask("/ready")
    assert (status, '"redis": "ok"' in text, '"media": "ok"' in text) == (503, True, False)
    await database_sync_to_async(connections.close_all)()


@of_each
async def test_each_kind_of_process_lives_and_counts(ask: Ask) -> None:
    assert await ask("/health") == (200, '{"status":"OK"}')
    status, text = await ask("/metrics")
    assert (status, "process_resident_memory_bytes" in text) == (200, True)


@of_each
@pytest.mark.parametrize("path", ["/ready", "/metrics"])
async def test_strangers_learn_nothing_of_it(ask: Ask, path: str) -> None:
    status, text = await ask(path, STRANGER)
    assert (status, "checks" in text, "memory" in text) == (403, False, False)
