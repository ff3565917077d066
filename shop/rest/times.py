"""Calls of the API speak UTC, whatever the shop's time zone is: it is for people, on pages and in mails."""

from collections.abc import Callable
from datetime import UTC

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone


class CallsInUtc:
    """Run what is below /api/ in UTC. A time that is sent without a zone is meant so, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith("/api/"):
            return self._get_response(request)
        with timezone.override(UTC):
            return self._get_response(request)
