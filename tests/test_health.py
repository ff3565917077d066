"""Liveness touches nothing; readiness asks every dependency and says which one is away."""

from collections import namedtuple

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from config import health


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
