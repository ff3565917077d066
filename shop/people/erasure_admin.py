"""Erasing a person from the admin: an action below "More", with a dialog that asks for the address once more."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from inventory import attempts
from inventory.admin import actor_of, back_to
from inventory.exceptions import StockBusy
from shop.exceptions import ErasureRefused
from shop.people import erasure

ERASE_BELOW = {"title": _("More"), "icon": "more_horiz", "items": ["erase"]}


class EraseForm(BaseDialogForm):
    """Whoever erases a person types that person's address: a wrong row, or a hasty click, erases nobody."""

    address = forms.EmailField(
        label=_("The e-mail address of whom you erase"),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class ErasesPerson(ModelAdmin):
    """Give rows that are of somebody the action `erase`; `email_of` says who that is, empty for nobody.

    The action belongs into ERASE_BELOW, after all others: it is what is wanted most rarely.
    """

    def email_of(self, object_id: str) -> str:
        raise NotImplementedError

    def has_erase_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("shop.delete_user") and bool(object_id) and bool(self.email_of(object_id))

    @action(
        description=_("Erase this person"),
        icon="person_remove",
        permissions=["erase"],
        dialog={
            "title": _("Erase this person for good"),
            "description": _(
                "Their account, addresses, cart, wishes and notices are deleted. On orders and in chats their name is "
                "taken out; what was sold stays counted. This can't be undone."
            ),
            "form_class": EraseForm,
            "form_submit_text": _("Erase for good"),
        },
    )
    @attempts.several_transactions
    def erase(self, request: HttpRequest, form: EraseForm, object_id: str) -> HttpResponse:
        page = back_to(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id]))
        address = self.email_of(object_id)
        if form.cleaned_data["address"].casefold() != address.casefold():
            messages.error(request, _("Not erased. The address that was typed is not this person's."))
            return page
        try:
            erasure.erase(address, actor=actor_of(request))
        except ErasureRefused as refusal:
            messages.error(request, _("Not erased. %(why)s") % {"why": refusal})
        except StockBusy:
            messages.error(request, _("Orders are busy at the moment. Please do it again: it goes on where it was."))
        else:
            messages.success(request, _("The person is erased."))
        return page
