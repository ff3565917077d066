"""Stock in the admin: counters can be read here and are changed only by ledgered actions."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from inventory import stock
from inventory.exceptions import InventoryError, StockChanged
from inventory.models import Courier, Reservation, StockItem, StockMovement, Warehouse, Zone
from inventory.sku import LONGEST, validate_sku

LOW_STOCK = 5


class ReadOnlyAdmin(ModelAdmin):
    """A model that is written by code alone."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MovementForm(BaseDialogForm):
    """A form about one stock item: it says which movement was the newest when it was opened."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        item = StockItem.objects.filter(pk=self.object_id).first() if self.object_id else None
        self.initial["seen"] = stock.newest_entry(item) if item else None


class QuantityForm(MovementForm):
    quantity = forms.IntegerField(min_value=1, max_value=1_000_000, widget=UnfoldAdminIntegerFieldWidget)
    note = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)


class CountForm(MovementForm):
    quantity = forms.IntegerField(
        label=_("Units counted"), min_value=0, max_value=1_000_000, widget=UnfoldAdminIntegerFieldWidget
    )
    note = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)


class NewStockForm(BaseDialogForm):
    sku = forms.CharField(
        label=_("SKU"), max_length=LONGEST, validators=[validate_sku], widget=UnfoldAdminTextInputWidget
    )
    warehouse = forms.ModelChoiceField(Warehouse.objects.all(), to_field_name="code", widget=UnfoldAdminSelectWidget)
    quantity = forms.IntegerField(min_value=1, max_value=1_000_000, widget=UnfoldAdminIntegerFieldWidget)
    note = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)


def actor_of(request: HttpRequest) -> str:
    """Name the person of a request in ledgers and logs."""
    return f"user:{getattr(request.user, 'public_id', request.user.pk)}"


def show_again(request: HttpRequest, form: BaseDialogForm, asked_by: Any) -> HttpResponse:
    """Show a dialog with what was typed and its faults. `asked_by` is the action that has it."""
    context = {"dialog": asked_by.dialog, "form": form, "form_submit_text": asked_by.dialog["form_submit_text"]}
    return render(request, "unfold/helpers/dialog.html", context)


def back_to(address: str) -> HttpResponse:
    """Close the dialog and show a page."""
    return HttpResponse(headers={"HX-Redirect": address})


class ZoneInline(TabularInline):
    model = Zone
    extra = 0
    autocomplete_fields = ["courier"]


@admin.register(Warehouse)
class WarehouseAdmin(ModelAdmin):
    list_display = ["name", "code", "country", "postal_code", "is_active"]
    search_fields = ["name", "code"]
    inlines = [ZoneInline]

    def has_delete_permission(self, request: HttpRequest, obj: Warehouse | None = None) -> bool:
        return False


@admin.register(Courier)
class CourierAdmin(ModelAdmin):
    list_display = ["name", "cutoff_hour"]
    search_fields = ["name"]


class MovementInline(TabularInline):
    model = StockMovement
    extra = 0
    max_num = 0
    can_delete = False
    per_page = 10
    fields = readonly_fields = ["at", "delta", "reason", "actor", "note"]
    verbose_name_plural = _("ledger")


@admin.register(StockItem)
class StockItemAdmin(ModelAdmin):
    list_display = ["sku", "warehouse", "on_hand", "held", "committed", "left"]
    list_filter = ["warehouse"]
    list_select_related = ["warehouse"]
    search_fields = ["sku"]
    fields = readonly_fields = ["sku", "warehouse", "on_hand", "held", "committed", "available", "version"]
    inlines = [MovementInline]
    actions_list = ["receive_new"]
    actions_detail = ["receive", "count", "write_off"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StockItem | None = None) -> bool:
        return False

    @display(
        description=_("available"), ordering="available", label={"": "success", "low": "warning", "none": "danger"}
    )
    def left(self, item: StockItem) -> tuple[str, str]:
        word = "none" if item.available == 0 else "low" if item.available <= LOW_STOCK else ""
        return word, str(item.available)

    @action(
        description=_("Receive a delivery"),
        icon="add",
        variant=ActionVariant.PRIMARY,
        permissions=["change"],
        dialog={
            "title": _("Receive a delivery"),
            "description": _("Adds units of a SKU to a warehouse and writes the movement into the ledger."),
            "form_class": NewStockForm,
            "form_submit_text": _("Receive"),
        },
    )
    def receive_new(self, request: HttpRequest, form: NewStockForm) -> HttpResponse:
        data = form.cleaned_data
        self._act(
            request, stock.receive, data["sku"], data["warehouse"].code, quantity=data["quantity"], note=data["note"]
        )
        return back_to(reverse("admin:inventory_stockitem_changelist"))

    @action(
        description=_("Receive"),
        icon="add",
        permissions=["change"],
        dialog={
            "title": _("Receive units"),
            "description": _("Units that arrived."),
            "form_class": QuantityForm,
            "form_submit_text": _("Receive"),
        },
    )
    def receive(self, request: HttpRequest, form: QuantityForm, object_id: str) -> HttpResponse:
        return self._move(request, stock.receive, object_id, form, "quantity", self.receive)

    @action(
        description=_("Count"),
        icon="fact_check",
        permissions=["change"],
        dialog={
            "title": _("Enter a count"),
            "description": _("What is in the building, promised units included. The difference goes into the ledger."),
            "form_class": CountForm,
            "form_submit_text": _("Save the count"),
        },
    )
    def count(self, request: HttpRequest, form: CountForm, object_id: str) -> HttpResponse:
        return self._move(request, stock.count, object_id, form, "counted", self.count)

    @action(
        description=_("Write off"),
        icon="delete",
        variant=ActionVariant.DANGER,
        permissions=["change"],
        dialog={
            "title": _("Write off units"),
            "description": _("Damaged or lost. Units that are held or paid for can't be written off."),
            "form_class": QuantityForm,
            "form_submit_text": _("Write off"),
        },
    )
    def write_off(self, request: HttpRequest, form: QuantityForm, object_id: str) -> HttpResponse:
        return self._move(request, stock.write_off, object_id, form, "quantity", self.write_off)

    def _move(
        self,
        request: HttpRequest,
        move: Callable[..., StockItem],
        object_id: str,
        form: MovementForm,
        word: str,
        asked_by: Any,
    ) -> HttpResponse:
        item = get_object_or_404(StockItem.objects.select_related("warehouse"), pk=object_id)
        details = {word: form.cleaned_data["quantity"], "note": form.cleaned_data["note"]}
        try:
            self._act(request, move, item.sku, item.warehouse.code, **details, seen=form.cleaned_data["seen"])
        except StockChanged as changed:
            form.data = form.data.copy()
            form.data["seen"] = str(form.initial["seen"])
            form.add_error(
                "quantity",
                _("Meanwhile somebody entered units: %(n)d are on hand now. Send it again if yours come on top.")
                % {"n": changed.on_hand},
            )
            return show_again(request, form, asked_by)
        return back_to(reverse("admin:inventory_stockitem_change", args=[object_id]))

    def _act(
        self, request: HttpRequest, move: Callable[..., StockItem], sku: str, warehouse: str, **details: Any
    ) -> None:
        try:
            item = move(sku=sku, warehouse=warehouse, actor=actor_of(request), **details)
        except StockChanged:
            raise
        except InventoryError as error:
            messages.error(request, str(error) or _("Others are changing this stock right now. Please try again."))
        else:
            messages.success(
                request,
                _("%(sku)s: %(on_hand)d on hand, %(available)d available.")
                % {"sku": item.sku, "on_hand": item.on_hand, "available": item.available},
            )


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    list_display = ["at", "stock_item", "delta", "reason", "actor", "note"]
    list_filter = ["reason", "stock_item__warehouse"]
    list_select_related = ["stock_item"]
    search_fields = ["stock_item__sku", "note"]


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "stock_item", "quantity", "state", "holder"]
    list_filter = ["state"]
    search_fields = ["holder", "stock_item__sku"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reservation]:
        return super().get_queryset(request).select_related("stock_item")
