"""Orders in the admin: found here, changed only by actions that know the table of `orders.lifecycle`."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from inventory.admin import ReadOnlyAdmin, actor_of, back_to
from inventory.exceptions import StockBusy
from orders import lifecycle
from orders.admin import refunds
from orders.admin.columns import ErasesBuyer, OrderColumns
from orders.exceptions import TransitionRefused
from orders.lifecycle import Event
from orders.models import ArchivedOrder, Order, OrderLine, Payment, ProviderEvent, Refund
from shop.money import format_minor
from shop.people.erasure_admin import ERASE_BELOW

ARCHIVED_MAX = 1000  # payments of so many archived orders are found by an address


class ReasonForm(BaseDialogForm):
    reason = forms.CharField(
        label=_("Why"), max_length=200, help_text=_("Goes into the audit log."), widget=UnfoldAdminTextInputWidget
    )


class LineInline(TabularInline):
    model = OrderLine
    extra = max_num = 0
    can_delete = False
    fields = readonly_fields = [
        "sku",
        "product_name",
        "variant_label",
        "quantity",
        "unit_price",
        "refunded_units",
        "returned_units",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        return super().get_queryset(request).select_related("order")

    @display(description=_("unit price"))
    def unit_price(self, line: OrderLine) -> str:
        return format_minor(line.unit_price_minor, line.order.currency)


class Amount:
    """The sum of a payment or a refund, as people read it."""

    @display(description=_("amount"), ordering="amount_minor")
    def amount(self, row: Payment | Refund) -> str:
        return format_minor(row.amount_minor, row.currency)


class PaymentInline(Amount, TabularInline):
    model = Payment
    extra = max_num = 0
    can_delete = False
    fields = readonly_fields = ["provider", "ref", "state", "amount", "created_at"]


@admin.register(Order)
class OrderAdmin(OrderColumns, ErasesBuyer, ReadOnlyAdmin):
    list_display = ["number", "shown_state", "total", "email", "session", "created_at"]
    list_filter = ["state", "cancel_reason", "created_at"]
    search_fields = ["id", "number_seq", "email", "name", "lines__sku"]
    date_hierarchy = "created_at"
    inlines = [LineInline, PaymentInline]
    actions_detail = ["ship", "deliver", "refund", "cancel", ERASE_BELOW]
    fieldsets = [
        (None, {"fields": ["shown_state", "cancel_reason", "total", "session"]}),
        (
            _("Goes to"),
            {"fields": ["name", "line1", "line2", "city", "region", "postal_code", "country", "email", "delivery_on"]},
        ),
        (_("Times"), {"fields": ["created_at", "expires_at", "placed_at", "terminal_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).select_related("buyer")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Let people search for the number as it is written, SF-1042."""
        found: tuple[QuerySet[Order], bool] = super().get_search_results(
            request, queryset, search_term.upper().removeprefix("SF-")
        )
        return found

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the archive what has moved there: links to an order last longer than its stay here."""
        if _is_archived(object_id):
            return redirect("admin:orders_archivedorder_change", object_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def has_ship_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, Event.SHIPPED)

    def has_deliver_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, Event.DELIVERED)

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, Event.STAFF_CANCELS)

    def has_refund_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if request.method == "POST":  # a page that is old by now: the form itself says what changed
            return request.user.has_perm("orders.change_order")
        return self._may(request, object_id, Event.REFUNDED)

    @action(
        description=_("Ship"),
        icon="local_shipping",
        variant=ActionVariant.PRIMARY,
        permissions=["ship"],
        dialog={
            "title": _("Ship this order"),
            "description": _("Its units leave the building, and the buyer sees that it is on its way."),
            "form_class": None,
            "form_submit_text": _("It has left"),
        },
    )
    def ship(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._act(request, object_id, lifecycle.ship)

    @action(
        description=_("Mark delivered"),
        icon="home",
        variant=ActionVariant.PRIMARY,
        permissions=["deliver"],
        dialog={
            "title": _("Mark this order delivered"),
            "description": _("The buyer sees that it has arrived."),
            "form_class": None,
            "form_submit_text": _("It has arrived"),
        },
    )
    def deliver(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._act(request, object_id, lifecycle.deliver)

    @action(
        description=_("Cancel"),
        icon="cancel",
        variant=ActionVariant.DANGER,
        permissions=["cancel"],
        dialog={
            "title": _("Cancel this order"),
            "description": _("Its units go back on sale, and what was paid goes back to the buyer."),
            "form_class": ReasonForm,
            "form_submit_text": _("Cancel the order"),
        },
    )
    def cancel(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        return self._act(request, object_id, lifecycle.cancel, by_staff=True, reason=form.cleaned_data["reason"])

    @action(description=_("Refund or return"), icon="undo", permissions=["refund"])
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = get_object_or_404(Order, pk=object_id)
        return refunds.show(request, order, site=self.admin_site, actor=actor_of(request))

    def _may(self, request: HttpRequest, object_id: Any, event: Event) -> bool:
        if not request.user.has_perm("orders.change_order"):
            return False
        order = Order.objects.filter(pk=object_id).first() if object_id else None
        return order is not None and lifecycle.can(order, event)

    def _act(self, request: HttpRequest, object_id: str, change: Callable[..., Order], **details: Any) -> HttpResponse:
        try:
            order = change(object_id, actor=actor_of(request), **details)
        except TransitionRefused:
            messages.error(request, _("The order has changed meanwhile and can't do that any more."))
        except StockBusy:
            messages.error(request, _("Others are changing this order right now. Please try again."))
        else:
            messages.success(request, f"{order.number}: {Order.State(order.state).label}")
        return back_to(reverse("admin:orders_order_change", args=[object_id]))


def _is_archived(word: str) -> bool:
    """Whether only the archive has the order with this id. Raises Http404 for what is none."""
    try:
        order_id = uuid.UUID(word)
    except ValueError as error:
        raise Http404 from error
    return not Order.objects.filter(pk=order_id).exists() and ArchivedOrder.objects.filter(pk=order_id).exists()


@admin.register(Payment)
class PaymentAdmin(Amount, ReadOnlyAdmin):
    """Payments outlive their orders' move to the archive, so nothing here may join the two."""

    list_display = ["ref", "provider", "state", "amount", "its_order", "created_at"]
    list_filter = ["state", "provider"]
    search_fields = ["ref"]
    search_help_text = _("The provider's name for it, or an e-mail address")
    exclude = ["order", "amount_minor", "currency", "paid_minor", "paid_currency"]
    readonly_fields = ["amount", "paid", "its_order"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        number = Order.objects.filter(pk=OuterRef("order_id")).values("number_seq")
        return super().get_queryset(request).annotate(order_number=Subquery(number))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Payment], search_term: str
    ) -> tuple[QuerySet[Payment], bool]:
        if "@" not in search_term:
            found: tuple[QuerySet[Payment], bool] = super().get_search_results(request, queryset, search_term)
            return found
        here = Order.objects.filter(email__iexact=search_term.strip()).values("pk")
        archived = ArchivedOrder.objects.filter(email__iexact=search_term.strip()).values_list("pk", flat=True)
        return queryset.filter(Q(order_id__in=here) | Q(order_id__in=list(archived[:ARCHIVED_MAX]))), False

    @display(description=_("paid"))
    def paid(self, payment: Payment) -> str:
        return "" if payment.paid_minor is None else format_minor(payment.paid_minor, payment.paid_currency)

    @display(description=_("order"))
    def its_order(self, payment: Any) -> SafeString:
        return format_html(
            '<a href="{}" class="underline">{}</a>',
            reverse("admin:orders_order_change", args=[payment.order_id]),
            f"SF-{payment.order_number}" if payment.order_number else _("in the archive"),
        )


@admin.register(Refund)
class RefundAdmin(Amount, ReadOnlyAdmin):
    exclude = ["amount_minor"]
    readonly_fields = ["amount"]
    list_display = ["created_at", "payment", "amount", "reason", "state", "done_at"]
    list_filter = ["state", "reason"]
    list_select_related = ["payment"]


@admin.register(ProviderEvent)
class ProviderEventAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "provider", "kind", "payment_ref", "outcome"]
    list_filter = ["provider", "outcome"]
    search_fields = ["event_id", "payment_ref"]
