"""What belongs to one person is kept by nobody else: caches, logs, strangers at the operator's addresses."""

import json
import logging
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from pytest_django import Settings

from config.logs import formatter
from orders import access
from orders.models import Order
from realtime import routing
from shop.http.insiders import may_look
from tests.support.api_client import Caller
from tests.support.archivable_orders import make_over
from tests.support.factories import make_product, make_user

pytestmark = pytest.mark.django_db

OWN_PAGES = ["/accounts/", "/accounts/login/", "/accounts/email/", "/accounts/addresses/new/", "/accounts/devices/"]
OWN_PAGES += ["/cart/", "/wishlist/", "/notices/", "/checkout/", "/orders/", "/host/", "/admin/"]
OWN_CALLS = ["me", "cart", "wishlist", "orders", "host/sessions", "products", "sessions", "availability?sku=x"]


@pytest.mark.parametrize("path", OWN_PAGES)
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_ones_own_pages_are_kept_nowhere(client: Client, path: str, is_signed_in: bool) -> None:
    if is_signed_in:
        client.force_login(make_user(is_host=True, is_staff=True))

    assert "no-store" in client.get(path)["Cache-Control"]


@pytest.mark.parametrize("path", OWN_CALLS)
def test_calls_of_somebody_known_are_kept_nowhere(client: Client, path: str) -> None:
    user = make_user(is_host=True)
    client.force_login(user)

    assert "no-store" in Caller(user).get(path)["Cache-Control"]
    assert "no-store" in client.get(f"/api/v1/{path}")["Cache-Control"]


def test_what_everybody_may_see_may_be_kept(client: Client) -> None:
    for path in ("/api/v1/products", "/shop/", "/"):
        assert "no-store" not in client.get(path).get("Cache-Control", "")


@pytest.mark.django_db(transaction=True)
def test_an_order_opened_by_a_word_is_for_that_word_alone(client: Client) -> None:
    make_product(skus=("VASE",), stock=9)
    order = make_over(session="", days=0)
    headers = {"Order-Access": access.token(order)}

    answers = [client.get(f"/api/v1/orders/{order.id}", headers=headers), client.get(f"/api/v1/orders/{order.id}")]
    answers.append(client.post(f"/api/v1/orders/{order.id}/cancel", headers=headers))

    assert [answer.status_code for answer in answers] == [200, 404, 409]
    for answer in answers:
        assert "Order-Access" in answer["Vary"]
        assert "no-store" in answer["Cache-Control"]


# --- Logs ---


def written(record: logging.LogRecord, *, is_plain: bool = False) -> str:
    return formatter(is_plain=is_plain).format(record)


def record(message: str, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("django.request", logging.WARNING, "", 0, message, None, None)
    vars(made).update(extra)
    return made


SECRET = "0123456789abcdef" * 4


@pytest.mark.parametrize("is_plain", [False, True])
@pytest.mark.parametrize(
    "address",
    [
        f"/orders/{uuid.UUID(int=1)}/?access={SECRET}",
        f"/orders/{uuid.UUID(int=1)}/pay/?x=1&access={SECRET}&y=2",
        f"/accounts/password/reset/key/{SECRET}/",
        f"/accounts/confirm-email/{SECRET}/",
        f"/media/for/{SECRET}/sessions/x/index.m3u8",
    ],
)
def test_no_word_that_opens_something_stands_in_a_log(address: str, is_plain: bool) -> None:
    request = RequestFactory().get(address)
    request.user = AnonymousUser()
    for made in (
        record(f"Not Found: {address}"),
        record("Not Found: %s", args=(address,)),
        record("Not Found", request=request),
        record("asked", headers={"Order-Access": SECRET, "Authorization": f"Token {SECRET}"}, url=address),
    ):
        assert SECRET not in written(made, is_plain=is_plain)


def test_a_log_still_says_which_page_failed() -> None:
    request = RequestFactory().get(f"/orders/?access={SECRET}&page=2")

    line = json.loads(written(record("Not Found: /orders/", request=request)))

    assert (line["event"], line["request"]) == ("Not Found: /orders/", "GET /orders/")


def test_a_traceback_holds_no_word(client: Client, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """As it is written, through Django's own warning of an error."""
    client.raise_request_exception = False
    order = Order(id=uuid.uuid4())

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError(f"/orders/{order.id}/?access={SECRET} failed")

    monkeypatch.setattr("orders.access.find_order", fail)
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(is_plain=False))
    logging.getLogger("django.request").addHandler(handler)
    try:
        assert client.get(f"/orders/{order.id}/?access={SECRET}").status_code == 500
    finally:
        logging.getLogger("django.request").removeHandler(handler)

    said = capfd.readouterr()
    assert "RuntimeError" in said.err
    assert SECRET not in said.err + said.out


def test_no_page_tells_the_next_one_its_address(client: Client) -> None:
    assert client.get("/shop/")["Referrer-Policy"] == "strict-origin"


# --- The operator's addresses ---


@pytest.mark.parametrize("path", ["/metrics", "/ready"])
def test_strangers_learn_nothing_of_the_machine(client: Client, settings: Settings, path: str) -> None:
    settings.METRICS_TOKEN = "a-word-for-prometheus"

    assert client.get(path).status_code == 200
    assert client.get(path, REMOTE_ADDR="203.0.113.7").status_code == 403
    assert client.get(path, headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403
    right = {"Authorization": "Bearer a-word-for-prometheus", "X-Forwarded-For": "203.0.113.7"}
    assert client.get(path, headers=right).status_code == 200
    assert client.get(path, headers={**right, "Authorization": "Bearer another"}).status_code == 403
    assert client.get("/health", REMOTE_ADDR="203.0.113.7").status_code == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "may"),
    [
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("::ffff:127.0.0.1", "", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.1, 203.0.113.7", False),
        ("127.0.0.1", "203.0.113.7, 127.0.0.1", False),
        ("127.0.0.1", "nonsense", False),
        ("10.0.0.1", "", False),
        ("", "", False),
    ],
)
def test_only_what_passed_nothing_but_this_machine_is_its_own(peer: str, forwarded: str, may: bool) -> None:
    assert may_look(peer=peer, forwarded=forwarded, authorization="") is may
    assert may_look(peer=peer, forwarded=forwarded, authorization="Bearer ") is may


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        (("127.0.0.1", 1), [], 200),
        (("203.0.113.7", 1), [], 403),
        (("127.0.0.1", 1), [(b"x-forwarded-for", b"203.0.113.7")], 403),
        (("203.0.113.7", 1), [(b"authorization", b"Bearer a-word")], 200),
    ],
)
async def test_the_realtime_servers_counters_are_closed_too(
    settings: Settings, client: tuple[str, int], headers: list[tuple[bytes, bytes]], status: int
) -> None:
    settings.METRICS_TOKEN = "a-word"
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/metrics", "method": "GET", "client": client, "headers": headers}
    await routing.pages(scope, None, send)  # type: ignore[arg-type]

    assert sent[0]["status"] == status


# --- Headers ---


def test_every_answer_says_what_pages_may_do(client: Client) -> None:
    for path in ("/", "/admin/login/", "/api/v1/products", "/no/such"):
        answer = client.get(path)
        assert "geolocation=()" in answer["Permissions-Policy"]
        assert "camera=(self)" in answer["Permissions-Policy"]
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["X-Content-Type-Options"] == "nosniff"
