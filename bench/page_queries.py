"""How many statements a page costs the database, signed out and signed in, on the demo's data."""

from bench import lab
from bench.report import Figures

PAGES = {
    "home": "/",
    "shows": "/shows/",
    "show, live": "/shows/demo-live/",
    "show, replay": "/shows/demo-replay/",
    "shop": "/shop/",
    "product": "",
    "cart": "/cart/",
    "checkout": "/checkout/",
    "orders": "/orders/",
}


def run() -> Figures:
    with lab.databases():
        from django.core.management import call_command

        call_command("seed_demo", verbosity=0)
        return _count()


def _count() -> Figures:
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from shop.models import Product, User, Variant

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.ALLOWED_HOSTS.append("testserver")
    addresses = PAGES | {"product": Product.objects.order_by("pk")[0].get_absolute_url()}
    guest, shopper = Client(), Client()
    shopper.force_login(User.objects.get(email="shopper@example.com"), settings.AUTHENTICATION_BACKENDS[1])
    skus = Variant.objects.order_by("pk").values_list("sku", flat=True)[:3]
    figures = {}
    for who, client in (("guest", guest), ("shopper", shopper)):
        for sku in skus:
            client.put(f"/api/v1/cart/lines/{sku}", {"quantity": 1}, content_type="application/json")
        for page, address in addresses.items():
            client.get(address)  # what is made once (a template, a site's cache) is not the page's price
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address)
            if answer.status_code != 200:
                raise RuntimeError(f"{address} answered {answer.status_code} to a {who}")
            figures[f"{page} ({who})"] = len(queries)
    return figures
