"""Buyers who order over HTTP, pay, decline, cancel or walk away, and come again when the shop does not answer."""

import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests

LOOKING_S = 0.5  # between visits, at most
PATIENCE_S = 40  # how long a buyer tries the same again
ANSWER_S = 15
ADDRESS = {"name": "A", "line1": "4 Example Lane", "city": "New Delhi", "postal_code": "110001", "country": "IN"}
PRICES = {"VASE": 8600, "BOWL": 1500, "CUP": 700}

# What a buyer does with an order, and how often; what goes wrong with a payment that is made.
FATES = {"pay": 12, "pay and cancel": 3, "decline": 3, "walk away": 3, "cancel": 2}
NASTINESS: list[tuple[str, ...]] = [
    *[()] * 5,
    ("twice",),
    ("twice", "out_of_order"),
    ("late",),
    ("never",),
    ("forged", "stay"),
    ("stay",),
    ("wrong_amount",),
    ("wrong_currency", "twice"),
    ("after_expiry",),
    ("too_many",),
]
# Anything else is an error of the shop's; no answer at all, or the front door's 502, is what happens when it is being
# killed.
EXPECTED = {200, 201, 302, 409, 429, 502, 503}


@dataclass
class Diary:
    """What happened to all buyers together: the orders the shop has confirmed, and the answers it gave."""

    confirmed: dict[str, int] = field(default_factory=dict)  # id to total, in minor units
    deeds: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    lost_answers: int = 0
    faults: list[Exception] = field(default_factory=list)

    def note(self, answer: requests.Response) -> None:
        self.answers[answer.status_code] += 1
        if answer.status_code not in EXPECTED:
            self.odd.append(f"{answer.status_code} {answer.request.method} {answer.url}: {answer.text[:300]}")


class GaveUp(Exception):
    """The shop did not answer for so long that the buyer went away."""


class Customers:
    """So many buyers at once, each with a random mind of its own that a seed decides."""

    def __init__(self, shop: str, *, seed: int, count: int) -> None:
        self.diary = Diary()
        self._is_over = threading.Event()
        self._shop = shop
        self._threads = [
            threading.Thread(target=self._shop_around, args=(number, random.Random(f"{seed} {number}")))
            for number in range(count)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish what they are at."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(4 * PATIENCE_S)
            assert not thread.is_alive()

    def _shop_around(self, number: int, mind: random.Random) -> None:
        visit = 0
        while not self._is_over.is_set():
            visit += 1
            try:
                Visit(self._shop, f"buyer{number}-{visit}@example.com", mind, self.diary).make()
            except GaveUp:
                self.diary.deeds["gave up"] += 1
            except Exception as error:
                self.diary.faults.append(error)
                return
            self._is_over.wait(mind.uniform(0, LOOKING_S))


class Visit:
    """One guest's visit: an order, and what becomes of it."""

    def __init__(self, shop: str, email: str, mind: random.Random, diary: Diary) -> None:
        self._shop = shop
        self._email = email
        self._mind = mind
        self._diary = diary
        self._session = requests.Session()

    def make(self) -> None:
        order = self._order()
        if order is None:
            self._diary.deeds["sold out"] += 1
            return
        self._diary.confirmed[order["id"]] = order["total_minor"]
        fate = self._mind.choices(list(FATES), list(FATES.values()))[0]
        match fate:
            case "pay":
                self._answer(order, "approve")
            case "pay and cancel":
                self._answer(order, "approve")
                self._cancel(order)
            case "decline":
                self._answer(order, "decline")
            case "cancel":
                self._cancel(order)
        self._diary.deeds[fate] += 1

    def _order(self) -> dict[str, Any] | None:
        skus = self._mind.sample(list(PRICES), self._mind.choice([1, 1, 2]))
        wish = {
            "lines": [{"sku": sku, "quantity": self._mind.randint(1, 3)} for sku in skus],
            "email": self._email,
            "address": ADDRESS,
        }
        key = {"Idempotency-Key": f"{self._mind.getrandbits(128):032x}"}
        answer = self._ask("POST", f"{self._shop}/api/v1/orders", json=wish, headers=key)
        body: dict[str, Any] = answer.json()
        if answer.status_code == 409:
            assert body["code"] == "insufficient_stock"
            return None
        assert body["total_minor"] == sum(PRICES[line["sku"]] * line["quantity"] for line in wish["lines"])
        return body

    def _answer(self, order: dict[str, Any], choice: str) -> None:
        """Go to the provider's page, choose, and come back to the shop, or not."""
        page = self._ask("GET", order["payment"]["url"])
        if (token := _csrf(page)) is None:
            return  # the time to pay is over
        switches = self._mind.choice(NASTINESS)
        form = {"csrfmiddlewaretoken": token, "choice": choice, "switches": switches, "late_s": "3"}
        self._ask("POST", page.url, data=form, allow_redirects=self._mind.random() < 0.7)

    def _cancel(self, order: dict[str, Any]) -> None:
        self._ask(
            "POST", f"{self._shop}/api/v1/orders/{order['id']}/cancel", headers={"Order-Access": order["access"]}
        )

    def _ask(self, method: str, url: str, **details: Any) -> requests.Response:
        """Send the same again until the shop gives an answer that counts. Raises GaveUp."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                answer = self._session.request(method, url, timeout=ANSWER_S, **details)
            except requests.RequestException:
                self._diary.lost_answers += 1
                time.sleep(0.3)
                continue
            self._diary.note(answer)
            self._diary.lost_answers += answer.status_code == 502
            if answer.status_code not in {429, 502, 503} and not _is_in_progress(answer):
                return answer
            time.sleep(0.3)
        raise GaveUp


def _csrf(page: requests.Response) -> str | None:
    """Return the token of the provider's form; None where there is none any more."""
    if "/sandbox-pay/" not in page.url:
        return None
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    return found[1] if found else None


def _is_in_progress(answer: requests.Response) -> bool:
    return answer.status_code == 409 and answer.json().get("code") == "idempotency_in_progress"
