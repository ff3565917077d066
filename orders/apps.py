from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        # Registers checks of settings and of data, repairs, and how to forget a person; listens to sign-ins and to the
        # outbox, and writes the mails of orders.
        from orders import (  # noqa: F401
            checks,
            erasure,
            joining,
            reconciliation,
            repairs,
        )
        from orders.archiving import reconciliation as archive_reconciliation  # noqa: F401
        from orders.notices import (
            handlers,  # noqa: F401
            order_mails,  # noqa: F401
        )
