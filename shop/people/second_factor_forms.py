"""The forms of allauth.mfa with our words and with bounds."""

from typing import Any

from allauth.mfa.base import forms as base
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.utils.translation import gettext_lazy as _

CODE_MAX = 40
CREDENTIAL_MAX = 20_000
PASSKEY_NAME_MAX = 80


class CodeForm(forms.Form):
    """A form that asks for a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = _("Code")
        code.max_length = CODE_MAX  # type: ignore[attr-defined]
        code.widget.attrs = {"autocomplete": "one-time-code", "maxlength": str(CODE_MAX), "autocapitalize": "none"}


class AuthenticateForm(CodeForm, base.AuthenticateForm):
    pass


class ReauthenticateForm(CodeForm, base.ReauthenticateForm):
    pass


class ActivateTOTPForm(CodeForm, totp.ActivateTOTPForm):
    pass


class PasskeyForm(forms.Form):
    """A form with the name of a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(
            label=_("Name"),
            max_length=PASSKEY_NAME_MAX,
            required=False,
            initial=self.initial.get("name") or self.fields["name"].initial,
            help_text=_("So that you can tell it from others: the phone, the laptop, the key on your key ring."),
        )
        self.order_fields(["name"])


class AddWebAuthnForm(PasskeyForm, webauthn.AddWebAuthnForm):
    """A passkey that can sign in alone: what the device keeps is both what one has and what one is or knows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        passwordless = self.fields["passwordless"]
        passwordless.label = _("Sign in with it alone, without the password")
        passwordless.help_text = ""
        passwordless.initial = True

    def clean(self) -> dict[str, Any]:
        if len(self.data.get("credential", "")) > CREDENTIAL_MAX:
            raise forms.ValidationError(_("This passkey sends more than we can keep."))
        return super().clean() or {}


class EditWebAuthnForm(PasskeyForm, webauthn.EditWebAuthnForm):
    def clean_name(self) -> str:
        return self.cleaned_data["name"] or str(self.instance.wrap().name)
