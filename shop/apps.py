from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        # Connects the cart to sign-in; registers checks and mends.
        from shop import cart, mends, reconciliation  # noqa: F401
