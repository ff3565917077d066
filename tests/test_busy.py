"""A database out of reach is answered with 503 and when to come back; any error of a call is a problem."""

import psycopg
import psycopg_pool
import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from psycopg import errors

from config.errors import RETRY_S


@pytest.fixture
def _no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError("couldn't get a connection after 2.00 sec") from psycopg_pool.PoolTimeout("timeout")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.ensure_connection", refuse)


@pytest.mark.usefixtures("_no_connection")
def test_a_page_says_to_wait(client: Client) -> None:
    answer = client.get("/shop/")

    assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_S))
    assert "Wait a few seconds, then try again." in answer.content.decode()


@pytest.mark.usefixtures("_no_connection")
def test_a_call_gets_a_problem(client: Client) -> None:
    answer = client.post("/api/v1/orders", "{}", content_type="application/json", headers={"Authorization": "Token x"})

    assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_S))
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "busy"


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception, cause: Exception | None = None) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise error from cause

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.ensure_connection", refuse)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OperationalError(), errors.AdminShutdown()),
        (OperationalError(), errors.CannotConnectNow()),
        (OperationalError(), psycopg.OperationalError("server closed the connection unexpectedly")),
        (InterfaceError("connection already closed"), None),
    ],
)
def test_a_lost_connection_is_no_error_page(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, cause: Exception | None
) -> None:
    fail_with(monkeypatch, error, cause)

    answer = client.get("/shop/")

    assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_S))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/shop/", "/api/v1/products"])
def test_a_connection_lost_while_the_session_is_kept_is_no_error_page(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def lose(*args: object) -> None:
        raise OperationalError from errors.AdminShutdown()

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_response", lose)
    client.raise_request_exception = False

    answer = client.get(path)

    assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_S))
    assert answer["Content-Type"].startswith("application/problem" if "api" in path else "text/html")


@pytest.mark.parametrize("path", ["/shop/", "/api/v1/products"])
def test_any_other_error_stays_an_error(client: Client, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    fail_with(monkeypatch, OperationalError(), errors.QueryCanceled())
    client.raise_request_exception = False

    answer = client.get(path)

    assert answer.status_code == 500
    assert answer["Content-Type"].startswith("application/problem" if "api" in path else "text/html")
