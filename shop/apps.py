from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        # Connects to sign-in cart, wishlist, the counts of guesses and what ends with a password; records changes of
        # roles; registers checks and mends.
        from shop import account_events, cart, checks, guesses, roles, sessions, wishlist  # noqa: F401
        from shop.repair import (
            reconciliation,  # noqa: F401
            repairs,  # noqa: F401
        )
