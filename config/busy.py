"""What is answered when every database connection is taken: wait a little, not an error page."""

from collections.abc import Callable

import psycopg_pool
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

RETRY_S = 2


class BusyMiddleware:
    """Turn a connection that the pool could not give in time into 503.

    A request asks for its connection once, at its first query, so nothing was changed by then.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not (isinstance(error, OperationalError) and isinstance(error.__cause__, psycopg_pool.PoolTimeout)):
            return None
        answer = _problem() if request.path.startswith("/api/") else render(request, "503.html", status=503)
        answer["Retry-After"] = str(RETRY_S)
        return answer


def _problem() -> JsonResponse:
    body = {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "code": "busy",
        "detail": _("Very busy at the moment. Nothing was changed."),
    }
    return JsonResponse(body, status=503, content_type="application/problem+json")
