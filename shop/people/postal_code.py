"""Where the person on a page would have things sent."""

from django.conf import settings
from django.http import HttpRequest

from inventory import delivery

SESSION_KEY = "postal_code"


def postal_code(request: HttpRequest) -> str:
    """Return the postal code that this person gave last, else the shop's own."""
    return str(request.session.get(SESSION_KEY) or settings.DEFAULT_POSTAL_CODE)


def remember(request: HttpRequest, code: str) -> bool:
    """Keep a postal code for this person's next pages; False, and nothing kept, when it isn't one."""
    code = delivery.normalise(code)
    if not delivery.is_known(code, settings.DEFAULT_COUNTRY):
        return False
    if code != postal_code(request):
        request.session[SESSION_KEY] = code
    return True
