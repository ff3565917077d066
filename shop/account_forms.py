"""allauth's forms with our words. (shop.accounts can't hold them: allauth's own forms import it.)"""

from typing import Any

from allauth.account import forms as allauth
from django.forms import Field
from django.utils.translation import gettext_lazy as _

from inventory import folding

EMAIL = _("E-mail")
NEW_PASSWORD_HINT = _("At least eight characters, and not a common word.")


def _fold(field: Field) -> None:
    """Have a field of allauth's take an e-mail address however it was typed."""
    read = field.to_python
    field.to_python = lambda value: folding.email(read(value) or "")  # type: ignore[method-assign]


class LoginForm(allauth.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = EMAIL
        _fold(self.fields["login"])


class SignupForm(allauth.SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = EMAIL
        _fold(self.fields["email"])
        self.fields["password1"].help_text = NEW_PASSWORD_HINT
        self.order_fields(["email", "password1", "display_name"])


class ResetPasswordForm(allauth.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = EMAIL
        _fold(self.fields["email"])


class AddEmailForm(allauth.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = EMAIL
        _fold(self.fields["email"])


class ChangePasswordForm(allauth.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Your password now")
        self.fields["password1"].label = _("The new one")
        self.fields["password1"].help_text = NEW_PASSWORD_HINT
        self.fields["password2"].label = _("The new one again")


class ResetPasswordKeyForm(allauth.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("The new one")
        self.fields["password1"].help_text = NEW_PASSWORD_HINT
        self.fields["password2"].label = _("The new one again")
