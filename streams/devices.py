"""A person's page of the devices they watch on now."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shop.models import User
from streams import leases
from streams.exceptions import LeasesUnknown


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def devices(request: HttpRequest) -> HttpResponse:
    """List what plays now; POST stops one of them, which hears of it with its next heartbeat."""
    assert isinstance(request.user, User)  # noqa: S101 (login_required)
    person = leases.account(request.user)
    try:
        if request.method == "POST":
            leases.stop(person, request.POST.get("lease", ""))
            messages.success(request, _("It stops within a few seconds."))
            return redirect("streams:devices")
        active = leases.list_active(person)
    except LeasesUnknown:
        return render(request, "streams/devices.html", {"is_unknown": True}, status=503)
    return render(request, "streams/devices.html", {"active": active})
