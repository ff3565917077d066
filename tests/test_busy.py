"""A pool without a free connection is answered with 503 and when to come back, not with an error page."""

import psycopg_pool
import pytest
from django.db import OperationalError
from django.test import Client

from config.busy import RETRY_S


@pytest.fixture
def _no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError("couldn't get a connection after 2.00 sec") from psycopg_pool.PoolTimeout("timeout")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.ensure_connection", refuse)


@pytest.mark.usefixtures("_no_connection")
def test_a_page_says_to_wait(client: Client) -> None:
    answer = client.get("/shop/")

    assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_S))
    assert "Nothing was changed and nothing was charged." in answer.content.decode()


@pytest.mark.usefixtures("_no_connection")
def test_a_call_gets_a_problem(client: Client) -> None:
    answer = client.post("/api/v1/orders", "{}", content_type="application/json", headers={"Authorization": "Token x"})

    assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_S))
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "busy"


@pytest.mark.usefixtures("_no_connection")
def test_any_other_database_error_stays_an_error(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(*args: object, **kwargs: object) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.ensure_connection", break_off)
    client.raise_request_exception = False

    assert client.get("/shop/").status_code == 500
