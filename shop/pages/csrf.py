"""What is answered when a form's token is not the session's any more: signing in, in another tab, changes it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

SECRET_NAMES = {"code", "otp", "token", "credential"}


def failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Offer to send the form again, with all that was typed, by one press; nothing was done yet.

    Only where the form was on a page of ours, which had given it a token. Another site's is refused without an offer,
    and so is one with passwords or files, which are not written into a page.
    """
    if request.headers.get("Accept", "") == "application/json":
        return JsonResponse({"detail": _("This page is out of date. Please load it again.")}, status=403)
    had_token = settings.CSRF_COOKIE_NAME in request.COOKIES and "csrfmiddlewaretoken" in request.POST
    if not had_token or not _is_ours(request) or request.FILES or any(_is_secret(name) for name in request.POST):
        return render(request, "403_csrf.html", status=403)
    fields = [
        (name, value) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken" for value in values
    ]
    return render(request, "403_again.html", {"fields": fields, "action": request.get_full_path()}, status=403)


def _is_ours(request: HttpRequest) -> bool:
    """Whether the form was sent from our own pages. A browser says so in one of two headers; others are no risk."""
    origin = request.headers.get("Origin", "")
    if origin:
        return origin in {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


def _is_secret(name: str) -> bool:
    return "passw" in name.lower() or name.lower() in SECRET_NAMES
