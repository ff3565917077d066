"""allauth's forms with our words. (shop.people.accounts can't hold them: allauth's own forms import it.)"""

from typing import Any

from allauth.account import forms as allauth
from allauth.core import context
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.forms import Field
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from inventory import folding
from shop.models import User
from shop.people import verification

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
    account_already_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = EMAIL
        _fold(self.fields["email"])
        self.fields["password1"].help_text = NEW_PASSWORD_HINT
        self.order_fields(["email", "password1", "display_name"])

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Make the account; one that was made with this address a moment ago is answered as an older one is.

        Where there is one already, a password is hashed all the same, so that the time it takes tells nothing.
        """
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        try:
            with transaction.atomic():
                return super().try_save(request)
        except IntegrityError:
            self.account_already_exists = True
            return super().try_save(request)


class ResetPasswordForm(allauth.ResetPasswordForm):
    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = EMAIL
        _fold(self.fields["email"])

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = [user for user in self.users if verification.may_reset_by(user, email)]
        return email


class AddEmailForm(allauth.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = EMAIL
        _fold(self.fields["email"])

    def clean_email(self) -> str:
        if not verification.is_verified(self.user):
            raise forms.ValidationError(_("Confirm your main address first."), code="unverified")
        return str(super().clean_email())


class ChangePasswordForm(allauth.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Your password now")
        self.fields["password1"].label = _("The new one")
        self.fields["password1"].help_text = NEW_PASSWORD_HINT
        self.fields["password2"].label = _("The new one again")

    def clean_oldpassword(self) -> str:
        """Count a wrong one as any guess: a session left open at somebody else's is no way to try them all."""
        from shop.people import guesses

        request = context.request
        if not guesses.take(request, self.user.email):
            raise forms.ValidationError(_("Too many wrong passwords. Try again later."))
        password: str = super().clean_oldpassword()
        guesses.forgive(request)
        return password


class ResetPasswordKeyForm(allauth.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("The new one")
        self.fields["password1"].help_text = NEW_PASSWORD_HINT
        self.fields["password2"].label = _("The new one again")

    def save(self) -> None:
        verification.reset_password(self.user, self.cleaned_data["password1"])


class ConfirmEmailForm(allauth.ConfirmEmailVerificationCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from the mail")
        self.fields["code"].widget.attrs.pop("placeholder", None)


class ReauthenticateForm(allauth.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Your password")
