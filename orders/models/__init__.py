"""The models of orders and payments."""

from orders.models.orders import ArchivedOrder, IdempotencyKey, NextOrderNumber, Order, OrderFacts, OrderLine
from orders.models.payments import Payment, ProviderEvent, Refund
from orders.models.sandbox import SandboxPayment, SandboxRefund, SandboxWebhook

__all__ = [
    "ArchivedOrder",
    "IdempotencyKey",
    "NextOrderNumber",
    "Order",
    "OrderFacts",
    "OrderLine",
    "Payment",
    "ProviderEvent",
    "Refund",
    "SandboxPayment",
    "SandboxRefund",
    "SandboxWebhook",
]
