from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        # Connects to sign-in cart, wishlist, the counts of guesses and what ends with a password; records changes of
        # roles; registers checks and mends.
        from shop import (  # noqa: F401
            account_events,
            cart,
            checks,
            guesses,
            mends,
            reconciliation,
            roles,
            sessions,
            wishlist,
        )
