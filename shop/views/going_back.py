"""Returning to the page that a form was on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """Redirect to the form's `next`, if it is an address of ours."""
    return redirect(safe_next(request) or otherwise)


def safe_next(request: HttpRequest) -> str:
    """Return the form's `next`, or an empty string for an address that isn't ours."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else ""
