"""Accounts by e-mail address: what allauth is told about ours."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop import guesses
from shop.lookalikes import is_taken
from shop.models import User
from shop.network import network_address
from shop.text import NAME_MOST, NameRefused, NameTooLong, clean_name


class Adapter(DefaultAccountAdapter):
    """People have an e-mail address and, if they like, a name to be seen by."""

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """There are no user names."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Check a password, to sign in or to confirm who one is; a right one is no guess."""
        user = super().authenticate(request, **credentials)
        if user:
            guesses.forgive(request)
        return user

    def get_client_ip(self, request: HttpRequest) -> str:
        """Count a household as one, as all our limits do."""
        return network_address(request)


WORDS = {
    "address": _("Choose a name without @: everybody can read it."),
    "taken": _("This name is, or looks like, that of a host or of the shop. Choose another one."),
}


def checked_name(name: str, *, user: User | None) -> str:
    """Return a name as everybody may see it; empty if nothing would be seen.

    Nobody bears the name of a host, of staff or of the shop, or one that looks like it. Raises NameRefused.
    """
    shown = clean_name(name)
    if not shown or (user and shown == user.display_name):
        return shown
    known = User.objects.filter(Q(is_host=True) | Q(is_staff=True), is_active=True).exclude(display_name="")
    others = known.exclude(pk=user.pk) if user else known
    is_own_shop = user is not None and user.is_staff
    if is_taken(shown, others=others.values_list("display_name", flat=True), is_shop=is_own_shop):
        raise NameRefused("taken")
    return shown


class NameForm(forms.BaseForm):
    """What a form does that asks for the name others see."""

    instance: User | None = None

    def clean_display_name(self) -> str:
        try:
            return checked_name(self.cleaned_data["display_name"], user=self.instance)
        except NameRefused as refused:
            raise forms.ValidationError(WORDS[refused.reason]) from None
        except NameTooLong:
            raise forms.ValidationError(
                _("Choose a name of %(most)d characters at most.") % {"most": NAME_MOST}
            ) from None


class SignupForm(NameForm, forms.Form):
    """What is asked at sign-up besides the address and the password."""

    display_name = forms.CharField(
        label=_("Name in chat"),
        max_length=NAME_MOST,
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
