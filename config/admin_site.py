"""The site that all of the admin's pages are on."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from unfold.sites import UnfoldAdminSite

from inventory import attempts


class Site(UnfoldAdminSite):
    """Every form of every page takes effect once, however often it is sent (`inventory.attempts`)."""

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        return super().admin_view(_speaks_up(attempts.once(view)), cacheable)


def _speaks_up(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer a dialog that may not do that (any more) with a message: what it gets as a status, it does not show."""

    @wraps(view)
    def spoken(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except PermissionDenied:
            if "HX-Request" not in request.headers:
                raise
            messages.error(request, _("You can't do that, or it has changed since you opened this page."))
            return attempts.go_back(request)

    return spoken
