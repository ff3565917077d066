"""Our forms in place of allauth's, by its names for them, and how often it takes them (settings)."""

ACCOUNT_FORMS = {
    "login": "shop.people.account_forms.LoginForm",
    "signup": "shop.people.account_forms.SignupForm",
    "add_email": "shop.people.account_forms.AddEmailForm",
    "change_password": "shop.people.account_forms.ChangePasswordForm",
    "reset_password": "shop.people.account_forms.ResetPasswordForm",
    "reset_password_from_key": "shop.people.account_forms.ResetPasswordKeyForm",
    "confirm_email_verification_code": "shop.people.account_forms.ConfirmEmailForm",
    "reauthenticate": "shop.people.account_forms.ReauthenticateForm",
}
MFA_FORMS = {
    "authenticate": "shop.people.second_factor_forms.AuthenticateForm",
    "reauthenticate": "shop.people.second_factor_forms.ReauthenticateForm",
    "activate_totp": "shop.people.second_factor_forms.ActivateTOTPForm",
    "add_webauthn": "shop.people.second_factor_forms.AddWebAuthnForm",
    "edit_webauthn": "shop.people.second_factor_forms.EditWebAuthnForm",
}
# config.request_rates counts forms by network, and shop.people.guesses wrong passwords, without locking an owner out.
# What is left: mails to one address, and (login_failed) codes of a second factor, which allauth counts by account.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "signup": None,
    "reset_password_from_key": None,
    "reauthenticate": None,
    "change_password": None,
    "reset_password": "5/m/key",
    "confirm_email": "3/10m/key",
    "login_failed": "5/5m/key",
}
