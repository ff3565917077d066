"""Archived orders in the admin: found by number, address or id, read, and brought back to be changed."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from inventory.admin import ReadOnlyAdmin, back_to
from inventory.exceptions import StockBusy
from orders import locks
from orders.admin.columns import ErasesBuyer, OrderColumns
from orders.models import ArchivedOrder, Payment
from shop.money import format_minor
from shop.people.erasure_admin import ERASE_BELOW


@admin.register(ArchivedOrder)
class ArchivedOrderAdmin(OrderColumns, ErasesBuyer, ReadOnlyAdmin):
    """Nothing is listed until somebody searches: counting millions would take longer than finding one."""

    list_display = ["number", "shown_state", "total", "email", "session", "created_at", "terminal_at"]
    search_fields = ["number_seq"]
    search_help_text = _("Number, id or e-mail address")
    show_full_result_count = False
    ordering = ["-created_at"]
    actions_detail = ["bring_back", ERASE_BELOW]
    readonly_fields = ["shown_state", "total", "shown_lines", "shown_payments"]
    fieldsets = [
        (None, {"fields": ["shown_state", "cancel_reason", "total", "session", "shown_lines", "shown_payments"]}),
        (
            _("Went to"),
            {"fields": ["name", "line1", "line2", "city", "region", "postal_code", "country", "email", "delivery_on"]},
        ),
        (_("Times"), {"fields": ["created_at", "placed_at", "terminal_at"]}),
    ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: ArchivedOrder | None = None) -> bool:
        return request.user.has_perm("orders.view_order")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ArchivedOrder], search_term: str
    ) -> tuple[QuerySet[ArchivedOrder], bool]:
        return find(queryset, search_term.strip()), False

    @display(description=_("lines"))
    def shown_lines(self, order: ArchivedOrder) -> SafeString:
        rows = (
            (
                line["quantity"],
                line["sku"],
                line["product_name"],
                format_minor(line["unit_price_minor"], order.currency),
            )
            for line in order.lines
        )
        return format_html_join("", "<div>{} × {} {}, {}</div>", rows)

    @display(description=_("payments"))
    def shown_payments(self, order: ArchivedOrder) -> SafeString:
        rows = (
            (reverse("admin:orders_payment_change", args=[payment.pk]), payment, payment.get_state_display())
            for payment in Payment.objects.filter(order_id=order.pk)
        )
        return format_html_join("", '<div><a href="{}" class="underline">{}</a>, {}</div>', rows)

    def has_bring_back_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("orders.change_order")

    @action(
        description=_("Bring back to change it"),
        icon="unarchive",
        permissions=["bring_back"],
        dialog={
            "title": _("Bring this order back"),
            "description": _(
                "It moves to the orders, where it can be refunded. It is archived again once it is over."
            ),
            "form_class": None,
            "form_submit_text": _("Bring it back"),
        },
    )
    def bring_back(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        try:
            with transaction.atomic():
                locks.lock_order(uuid.UUID(object_id))
        except StockBusy:
            messages.error(request, _("Others are changing this order right now. Please try again."))
            return back_to(reverse("admin:orders_archivedorder_change", args=[object_id]))
        messages.success(request, _("The order is back."))
        return back_to(reverse("admin:orders_order_change", args=[object_id]))


def find(orders: QuerySet[ArchivedOrder], word: str) -> QuerySet[ArchivedOrder]:
    """Return the orders that a word names: each way has an index."""
    if "@" in word:
        return orders.filter(email__iexact=word)
    number = word.upper().removeprefix("SF-")
    if number.isascii() and number.isdigit() and len(number) < 19:
        return orders.filter(number_seq=int(number))
    try:
        return orders.filter(pk=uuid.UUID(word))
    except ValueError:
        return orders.none()
