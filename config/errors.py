"""What is answered when something breaks: 503 while the database can't be reached, else 500."""

import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import defaults

from inventory.exceptions import StockBusy
from shop.rest import problems

RETRY_S = 2
# Of what PostgreSQL itself says (SQLSTATE): no connection, shutting down or starting up, too many connections.
GONE = ("08", "57P", "53300")


class BusyMiddleware:
    """Turn the loss of the database in a view, or a lock not had in time, into 503.

    What other middleware runs into comes to `server_error`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return _busy(request) if isinstance(error, StockBusy) or is_away(error) else None


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception that nobody caught, wherever it was raised (handler500)."""
    if is_away(sys.exc_info()[1]):
        return _busy(request)
    if _is_call(request):
        return problems.plain(500, "error", _("Something went wrong on our side."))
    return defaults.server_error(request)


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that there is no connection to the database, or none any more.

    What the client itself says of a connection (not given in time, refused, closed) has no SQLSTATE.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(GONE)


def _busy(request: HttpRequest) -> HttpResponse:
    if _is_call(request):
        answer = problems.plain(503, "busy", _("Very busy at the moment. Try again in a few seconds."))
    else:
        answer = render(request, "503.html", status=503)
    answer["Retry-After"] = str(RETRY_S)
    return answer


def _is_call(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
