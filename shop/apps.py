from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        # Connects the cart to sign-in; registers checks.
        from shop import cart, reconciliation  # noqa: F401
