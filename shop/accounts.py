"""Accounts by e-mail address: what allauth is told about ours."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop.models import Address, User
from shop.text import NameRefused, clean_name


class Adapter(DefaultAccountAdapter):
    """People have an e-mail address and, if they like, a name to be seen by."""

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """There are no user names."""


class NameForm(forms.BaseForm):
    """What a form does that asks for the name others see."""

    def clean_display_name(self) -> str:
        try:
            return clean_name(self.cleaned_data["display_name"])
        except NameRefused:
            raise forms.ValidationError(_("Choose a name without @: everybody can read it.")) from None


class SignupForm(NameForm, forms.Form):
    """What is asked at sign-up besides the address and the password."""

    display_name = forms.CharField(
        label=_("Name in chat"),
        max_length=40,
        required=False,
        help_text=_("Others see this name, never your e-mail address. You can change it later."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        user.display_name = self.cleaned_data["display_name"]
        user.save(update_fields=["display_name"])


class ProfileForm(NameForm, forms.ModelForm):
    class Meta:
        model = User
        fields = ["display_name"]
        labels = {"display_name": _("Name in chat")}
        help_texts = {"display_name": _("Others see this name, never your e-mail address.")}


class AddressForm(forms.ModelForm):
    class Meta:
        model = Address
        fields = ["name", "line1", "postal_code", "city", "country"]
        labels = {
            "name": _("Name on the parcel"),
            "line1": _("Street and house"),
            "postal_code": _("Postal code"),
            "city": _("City"),
            "country": _("Country"),
        }
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "line1": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "postal_code": forms.TextInput(attrs={"autocomplete": "postal-code"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"] = forms.ChoiceField(label=_("Country"), choices=countries())

    def clean(self) -> dict[str, Any]:
        from inventory import delivery

        cleaned = super().clean() or self.cleaned_data
        code, country = cleaned.get("postal_code"), cleaned.get("country")
        if code and country and not delivery.is_known(code, country):
            words = _("Codes in India have six digits.") if country == "IN" else _("That is not a postal code.")
            self.add_error("postal_code", words)
        return cleaned


def countries() -> list[tuple[str, str]]:
    """Return the countries that some warehouse delivers to."""
    from babel import Locale
    from django.utils.translation import get_language

    from inventory.models import Zone

    names = Locale.parse(get_language() or "en", sep="-").territories
    codes = Zone.objects.order_by("country").values_list("country", flat=True).distinct()
    return [(code, str(names.get(code, code))) for code in codes]
