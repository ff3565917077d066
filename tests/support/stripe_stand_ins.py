"""What stands in for Stripe, which tests can't reach: localstripe in a process of its own, and prepared answers.

localstripe knows payment intents, cards, refunds and signed webhooks. It knows no idempotency keys, no rate limits, no
refunds that fail, and nothing of `amount_received`; for those `Answers` replays shapes written after Stripe's API
reference. docs/payments.md says so, too.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import requests
from pytest_django import Settings

from tests.support.realtime_servers import eventually
from tests.support.showfloor import free_ports

SECRET_KEY = "sk_test_only_for_tests"
WEBHOOK_SECRET = "whsec_only_for_tests"

GOOD_CARD = "pm_card_visa"
DECLINED_CARD = "pm_card_chargeCustomerFail"


class LocalStripe:
    """A localstripe process, and what a buyer's browser would do with it."""

    def __init__(self, log: Path) -> None:
        self.port = free_ports()["PORT"]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "localstripe", "--port", str(self.port), "--from-scratch"],
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> None:
        eventually(self._answers, within_s=30)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def send_webhooks_to(self, url: str) -> None:
        config = {"url": url, "secret": WEBHOOK_SECRET}
        requests.post(f"{self.url}/_config/webhooks/shop", json=config, timeout=5).raise_for_status()

    def pay(self, ref: str, card: str = GOOD_CARD) -> int:
        """Give a card for an intent and confirm it, as the card form does; return the HTTP status."""
        given = self._post(f"payment_intents/{ref}", {"payment_method": card})
        confirmed = self._post(f"payment_intents/{ref}/confirm") if given.ok else given
        return confirmed.status_code

    def intent(self, ref: str) -> dict[str, Any]:
        return dict(self._get(f"payment_intents/{ref}"))

    def refunds(self, ref: str) -> list[dict[str, Any]]:
        return list(self._get(f"refunds?payment_intent={ref}")["data"])

    def _post(self, path: str, data: dict[str, str] | None = None) -> requests.Response:
        return requests.post(f"{self.url}/v1/{path}", data=data, auth=(SECRET_KEY, ""), timeout=5)

    def _get(self, path: str) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/v1/{path}", auth=(SECRET_KEY, ""), timeout=5)
        answer.raise_for_status()
        return dict(answer.json())

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"localstripe ended with {self.process.returncode}"
        try:
            return requests.get(f"{self.url}/js.stripe.com/v3/", timeout=1).status_code == 200
        except requests.RequestException:
            return False


@contextmanager
def local_stripe(folder: Path) -> Iterator[LocalStripe]:
    server = LocalStripe(folder / "localstripe.log")
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


@dataclass
class Asked:
    """One request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    data: dict[str, str]


@dataclass
class Answers:
    """A server that answers what it was told to, and remembers what it was asked.

    `said` maps "METHOD /path" to answers of (status, body), given in turn, the last one for ever. None: no answer.
    """

    said: dict[str, list[tuple[int, Any] | None]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    is_over: threading.Event = field(default_factory=threading.Event)

    def say(self, call: str, *answers: tuple[int, Any] | None) -> None:
        self.said[call] = list(answers)

    def next(self, call: str) -> tuple[int, Any] | None:
        answers = self.said.get(call, [(404, error("resource_missing", "No such thing"))])
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def prepared_answers() -> Iterator[Answers]:
    answers = Answers()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length).decode() if length else parts.query
            data = {name: values[0] for name, values in parse_qs(sent).items()}
            answers.asked.append(Asked(self.command, parts.path, dict(self.headers), data))
            answer = answers.next(f"{self.command} {parts.path}")
            if answer is None:
                answers.is_over.wait(30)
                return
            status, body = answer
            content = body if isinstance(body, bytes) else orjson.dumps(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 (the name is the library's)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    answers.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        answers.is_over.set()
        server.shutdown()
        server.server_close()


def use(settings: Settings, url: str) -> None:
    """Have the shop take money by Stripe, which is found at this address."""
    settings.PAYMENT_PROVIDER = "stripe"
    settings.STRIPE_API_BASE = url
    settings.STRIPE_SECRET_KEY = SECRET_KEY
    settings.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET
    settings.STRIPE_PUBLISHABLE_KEY = "pk_test_only_for_tests"


def intent(ref: str = "pi_1", **changed: Any) -> dict[str, Any]:
    """Return a payment intent as Stripe writes it, as far as we read it."""
    return {
        "id": ref,
        "object": "payment_intent",
        "amount": 8600,
        "amount_received": 0,
        "currency": "usd",
        "status": "requires_payment_method",
        "client_secret": f"{ref}_secret_word",
        "latest_charge": None,
        "last_payment_error": None,
        "livemode": False,
        "metadata": {},
        **changed,
    }


def refund(key: str, **changed: Any) -> dict[str, Any]:
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 8600,
        "currency": "usd",
        "payment_intent": "pi_1",
        "charge": "ch_1",
        "status": "succeeded",
        "metadata": {"key": key},
        **changed,
    }


def listed(*things: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "data": list(things), "has_more": False, "url": "/v1/refunds"}


def error(code: str, message: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"type": kind, "code": code, "message": message}}
