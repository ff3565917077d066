"""Forms and searches have a limit for each network, and its answer says when to come back."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from config import request_rates
from config.request_rates import RATES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_rates, "RATES", {name: replace(rate, rate="3/h") for name, rate in RATES.items()})


ARGUMENTS = {
    "streams:say": {"slug": "kiln"},
    "api-comments": {"slug": "kiln"},
    "account_reset_password_from_key": {"uidb36": "1", "key": "x-y"},
}


@pytest.mark.parametrize("name", RATES)
def test_a_network_is_told_to_wait(client: Client, name: str) -> None:
    path = reverse(name, kwargs=ARGUMENTS.get(name, {}))
    method = RATES[name].method
    ask = client.get if method == "GET" else client.post

    statuses = [ask(f"{path}?q=x", REMOTE_ADDR=f"2001:db8::{number}").status_code for number in range(3)]
    refused = ask(f"{path}?q=x", REMOTE_ADDR="2001:db8::ffff")

    assert 429 not in statuses
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3600
    kind = "application/problem+json" if "/api/" in path else "text/html; charset=utf-8"
    assert refused["Content-Type"] == kind
    assert ask(f"{path}?q=x", REMOTE_ADDR="2001:db8:0:1::1").status_code != 429


def test_looking_around_is_not_searching(client: Client) -> None:
    assert {client.get("/shop/").status_code for _ in range(5)} == {200}
    assert {client.get("/accounts/login/").status_code for _ in range(5)} == {200}


def test_ordinary_bounds_are_far_above_what_one_person_does() -> None:
    assert min(int(rate.rate.partition("/")[0]) for rate in RATES.values()) >= 30
