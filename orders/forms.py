"""What checkout asks for."""

import uuid
from typing import Any

import orjson
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import delivery
from orders.checkout import ShippingAddress
from shop.cart import LINES_MAX, QUANTITY_MAX
from shop.people import addresses
from shop.people.address_forms import AUTOCOMPLETE, AddressForm, EmailField

NAME_MAX = 260  # of a product and its variant


class LinesField(forms.CharField):
    """SKUs and units as hidden JSON: what the shopper saw is what is ordered, whatever the cart says by now."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> dict[str, int]:  # type: ignore[override]
        units = _read_json(value)
        if units is None or not all(map(_is_quantity, units.values())):
            raise forms.ValidationError(_("This page is out of date. Please open it again."))
        return units


class NamesField(forms.CharField):
    """The names that the shopper saw, by SKU, so that what is withdrawn meanwhile can be named."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> dict[str, str]:  # type: ignore[override]
        names = _read_json(value) or {}
        return {sku: name[:NAME_MAX] for sku, name in names.items() if isinstance(name, str)}


class CheckoutForm(AddressForm):
    """Where the things go, and, hidden, what they are. `key` makes a double click one order."""

    email = EmailField(
        label=gettext_lazy("E-mail"), help_text=gettext_lazy("So that we can reach you about this order.")
    )

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    lines = LinesField(required=False)
    names = NamesField(required=False)
    total_minor = forms.IntegerField(widget=forms.HiddenInput, required=False)
    left_lines = LinesField(required=False)
    left_total_minor = forms.IntegerField(widget=forms.HiddenInput, required=False)
    session = forms.SlugField(widget=forms.HiddenInput, required=False, max_length=100)
    source = forms.CharField(widget=forms.HiddenInput, required=False, max_length=8)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = next(
            (name for name in self.fields if name in AUTOCOMPLETE and self.is_bound and name in self.errors), ""
        )
        if first:
            self.fields[first].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        country = cleaned.get("country", "")
        if not {"country", "postal_code"} & set(self.errors) and not delivery.routes(
            postal_code=cleaned["postal_code"], country=country
        ):
            self.add_error("postal_code" if "postal_code" in self.rules.fields else "country", unserved())
        return cleaned

    def shipping_address(self) -> ShippingAddress:
        """Return what was entered; needs a valid form."""
        return ShippingAddress(**self.address())


def postal_code_error(code: str, country: str) -> str:
    """Say what is wrong with a postal code, or nothing."""
    if not delivery.is_known(code, country):
        return addresses.code_error(code, country) if code else str(addresses.NEEDED)
    return "" if delivery.routes(postal_code=code, country=country) else unserved()


def unserved() -> str:
    return _("We can't send anything to this postal code yet.")


def _read_json(value: Any) -> dict[str, Any] | None:
    try:
        found = orjson.loads(value or "{}")
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and len(found) <= LINES_MAX else None


def _is_quantity(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= QUANTITY_MAX
