"""Forms that ask for an address: the country first, then what its addresses have, in its own order."""

from typing import Any

from django import forms
from django.conf import settings
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import folding, postal
from shop.people import addresses

AUTOCOMPLETE = {
    "email": "email",
    "country": "country",
    "name": "name",
    "line1": "address-line1",
    "line2": "address-line2",
    "city": "address-level2",
    "region": "address-level1",
    "postal_code": "postal-code",
}


class EmailField(forms.EmailField):
    """An e-mail address, however it was typed."""

    def to_python(self, value: Any) -> str:
        return folding.email(super().to_python(value) or "")


class CountryField(forms.ChoiceField):
    def to_python(self, value: Any) -> str:
        return folding.country(super().to_python(value))


class AddressForm(forms.Form):
    """Asks for what a country's addresses have; the rest stays in the page unseen, should the country change back."""

    country = CountryField(label=gettext_lazy("Country"))
    name = forms.CharField(label=gettext_lazy("Name on the parcel"), max_length=addresses.LONGEST["name"])
    line1 = forms.CharField(required=False)
    line2 = forms.CharField(required=False)
    city = forms.CharField(required=False)
    region = forms.CharField(required=False)
    postal_code = forms.CharField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.fields["country"]
        assert isinstance(country, forms.ChoiceField)  # noqa: S101 (for the type)
        self.countries = addresses.countries()
        country.choices = self.countries
        country.initial = settings.DEFAULT_COUNTRY
        country.error_messages["invalid_choice"] = _("We can't send anything to this country yet.")
        self.rules = postal.rules_of(self._country())
        for name in postal.FIELDS:
            self.fields[name].label = addresses.label(name, self.rules.country)
            self.fields[name].widget.attrs["maxlength"] = addresses.LONGEST[name]
            self.fields[name].required = name in self.rules.required
        if self.rules.regions:
            region = postal.find_region(str(self["region"].value() or ""), self.rules.country)
            self.fields["region"].widget = forms.Select(choices=_choices(self.rules))
            if self.is_bound and region:  # chosen, though it was typed in another way
                self.data = dict(self.data.items()) | {"region": region}
        self.order_fields(["email", "country", "name", *self.rules.fields])
        for name, field in self.fields.items():
            if name in AUTOCOMPLETE:
                field.error_messages["required"] = addresses.NEEDED
                field.widget.attrs |= {"class": "input", "autocomplete": AUTOCOMPLETE[name]}
        self.fields["postal_code"].widget.attrs["class"] = "input num"

    @property
    def parts(self) -> list[tuple[BoundField, bool]]:
        """The fields that depend on the country, in its order, and whether it has them."""
        unused = [name for name in postal.FIELDS if name not in self.rules.fields]
        return [(self[name], name in self.rules.fields) for name in (*self.rules.fields, *unused)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        typed = {name: cleaned.get(name) or "" for name in self.rules.fields}
        if cleaned.get("country") != self.rules.country:
            return cleaned
        kept, errors = addresses.judge(typed, self.rules.country)
        for name, words in errors.items():
            if name not in self.errors:
                self.add_error(name, words)
        return cleaned | {name: part for name, part in kept.items() if name not in errors}

    def address(self) -> dict[str, str]:
        """Return what was entered, by the names of an address's parts; needs a valid form."""
        return {name: self.cleaned_data[name] for name in ("name", "country", *postal.FIELDS)}

    def _country(self) -> str:
        """Return the country that the fields are to be for: of those that can be chosen."""
        typed = folding.country(str(self["country"].value() or ""))
        return typed if typed in dict(self.countries) else settings.DEFAULT_COUNTRY


def describe(country: str) -> dict[str, object]:
    """Describe a country's fields to the script that changes them in place."""
    rules = postal.rules_of(country)
    return {
        "country": country,
        "countries": addresses.countries(),
        "fields": [
            {
                "name": name,
                "label": addresses.label(name, country),
                "required": name in rules.required,
                "choices": _choices(rules) if name == "region" else (),
            }
            for name in rules.fields
        ],
        "optional": _("(if you like)"),
    }


def _choices(rules: postal.Rules) -> list[tuple[str, str]]:
    """Return what a list of a country's regions offers, none first; nothing if the country has no such list."""
    return [("", _("Choose …")), *rules.regions] if rules.regions else []


def initial_of(address: object) -> dict[str, str]:
    """Return the parts of an address or an order as a form shows them at first."""
    return {name: getattr(address, name) for name in ("name", "country", *postal.FIELDS)}
