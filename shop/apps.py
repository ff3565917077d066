from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        # Connects cart and wishlist to sign-in, and what ends with a password; records changes of roles; registers
        # checks and mends.
        from shop import (  # noqa: F401
            account_events,
            cart,
            checks,
            mends,
            reconciliation,
            roles,
            sessions,
            wishlist,
        )
