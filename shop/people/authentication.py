"""How the REST API knows who asks by a token."""

from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions

from shop.models import ApiToken, User
from shop.people import tokens


class TokenAuthentication(authentication.TokenAuthentication):
    """`Authorization: Token …`."""

    def authenticate_credentials(self, key: str) -> tuple[User, ApiToken]:
        token = tokens.find(key)
        if token is None:
            raise exceptions.AuthenticationFailed(_("This token is not known, has ended, or was revoked."))
        return token.user, token
