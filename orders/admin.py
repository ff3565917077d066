"""Orders in the admin: found here, changed only by actions that know the table of `orders.lifecycle`."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from inventory.admin import ReadOnlyAdmin, actor_of, back_to
from inventory.exceptions import StockBusy
from orders import lifecycle, refund_page
from orders.exceptions import TransitionRefused
from orders.lifecycle import Event
from orders.models import Order, OrderLine, Payment, ProviderEvent, Refund
from shop.money import format_minor

STATE_COLOURS = {
    Order.State.CREATED.label: "warning",
    Order.State.PLACED.label: "success",
    Order.State.IN_TRANSIT.label: "info",
    Order.State.DELIVERED.label: "success",
    Order.State.CANCELLED.label: "danger",
}


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
        "unit_price_minor",
        "refunded_units",
        "returned_units",
    ]


class PaymentInline(TabularInline):
    model = Payment
    extra = max_num = 0
    can_delete = False
    fields = readonly_fields = ["provider", "ref", "state", "amount_minor", "currency", "created_at"]


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ["number", "shown_state", "total", "email", "session", "created_at"]
    list_filter = ["state", "cancel_reason", "created_at"]
    search_fields = ["id", "number_seq", "email", "name", "lines__sku"]
    date_hierarchy = "created_at"
    inlines = [LineInline, PaymentInline]
    actions_detail = ["ship", "deliver", "refund", "cancel"]
    fieldsets = [
        (None, {"fields": ["shown_state", "cancel_reason", "total", "session"]}),
        (_("Goes to"), {"fields": ["name", "line1", "city", "postal_code", "country", "email", "delivery_on"]}),
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

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, order: Order) -> str:
        return str(Order.State(order.state).label)

    @display(description=_("total"), ordering="total_minor")
    def total(self, order: Order) -> str:
        return format_minor(order.total_minor, order.currency)

    @display(description=_("number"), ordering="number_seq")
    def number(self, order: Order) -> str:
        return order.number

    def has_ship_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, Event.SHIPPED)

    def has_deliver_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, Event.DELIVERED)

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, Event.STAFF_CANCELS)

    def has_refund_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
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
        return refund_page.show(request, order, site=self.admin_site, actor=actor_of(request))

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


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ["ref", "provider", "state", "amount_minor", "currency", "order", "created_at"]
    list_filter = ["state", "provider"]
    list_select_related = ["order"]
    search_fields = ["ref", "order__email"]


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "payment", "amount_minor", "reason", "state", "done_at"]
    list_filter = ["state", "reason"]
    list_select_related = ["payment"]


@admin.register(ProviderEvent)
class ProviderEventAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "provider", "kind", "payment_ref", "outcome"]
    list_filter = ["provider", "outcome"]
    search_fields = ["event_id", "payment_ref"]
