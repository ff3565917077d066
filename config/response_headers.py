"""Headers that every answer bears, and that none of what belongs to one person is kept by anybody else."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

PRIVATE = (
    *("/accounts/", "/cart/", "/wishlist/", "/notices/", "/checkout/", "/orders/", "/sandbox-pay/", "/host/"),
    *("/admin/", "/api/v1/me", "/api/v1/tokens", "/api/v1/cart", "/api/v1/wishlist", "/api/v1/orders"),
    *("/api/v1/host/", "/api/v1/playback/leases"),
)
"""Below these, pages and calls are about whoever asks."""

# What no page of ours needs. Cameras and microphones are for the studio, wallets and passkeys for our own pages.
PERMISSIONS = ", ".join(
    [
        "camera=(self)",
        "microphone=(self)",
        "display-capture=(self)",
        'payment=(self "https://js.stripe.com")',
        "publickey-credentials-get=(self)",
        "publickey-credentials-create=(self)",
        *[f"{name}=()" for name in ("geolocation", "usb", "serial", "hid", "midi")],
        *[f"{name}=()" for name in ("accelerometer", "gyroscope", "magnetometer", "xr-spatial-tracking")],
    ]
)


class ResponseHeadersMiddleware:
    """Django's own middleware sends the rest: nosniff, referrers, frames, openers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self._get_response(request)
        answer.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if _is_private(request, answer) and "no-store" not in answer.get("Cache-Control", ""):
            answer["Cache-Control"] = "no-store, private"
        return answer


def _is_private(request: HttpRequest, answer: HttpResponseBase) -> bool:
    """Whether an answer is for one person: by its address, or for a call that said who asks."""
    if request.path.startswith(PRIVATE):
        return True
    is_call = request.path.startswith("/api/")
    shows_who = any(name in request.headers for name in ("Authorization", "Order-Access"))
    shows_who |= settings.SESSION_COOKIE_NAME in request.COOKIES
    return bool(is_call and shows_who and "Cache-Control" not in answer)
