"""Accounts by e-mail address: what allauth is told about ours."""

from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop.models import User
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
