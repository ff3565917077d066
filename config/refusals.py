"""How a request is refused before, or instead of, its view: a page to people, a problem to programs."""

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from shop.rest import problems

OWN_ANSWERS = "/video-streams/"
"""The stream limit, whose contract words its own refusals; it bounds its body itself."""
CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limited",
}


def refuse(request: HttpRequest, status: HTTPStatus, *, retry_after_s: int = 0) -> HttpResponse:
    """Answer with a status of `CODES`. Nothing of the request is read, least of all its form."""
    if request.path.startswith("/api/"):
        answer = problems.plain(status, CODES[status], _sentence(status))
    else:
        answer = HttpResponse(render_to_string(f"{status.value}.html"), status=status)
    if retry_after_s:
        answer["Retry-After"] = str(retry_after_s)
    answer["Cache-Control"] = "no-store"
    return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django takes for a bad request (handler400)."""
    is_large = isinstance(exception, RequestDataTooBig)
    return refuse(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE if is_large else HTTPStatus.BAD_REQUEST)


def _sentence(status: HTTPStatus) -> str:
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return _("The request is too large.")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _("That was too often. Try again later.")
    return _("The request is not complete, or brings more than is allowed.")
