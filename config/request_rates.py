"""How often forms and searches may be sent from one network (django-ratelimit, counted in the shared cache).

What is limited elsewhere is not counted twice: orders in `orders.rate_limits`, passwords in `shop.people.guesses`,
what one person says in `streams.chat.messages`. A network may be a whole office or a mobile carrier, so these bounds
are far above what people do. With the cache away everything is let through, and logged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django_ratelimit.core import get_usage

from config import refusals
from shop.http.network import network

OTHERWISE_S = 60
"""After which trying again helps, where whoever answered 429 has not said so."""


@dataclass(frozen=True)
class Rate:
    """Of requests with this method; `asks`: only those that have a query."""

    rate: str
    method: str = "POST"
    asks: bool = False


RATES = {
    "account_login": Rate("300/m"),
    "admin:login": Rate("300/m"),
    "account_signup": Rate("60/m"),
    "account_reset_password": Rate("30/m"),
    "account_reset_password_from_key": Rate("60/m"),
    "account_reauthenticate": Rate("60/m"),
    "account_change_password": Rate("60/m"),
    "account_email": Rate("60/m"),
    "api-tokens": Rate("60/m"),
    "streams:say": Rate("3000/m"),
    "api-comments": Rate("3000/m"),
    "shop:products": Rate("3000/m", method="GET", asks=True),
    "api-products": Rate("3000/m", method="GET", asks=True),
}
"""By the name of the view's address."""


class RequestRatesMiddleware:
    """Answer 429, and when to try again, once a network has sent a form or a search too often."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self._get_response(request)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and not request.path.startswith(refusals.OWN_ANSWERS):
            answer.headers.setdefault("Retry-After", str(OTHERWISE_S))
        return answer

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        rate = RATES.get(name)
        if rate is None or request.method != rate.method or (rate.asks and not request.META.get("QUERY_STRING")):
            return None
        usage = get_usage(
            request, group=name, key=lambda _group, asked: network(asked), rate=rate.rate, increment=True
        )
        if not usage or not usage["should_limit"]:
            return None
        return refusals.refuse(request, HTTPStatus.TOO_MANY_REQUESTS, retry_after_s=max(1, usage["time_left"]))
