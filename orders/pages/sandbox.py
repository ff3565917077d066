"""The sandbox provider's hosted page. It stands where a real provider's stands and knows nothing of orders."""

import logging

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError

from orders import tasks
from orders.models import SandboxPayment
from orders.providers import sandbox

log = logging.getLogger(__name__)


@csp_update({"form-action": [settings.SITE_URL]})  # type: ignore[arg-type]
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for the person's choice; tell the shop of it and send them back."""
    payment = get_object_or_404(SandboxPayment, ref=ref)
    if request.method == "POST" and request.POST.get("choice") in {"approve", "decline"}:
        payment = sandbox.answer(ref, approve=request.POST["choice"] == "approve")
        _tell_shop(ref)
        return redirect(payment.return_url)
    return render(request, "orders/sandbox.html", {"payment": payment})


def _tell_shop(ref: str) -> None:
    """Have the webhook sent; with the broker away the shop learns of it when the person comes back."""
    try:
        tasks.deliver_sandbox_webhook.apply_async((ref,), retry=False)
    except OperationalError as error:
        log.warning("webhook of %s not queued: %s", ref, error)
