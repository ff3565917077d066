"""Somebody who calls the REST API with a token, or without."""

from typing import Any

import orjson
from django.test import Client

from shop.models import User
from shop.people import tokens


class Caller:
    """Someone with a token, or nobody, who speaks JSON."""

    def __init__(self, user: User | None = None) -> None:
        self.headers = {"Authorization": f"Token {tokens.issue(user)}"} if user else {}
        self.client = Client()

    def call(self, method: str, path: str, body: object = None) -> Any:
        data = orjson.dumps(body) if body is not None else b""
        return self.client.generic(
            method, f"/api/v1/{path}", data, content_type="application/json", headers=self.headers
        )

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: object = None) -> Any:
        return self.call("POST", path, body)
