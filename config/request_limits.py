"""How much one request may bring: its path, its query, its form, its body. More is refused before any view runs.

No page or call of ours needs more, so that whatever a view does with its input stays small. What a form field may hold
is its form's to say; these bounds hold for fields that nobody asks for, too. JSON has bounds in `shop.rest.parsing`.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from config import refusals

PATH_MAX = 1000
QUERY_BYTES_MAX = 16 * 1024
QUERY_FIELDS_MAX = 200
FORM_FIELDS_MAX = 200
NAME_MAX = 200
QUERY_VALUE_MAX = 8000
FORM_VALUE_MAX = 20_000
UPLOAD_BYTES_MAX = 32 * 1024 * 1024


class RequestLimitsMiddleware:
    """Answer 400 or 413 for a request that brings too much."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if len(request.path) > PATH_MAX or not _is_query_small(request):
            return refusals.refuse(request, HTTPStatus.BAD_REQUEST)
        if not _is_body_small(request):
            return refusals.refuse(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Look at a form, which the check against forgery reads anyway. Staff's forms have rows by the hundred."""
        if request.method != "POST" or getattr(view, "csrf_exempt", False) or _is_of_staff(request):
            return None
        values = [value for name in request.POST for value in request.POST.getlist(name)]
        if len(values) > FORM_FIELDS_MAX or not _are_short(request.POST, values, FORM_VALUE_MAX):
            return refusals.refuse(request, HTTPStatus.BAD_REQUEST)
        return None


def _is_query_small(request: HttpRequest) -> bool:
    query = request.META.get("QUERY_STRING", "")
    if len(query) > QUERY_BYTES_MAX or query.count("&") >= QUERY_FIELDS_MAX:
        return False
    values = (value for name in request.GET for value in request.GET.getlist(name))
    return _are_short(request.GET, values, QUERY_VALUE_MAX)


def _are_short(names: Iterable[str], values: Iterable[str], most: int) -> bool:
    return all(len(name) <= NAME_MAX for name in names) and all(len(value) <= most for value in values)


def _is_body_small(request: HttpRequest) -> bool:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return True  # Django takes it for empty
    if request.path.startswith(refusals.OWN_ANSWERS):
        return True
    is_upload = request.content_type == "multipart/form-data"
    return length <= (UPLOAD_BYTES_MAX if is_upload else settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def _is_of_staff(request: HttpRequest) -> bool:
    return request.path.startswith("/admin/") and request.user.is_staff
