"""Our forms in place of allauth's, by its names for them (settings)."""

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
