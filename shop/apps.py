from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        # Connects the cart to sign-in.
        from shop import cart  # noqa: F401
