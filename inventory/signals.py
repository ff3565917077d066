"""Ephemeral news of stock, sent after commit."""

from django.dispatch import Signal

# sku: str, available: int, version: int. Absolute, so that a lost one heals with the next.
stock_changed = Signal()
