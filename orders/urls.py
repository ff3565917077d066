"""Pages of buying."""

from django.urls import URLPattern, path

from orders.pages import checkout, orders, pay, receipt, sandbox

app_name = "orders"
urlpatterns: list[URLPattern] = [
    path("checkout/", checkout.page, name="checkout"),
    path("checkout/delivery/", checkout.delivery_fragment, name="checkout-delivery"),
    path("orders/", orders.index, name="orders"),
    path("orders/<uuid:order_id>/", orders.order, name="order"),
    path("orders/<uuid:order_id>/pay/", pay.page, name="pay"),
    path("orders/<uuid:order_id>/pay/card/", pay.card, name="card"),
    path("orders/<uuid:order_id>/receipt/", receipt.page, name="receipt"),
    path("orders/<uuid:order_id>/cancel/", orders.cancel, name="cancel"),
    path("sandbox-pay/<slug:ref>/", sandbox.page, name="sandbox"),
]
