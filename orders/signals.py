"""Ephemeral news of orders, sent after commit."""

from django.dispatch import Signal

# orders: Sequence[Order], as committed by one transaction.
orders_changed = Signal()
