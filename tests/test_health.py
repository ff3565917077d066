"""Liveness touches nothing; readiness asks every dependency and says which one is away."""

from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings


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
