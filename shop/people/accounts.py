"""Accounts by e-mail address: what allauth is told about ours."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django import forms
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop.http.network import network_address
from shop.http.redirects import own_address
from shop.models import User
from shop.people import guesses
from shop.people.lookalikes import is_taken
from shop.text import NAME_MAX, NameRefused, NameTooLong, clean_name


class Adapter(DefaultAccountAdapter):
    """People have an e-mail address and, if they like, a name to be seen by."""

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """There are no user names."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Leave counting wrong passwords to `guesses`: allauth's count by name would lock their owner out."""
        self._login_failed_rl_usage = None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Check a password, to sign in or to confirm who one is; a right one is no guess."""
        user = super().authenticate(request, **credentials)
        if user:
            guesses.forgive(request)
        return user

    def is_safe_url(self, url: str | None) -> bool:
        """Go on, after a sign-in, to addresses of ours alone."""
        return bool(url and own_address(context.request, url))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write a mail whose links lead to SITE_URL: the host that a request names is for its sender to choose."""
        site = SimpleNamespace(domain=urlsplit(settings.SITE_URL).netloc, name=settings.SELLER_NAME)
        ours = {name: _at_site(value) for name, value in context.items()}
        super().send_mail(template_prefix, email, {**ours, "current_site": site})

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


def _at_site(value: Any) -> Any:
    """Return an absolute address, as allauth makes them of the request, at SITE_URL instead; else what was given."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        return value
    return settings.SITE_URL + urlsplit(value)._replace(scheme="", netloc="").geturl()


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
                _("Choose a name of %(most)d characters at most.") % {"most": NAME_MAX}
            ) from None


class SignupForm(NameForm, forms.Form):
    """What is asked at sign-up besides the address and the password."""

    display_name = forms.CharField(
        label=_("Name in chat"),
        max_length=NAME_MAX,
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
