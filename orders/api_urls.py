"""REST addresses below /api/v1/."""

from django.urls import URLPattern, path

from orders.api.orders import CancelOrder, OneOrder, Orders
from orders.api.webhooks import PaymentWebhook

urlpatterns: list[URLPattern] = [
    path("orders", Orders.as_view(), name="api-orders"),
    path("orders/<uuid:order_id>", OneOrder.as_view(), name="api-order"),
    path("orders/<uuid:order_id>/cancel", CancelOrder.as_view(), name="api-order-cancel"),
    path("webhooks/payments/<slug:provider>", PaymentWebhook.as_view(), name="api-payment-webhook"),
]
