"""The sandbox provider's hosted page. It stands where a real provider's stands and knows nothing of orders."""

import logging
from typing import Any

from csp.decorators import csp_update
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError

from orders import tasks
from orders.models import SandboxPayment
from orders.providers import sandbox
from orders.providers.sandbox.switches import GROUPS, LATE_MOST_S, LATE_S, Switch

logger = logging.getLogger(__name__)


class AnswerForm(forms.Form):
    """How the payment ends, and what goes wrong on the way."""

    choice = forms.ChoiceField(choices=[("approve", _("Approve")), ("decline", _("Decline"))])
    switches = forms.MultipleChoiceField(choices=Switch.choices, required=False)
    late_s = forms.IntegerField(
        label=_("seconds"), min_value=1, max_value=LATE_MOST_S, required=False, initial=LATE_S, localize=False
    )

    def clean_late_s(self) -> int:
        return int(self.cleaned_data["late_s"] or LATE_S)


@csp_update({"form-action": [settings.SITE_URL]})  # type: ignore[arg-type]
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for the person's choice; tell the shop of it and send them back."""
    if settings.PAYMENT_PROVIDER != "sandbox":
        raise Http404  # nobody approves with play money what is left from before
    payment = get_object_or_404(SandboxPayment, ref=ref)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 400 if form.is_bound else 200
        return render(request, "orders/sandbox.html", _context(payment, form), status=status)
    answered = form.cleaned_data
    switches = {Switch(word) for word in answered["switches"]}
    payment = sandbox.answer(
        ref, approve=answered["choice"] == "approve", switches=switches, late_s=answered["late_s"]
    )
    _tell_shop(ref)
    return redirect("orders:sandbox", ref) if Switch.STAY in switches else redirect(payment.return_url)


def _context(payment: SandboxPayment, form: AnswerForm) -> dict[str, Any]:
    chosen = set(form["switches"].value() or [])
    groups = [
        (group.name, [(switch, why, switch in chosen) for switch, why in group.switches.items()]) for group in GROUPS
    ]
    is_open = payment.state == SandboxPayment.State.OPEN and payment.answered_at is None
    return {"payment": payment, "form": form, "groups": groups, "has_chosen": bool(chosen), "is_open": is_open}


def _tell_shop(ref: str) -> None:
    """Have what is due sent now; with the broker away the job does so, or the shop asks when the person comes back."""
    try:
        tasks.deliver_sandbox_webhooks.apply_async(retry=False)
    except OperationalError as error:
        logger.warning("webhook of %s not queued: %s", ref, error)
