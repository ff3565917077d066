from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        # Registers checks; listens to the outbox, and writes the mails of orders.
        from orders import reconciliation  # noqa: F401
        from orders.notices import handlers, letters  # noqa: F401
