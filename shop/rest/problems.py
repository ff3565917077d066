"""Errors of the REST API as application/problem+json (RFC 9457)."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from inventory.exceptions import StockBusy

CONTENT_TYPE = "application/problem+json"
BUSY_RETRY_S = 1


class Problem(exceptions.APIException):
    """An answer that is an error: a status, a code for programs, a sentence for people, and data.

    `retry_after_s` becomes the Retry-After header.
    """

    def __init__(
        self, status_code: int, code: str, detail: str, *, retry_after_s: int | None = None, **data: Any
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status_code
        self.data = data
        if retry_after_s is not None:
            self.wait = retry_after_s


def response(status_code: int, code: str, detail: str, data: Mapping[str, Any] | None = None) -> Response:
    """Build the answer; `data` adds members of its own."""
    title = HTTPStatus(status_code).phrase
    body = {"type": "about:blank", "title": title, "status": status_code, "code": code, "detail": detail}
    return Response({**body, **(data or {})}, status=status_code, content_type=CONTENT_TYPE)


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn an exception of a view into a problem; an unknown one stays an exception (500)."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, StockBusy):
        error = Problem(503, "busy", _("Very busy at the moment. Nothing was changed."), retry_after_s=BUSY_RETRY_S)
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    if isinstance(error, exceptions.ValidationError):
        answer = response(error.status_code, "invalid", "Some fields are not right.", {"errors": _by_field(error)})
    else:
        data = error.data if isinstance(error, Problem) else None
        answer = response(error.status_code, str(error.get_codes()), str(error.detail), data)
    if wait := getattr(error, "wait", None):
        answer["Retry-After"] = str(int(wait))
    if header := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = header
    return answer


def plain(status_code: int, code: str, detail: str) -> HttpResponse:
    """Build the answer outside of any call's view."""
    body = response(status_code, code, detail).data
    return HttpResponse(orjson.dumps(body), status=status_code, content_type=CONTENT_TYPE)


@csrf_exempt
def unknown_call(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer calls that the API doesn't have."""
    return plain(HTTPStatus.NOT_FOUND, "not_found", "There is no such call; see /api/docs/.")


def _by_field(error: exceptions.ValidationError) -> dict[str, list[str]]:
    """Name each field by its path: `address.postal_code`, `lines.0.quantity`."""
    detail = error.detail
    if not isinstance(detail, Mapping):
        detail = {"non_field_errors": detail}
    return dict(_flat("", detail))


def _flat(path: str, value: Any) -> Iterator[tuple[str, list[str]]]:
    if isinstance(value, Mapping):
        members = value.items()
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        members = dict(enumerate(value)).items()
    elif value:
        yield path, [str(text) for text in (value if isinstance(value, list) else [value])]
        return
    else:
        return
    for name, inner in members:
        is_whole = path and name == api_settings.NON_FIELD_ERRORS_KEY
        yield from _flat(path if is_whole else f"{path}.{name}".lstrip("."), inner)
