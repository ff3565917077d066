from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        # Connects to sign-in cart, wishlist, the counts of guesses and what ends with a password; records changes of
        # roles; registers checks and repairs.
        from shop import cart, checks, wishlist  # noqa: F401
        from shop.people import (
            account_events,  # noqa: F401
            guesses,  # noqa: F401
            roles,  # noqa: F401
            sessions,  # noqa: F401
        )
        from shop.repair import (
            reconciliation,  # noqa: F401
            repairs,  # noqa: F401
        )
