"""Orders in Django's admin: live and archived ones, refunds."""

from orders.admin import archived, orders

__all__ = ["archived", "orders"]
