"""Buying by the pages, without script: what a browser would send, and what a person would read."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as configured
from django.test import Client

from orders.models import Order
from shop import cart
from shop.models import Cart

ADDRESS = {
    "email": "guest@example.com",
    "name": "A Guest",
    "line1": "4 Example Lane",
    "postal_code": "110001",
    "city": "New Delhi",
    "country": "IN",
}


def hidden(page: str) -> dict[str, str]:
    """Return what the page's forms carry without showing it."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def text(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def open_checkout(client: Client, **query: Any) -> dict[str, str]:
    answer = client.get("/checkout/", query)
    assert answer.status_code == 200
    return hidden(answer.content.decode())


def put_into_cart(client: Client, sku: str, quantity: int) -> None:
    session = client.session
    basket = cart.find_guest(session.get(cart.SESSION_KEY, "")) or Cart.objects.create()
    session[cart.SESSION_KEY] = str(basket.key)
    session.save()
    cart.set_line(basket, sku=sku, quantity=quantity)


def order_by_page(client: Client, *, sku: str = "VASE", quantity: int = 1, **changed: str) -> Order:
    answer = client.post("/checkout/", open_checkout(client, sku=sku, quantity=quantity) | ADDRESS | changed)
    assert answer.status_code == 302
    return Order.objects.get(pk=answer["Location"].split("/")[2])


def pay(client: Client, order: Order, choice: str) -> str:
    """Walk to the sandbox provider, choose, come back; return the order's page."""
    provider = client.get(f"/orders/{order.id}/pay/")["Location"]
    back = client.post(urlsplit(provider).path, {"choice": choice})["Location"]
    answer = client.get(back.removeprefix(configured.SITE_URL), follow=True)
    assert answer.status_code == 200
    return answer.content.decode()
