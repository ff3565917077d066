"""Ordering over REST: requests, and what every error must look like."""

from typing import Any

import orjson
from django.http import HttpResponse
from django.test import Client

from shop.models import User
from shop.people import tokens

KEY = "0123456789abcdef"
ADDRESS = {
    "name": "A Guest",
    "line1": "4 Example Lane",
    "city": "New Delhi",
    "postal_code": "110001",
    "country": "IN",
}
JSON = "application/json"


def body(*lines: tuple[str, int], **changed: Any) -> dict[str, Any]:
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines or [("VASE", 1)]]
    return {"lines": wanted, "email": "guest@example.com", "address": ADDRESS} | changed


def post(client: Client, data: Any, *, key: str | None = KEY, **headers: str) -> Any:
    if key is not None:
        headers["Idempotency-Key"] = key
    return client.post("/api/v1/orders", data, content_type=JSON, headers=headers)


def token(user: User) -> dict[str, str]:
    return {"Authorization": f"Token {tokens.issue(user)}"}


def assert_problem(answer: HttpResponse, status: int, code: str) -> dict[str, Any]:
    problem: dict[str, Any] = orjson.loads(answer.content)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert problem["type"] == "about:blank"
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"]
    assert problem["detail"]
    return problem
