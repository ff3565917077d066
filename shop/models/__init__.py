"""The models of people, products, and what all apps write."""

from shop.models.catalogue import Cart, CartLine, Category, Product, ProductPicture, Variant, WishlistItem
from shop.models.people import Address, ApiToken, User, UserManager
from shop.models.platform import AuditEntry, Notice, OutboxEvent
from shop.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "Address",
    "ApiToken",
    "AuditEntry",
    "Cart",
    "CartLine",
    "Category",
    "Notice",
    "OutboxEvent",
    "Product",
    "ProductPicture",
    "User",
    "UserManager",
    "Variant",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WishlistItem",
]
