"""Second factors for tests: an authenticator app, and how a person signs in with it."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache

from shop.models import User


class App:
    """Somebody's authenticator app, set up, with recovery codes."""

    def __init__(self, user: User) -> None:
        self.secret = generate_totp_secret()
        TOTP.activate(user, self.secret)
        self.recovery_codes = RecoveryCodes.activate(user).generate_codes()
        self._user = user

    def code(self) -> str:
        """Return the code of now, as if it had not been used."""
        code = format_hotp_value(hotp_value(self.secret, int(time.time()) // 30))
        cache.delete(f"allauth.mfa.totp.used?user={self._user.pk}&code={code}")
        return code


def give_factor(user: User) -> App:
    assert not Authenticator.objects.filter(user=user).exists()
    return App(user)
