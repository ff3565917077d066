"""The admin's page for paying back and taking back units of one order.

The form says what its page showed of the order. Who decides by an old page is told what changed, and decides again.
"""

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from inventory.exceptions import StockBusy
from orders import aftersales
from orders.aftersales import Seen
from orders.exceptions import OrderChanged, TooManyUnits, TransitionRefused
from orders.models import Order, OrderLine
from shop.money import format_minor

MONEY, BOTH, UNITS = "money", "both", "units"
WHAT_SENT = [
    (MONEY, gettext_lazy("Pay back, the buyer keeps them")),
    (BOTH, gettext_lazy("Pay back, they came back into stock")),
    (UNITS, gettext_lazy("They came back into stock, no money moves")),
]


class RefundForm(forms.Form):
    """How many units of each line, what happens to them, and why."""

    what = forms.ChoiceField(label=gettext_lazy("What"), widget=UnfoldAdminRadioSelectWidget, initial=MONEY)
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=200,
        help_text=gettext_lazy("Goes into the audit log."),
        widget=UnfoldAdminTextInputWidget,
    )
    seen = forms.JSONField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if order.state == Order.State.PLACED:
            choices: list[tuple[str, Any]] = [(MONEY, _("Pay back, they are not sent"))]
        else:
            choices = WHAT_SENT
        self.fields["what"].choices = choices  # type: ignore[attr-defined]
        self.lines = {f"units_{line.pk}": line for line in order.lines.all()}
        counts = {name: _count_field(line, order) for name, line in self.lines.items()}
        self.fields = {**counts, **self.fields}
        self.initial["seen"] = asdict(aftersales.look(order))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not any(cleaned.get(name) for name in self.lines):
            raise forms.ValidationError(_("Say how many units of at least one line."))
        return cleaned

    def clean_seen(self) -> Seen:
        seen = self.cleaned_data["seen"]
        shape = {name: type(value) for name, value in self.initial["seen"].items()}
        if not isinstance(seen, dict) or {name: type(value) for name, value in seen.items()} != shape:
            raise forms.ValidationError(_("Open this page anew: it does not say what it showed."))
        return Seen(**seen)

    @property
    def units(self) -> dict[str, int]:
        """The units asked for, by SKU."""
        return {line.sku: self.cleaned_data[name] for name, line in self.lines.items() if self.cleaned_data[name]}


def show(request: HttpRequest, order: Order, *, site: AdminSite, actor: str) -> HttpResponse:
    """Answer the page: ask on GET, do it on POST and go back to the order. The caller has checked permissions."""
    form = RefundForm(request.POST or None, order=order)
    back = reverse("admin:orders_order_change", args=[order.pk])
    if request.method == "POST" and form.is_valid():
        try:
            _do(order, form, actor=actor)
        except TooManyUnits as error:
            form.add_error(None, _("%(sku)s: only %(left)s left.") % {"sku": error.sku, "left": error.left})
        except TransitionRefused:
            messages.error(request, _("The order has changed meanwhile and can't do that any more."))
            return redirect(back)
        except StockBusy:
            form.add_error(None, _("Others are changing this order right now. Please try again."))
        except OrderChanged as error:
            order, form = error.order, _renew(form, error.order)
        else:
            messages.success(request, _("Done. What is owed is sent within seconds."))
            return redirect(back)
    context = {**site.each_context(request), "title": order.number, "order": order, "form": form, "back": back}
    return render(request, "admin/orders/refund.html", context, status=422 if form.errors else 200)


def _do(order: Order, form: RefundForm, *, actor: str) -> None:
    what, reason, seen = (form.cleaned_data[name] for name in ("what", "reason", "seen"))
    if what == UNITS:
        aftersales.take_back(order.pk, lines=form.units, actor=actor, reason=reason, seen=seen)
    else:
        aftersales.refund(order.pk, lines=form.units, actor=actor, reason=reason, restock=what == BOTH, seen=seen)


def _renew(form: RefundForm, order: Order) -> RefundForm:
    """Return the form with all that was typed, about the order as it is now, saying what changed."""
    now = aftersales.look(order)
    seen = forms.JSONField().prepare_value(asdict(now))
    renewed = RefundForm({**dict(form.data.items()), "seen": seen}, order=order)
    for change in _changes(form.cleaned_data["seen"], now):
        renewed.add_error(None, change)
    renewed.add_error(
        None, _("Nothing was done. Look at the order again, and send this once more if it is still right.")
    )
    return renewed


def _changes(seen: Seen, now: Seen) -> list[str]:
    """Say what happened to an order since it was seen."""
    changes = [_("Since you opened this page, the order has changed.")]
    if seen.state != now.state:
        changes.append(_("It is: %(state)s.") % {"state": Order.State(now.state).label})
    for before, after, words in (
        (seen.paid_back, now.paid_back, _("%(sku)s: %(now)s paid back, %(before)s when you looked.")),
        (seen.taken_back, now.taken_back, _("%(sku)s: %(now)s taken back, %(before)s when you looked.")),
    ):
        changes += [
            words % {"sku": sku, "now": count, "before": before.get(sku, 0)}
            for sku, count in after.items()
            if before.get(sku) != count
        ]
    return changes


def _count_field(line: OrderLine, order: Order) -> forms.IntegerField:
    price = format_minor(line.unit_price_minor, order.currency)
    return forms.IntegerField(
        label=" ".join(filter(None, [line.product_name, line.variant_label])),
        help_text=_("%(sku)s: %(quantity)s at %(price)s; %(left)s not paid back yet, %(back)s taken back so far.")
        % {
            "sku": line.sku,
            "quantity": line.quantity,
            "price": price,
            "left": aftersales.refundable(line),
            "back": line.returned_units,
        },
        min_value=0,
        max_value=line.quantity,
        initial=0,
        required=True,
        widget=UnfoldAdminIntegerFieldWidget,
    )
