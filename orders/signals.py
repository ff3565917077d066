"""Ephemeral news of orders, sent after commit."""

from django.dispatch import Signal

# order: Order, as committed.
order_changed = Signal()
