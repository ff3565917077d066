"""Views that are for programs on this machine, or with METRICS_TOKEN."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse

from shop.http.insiders import may_look


def insiders_only(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer strangers 403, in plain text: nothing is asked of the database for them."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        headers = request.headers
        if not may_look(
            peer=request.META.get("REMOTE_ADDR", ""),
            forwarded=headers.get("X-Forwarded-For", ""),
            authorization=headers.get("Authorization", ""),
        ):
            return HttpResponse("This is for the machine itself.\n", status=403, content_type="text/plain")
        return view(request)

    return guarded
