"""Our forms in place of allauth's, by its names for them, and how often it takes them (settings)."""

ACCOUNT_FORMS = {
    "login": "shop.account_forms.LoginForm",
    "signup": "shop.account_forms.SignupForm",
    "add_email": "shop.account_forms.AddEmailForm",
    "change_password": "shop.account_forms.ChangePasswordForm",
    "reset_password": "shop.account_forms.ResetPasswordForm",
    "reset_password_from_key": "shop.account_forms.ResetPasswordKeyForm",
    "confirm_email_verification_code": "shop.account_forms.ConfirmEmailForm",
    "reauthenticate": "shop.account_forms.ReauthenticateForm",
}
MFA_FORMS = {
    "authenticate": "shop.second_factor_forms.AuthenticateForm",
    "reauthenticate": "shop.second_factor_forms.ReauthenticateForm",
    "activate_totp": "shop.second_factor_forms.ActivateTOTPForm",
    "add_webauthn": "shop.second_factor_forms.AddWebAuthnForm",
    "edit_webauthn": "shop.second_factor_forms.EditWebAuthnForm",
}
# config.request_rates counts forms by network, and shop.guesses wrong passwords, without locking an owner out. What is
# left: mails to one address, and (login_failed) codes of a second factor, which allauth counts by account.
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
