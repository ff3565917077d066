"""A web application that says what reached it: who asked, as far as it is believed, and how much was sent."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.core.handlers.wsgi import WSGIRequest

django.setup()

from config import wsgi  # noqa: E402 (there are settings only now)
from shop.http.network import client_address  # noqa: E402


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    wsgi.measure(environ)
    request = WSGIRequest(environ)
    body = request.read()
    answer = {
        "address": client_address(request),
        "is_secure": request.is_secure(),
        "path": environ["PATH_INFO"],
        "bytes": len(body),
        "digest": hashlib.sha256(body).hexdigest(),
    }
    if request.path == "/large":
        answer["filler"] = "x" * 10_000_000
    text = json.dumps(answer).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
    return [text]
