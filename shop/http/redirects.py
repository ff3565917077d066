"""Returning to the page that a form was on, or that somebody was on before they signed in."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

ADDRESS_MAX = 2000


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """Redirect to the form's `next`, if it is an address of ours."""
    return HttpResponseRedirect(safe_next(request) or otherwise)


def safe_next(request: HttpRequest) -> str:
    """Return the form's `next`, or an empty string for an address that isn't ours."""
    return own_address(request, request.POST.get("next", ""))


def own_address(request: HttpRequest, target: str) -> str:
    """Return an address that a client named, without its host, or an empty string if it is none of ours.

    Whatever comes out may be redirected to: it begins with one slash, and the name of a view is no address.
    """
    if len(target) > ADDRESS_MAX or not target.isprintable() or target != target.strip():
        return ""
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(target)
    path = parts._replace(scheme="", netloc="").geturl()
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else ""
