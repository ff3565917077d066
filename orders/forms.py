"""What checkout asks for."""

import uuid
from typing import Any

import orjson
from babel import Locale
from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from inventory import delivery
from orders.checkout import ShippingAddress

QUANTITY_MOST = 999
LINES_MOST = 100


class LinesField(forms.CharField):
    """SKUs and units as hidden JSON: what the shopper saw is what is ordered, whatever the cart says by now."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> dict[str, int]:  # type: ignore[override]
        try:
            units = orjson.loads(value or "{}")
        except orjson.JSONDecodeError:
            units = None
        if not isinstance(units, dict) or len(units) > LINES_MOST or not all(map(_is_quantity, units.values())):
            raise forms.ValidationError(_("This page is out of date. Please open it again."))
        return units


def _is_quantity(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= QUANTITY_MOST


class CheckoutForm(forms.Form):
    """Where the things go, and, hidden, what they are. `key` makes a double click one order."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"), help_text=gettext_lazy("So that we can reach you about this order.")
    )
    name = forms.CharField(label=gettext_lazy("Name on the parcel"), max_length=120)
    line1 = forms.CharField(label=gettext_lazy("Street and house"), max_length=200)
    postal_code = forms.CharField(label=gettext_lazy("Postal code"), max_length=16)
    city = forms.CharField(label=gettext_lazy("City"), max_length=120)
    country = forms.ChoiceField(label=gettext_lazy("Country"))

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    lines = LinesField(required=False)
    total_minor = forms.IntegerField(widget=forms.HiddenInput, required=False)
    left_lines = LinesField(required=False)
    left_total_minor = forms.IntegerField(widget=forms.HiddenInput, required=False)
    session = forms.SlugField(widget=forms.HiddenInput, required=False, max_length=100)
    source = forms.CharField(widget=forms.HiddenInput, required=False, max_length=8)

    AUTOCOMPLETE = {
        "email": "email",
        "name": "name",
        "line1": "address-line1",
        "postal_code": "postal-code",
        "city": "address-level2",
        "country": "country",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.fields["country"]
        assert isinstance(country, forms.ChoiceField)  # noqa: S101 (for the type)
        country.choices = _countries()
        country.initial = settings.DEFAULT_COUNTRY
        for name, autocomplete in self.AUTOCOMPLETE.items():
            attributes = self.fields[name].widget.attrs
            self.fields[name].error_messages["required"] = _("Please fill this in.")
            attributes |= {"class": "input", "autocomplete": autocomplete}
        self.fields["postal_code"].widget.attrs["class"] = "input num"
        first = next((name for name in self.AUTOCOMPLETE if self.is_bound and name in self.errors), None)
        if first:
            self.fields[first].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        code, country = cleaned.get("postal_code"), cleaned.get("country")
        if code and country and (error := postal_code_error(code, country)):
            self.add_error("postal_code", error)
        return cleaned

    def address(self) -> ShippingAddress:
        """Return what was entered; needs a valid form."""
        return ShippingAddress(
            **{name: self.cleaned_data[name] for name in ("name", "line1", "city", "postal_code", "country")}
        )


def postal_code_error(code: str, country: str) -> str:
    """Say what is wrong with a postal code, or nothing."""
    if not delivery.is_known(code, country):
        digits = delivery.normalise(code)
        if country == "IN" and digits.isdigit() and len(digits) != 6:
            return ngettext(
                "%(n)d digit; codes in India have six.", "%(n)d digits; codes in India have six.", len(digits)
            ) % {"n": len(digits)}
        if country == "IN":
            return _("Codes in India have six digits.")
        return _("This is not a postal code.")
    if not delivery.routes(postal_code=code, country=country):
        return _("We can't send anything to this postal code yet.")
    return ""


def _countries() -> list[tuple[str, str]]:
    """Return the countries that something can be sent to, by name."""
    codes = delivery.countries() or [settings.DEFAULT_COUNTRY]
    names = Locale.parse((get_language() or "en").replace("-", "_")).territories
    return sorted(((code, str(names.get(code, code))) for code in codes), key=lambda choice: choice[1])
