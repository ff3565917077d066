from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        # Registers checks and mends; listens to the outbox, and writes the mails of orders.
        from orders import mends, reconciliation  # noqa: F401
        from orders.archive import reconciliation as archive_reconciliation  # noqa: F401
        from orders.notices import handlers, letters  # noqa: F401
