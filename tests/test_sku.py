"""SKUs of whatever signs: through addresses, forms, pages and the database."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import stock
from inventory.exceptions import SkuRefused
from inventory.models import StockItem
from inventory.sku import PATTERN, is_sku
from shop.models import CartLine, User, Variant, WishlistItem
from tests.support.factories import make_product, make_session, make_stock, make_user, make_warehouse

pytestmark = pytest.mark.django_db

ODD = [
    "A/B",
    "/A/",
    "A//B",
    "RED SHOE 42",
    "50%",
    "100%25",
    "a+b&c=d",
    "what?#now",
    "say \"hi\" 'there'",
    "<b>&amp;",
    "back\\slash",
    "...",
    "A/.hidden",
    "v1.0",
    "-x",
    "a-b",
    "Größe;42,:@!$*()[]{}|^~`",
    "衣服/红",
    "👗-1",
    "__proto__",
    "new",
    "availability",
    "x" * 64,
]
IMPOSSIBLE = ["", " ", " A", "A ", "\u00a0A", ".", "..", "A/..", "../A", "A/./B", "A\nB", "A\x00", "A\x7f", "A\u200b"]
IMPOSSIBLE += ["A\u202eB", "\ud800", "x" * 65]


def test_python_and_postgresql_agree_on_what_a_sku_is() -> None:
    signs = st.sampled_from(
        [*"Ab ./\\\n-", "\u00a0", "\u2003", "\u200b", "\ufeff", "é", "👗", "\x7f", "\x85", "\uffff"]
    )
    seen: set[bool] = set()

    @settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=st.text(signs, max_size=6) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4))
    def judge(text: str) -> None:
        if "\x00" in text:
            assert not is_sku(text)
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s ~ %s", [text, PATTERN])
            assert cursor.fetchone() == (is_sku(text),), ascii(text)
        seen.add(is_sku(text))

    judge()
    assert seen == {True, False}


@pytest.mark.parametrize("sku", IMPOSSIBLE, ids=ascii)
def test_what_can_not_be_a_sku_is_refused_everywhere(sku: str) -> None:
    product = make_product(skus=("VASE",), stock=1)
    make_warehouse()

    with pytest.raises(ValidationError) as refused:
        Variant(product=product, sku=sku, price_minor=1).full_clean()
    assert "sku" in refused.value.message_dict
    with pytest.raises(SkuRefused):
        stock.receive(sku=sku, warehouse="main", quantity=1, actor="system")
    assert list(StockItem.objects.values_list("sku", flat=True)) == ["VASE"]


@pytest.mark.parametrize("sku", [sku for sku in IMPOSSIBLE if "\x00" not in sku and "\ud800" not in sku], ids=ascii)
def test_the_database_refuses_it_too(sku: str) -> None:
    product = make_product(skus=("VASE",))

    for make in (
        lambda: Variant.objects.create(product=product, sku=sku, price_minor=1),
        lambda: StockItem.objects.create(sku=sku, warehouse=make_warehouse()),
    ):
        if len(sku) <= 64:
            with pytest.raises(IntegrityError), transaction.atomic():
                make()


def test_staff_are_told_what_a_sku_is(client: Client) -> None:
    client.force_login(User.objects.create_superuser("admin@example.com"))
    make_warehouse()
    form = {"_form_submitted": "True", "sku": "A/../B", "warehouse": "main", "quantity": 4}

    answer = client.post(reverse("admin:inventory_stockitem_receive_new"), form)

    assert "HX-Redirect" not in answer.headers
    assert "no . or .. between slashes" in answer.content.decode()
    assert not StockItem.objects.exists()


@pytest.mark.parametrize("sku", ODD)
def test_a_cart_takes_it_by_its_address_and_lets_it_go(client: Client, sku: str) -> None:
    make_product(skus=(sku,), stock=5)
    address = f"/api/v1/cart/lines/{quote(sku, safe='')}"

    put = client.put(address, {"quantity": 2}, "application/json")
    assert (put.status_code, [line["sku"] for line in put.json()["lines"]]) == (200, [sku])
    assert CartLine.objects.get().quantity == 2
    assert client.put(f"{address}x", {"quantity": 2}, "application/json").json()["code"] == "unknown_sku"

    assert client.delete(address).json()["lines"] == []
    assert not CartLine.objects.exists()


@pytest.mark.parametrize("sku", ODD)
def test_a_wishlist_takes_it_by_its_address_and_lets_it_go(client: Client, sku: str) -> None:
    make_product(skus=(sku,), stock=5)
    client.force_login(make_user())
    address = f"/api/v1/wishlist/items/{quote(sku, safe='')}"

    assert [item["sku"] for item in client.put(address).json()["items"]] == [sku]
    assert client.delete(address).json() == {"items": []}
    assert not WishlistItem.objects.exists()


@pytest.mark.parametrize("sku", ["/A//B c/", "50%25 a+b&c", "what?#now", "<b>\"'&amp;", "Größe;衣服/👗", "__proto__"])
def test_the_other_calls_and_the_pages_know_it(client: Client, sku: str) -> None:
    product = make_product("Vase", slug="vase", skus=(sku, "OTHER"), stock=5)
    host = make_user(is_host=True)
    session = make_session("a-show", host=host, skus=(sku,))
    query = urlencode({"sku": sku})

    assert [row["sku"] for row in client.get(f"/api/v1/availability?{query}").json()["results"]] == [sku]
    assert client.get("/shop/vase/?" + query).context["chosen"].variant.sku == sku
    assert client.post("/cart/lines/", {"sku": sku, "quantity": 2}).status_code == 302
    assert client.get("/cart/").status_code == 200
    assert client.get(f"/checkout/?{query}&quantity=1").status_code == 200
    assert client.get(f"/checkout/delivery/?{query}").status_code == 200
    assert client.get("/shows/a-show/").status_code == 200

    order: Any = {
        "lines": [{"sku": sku, "quantity": 1}],
        "email": "guest@example.com",
        "address": {"name": "A", "line1": "B", "city": "C", "postal_code": "110001", "country": "IN"},
    }
    placed = client.post("/api/v1/orders", order, "application/json", HTTP_IDEMPOTENCY_KEY="k" * 16)
    assert (placed.status_code, placed.json()["lines"][0]["sku"]) == (201, sku)

    client.force_login(host)
    listed = client.post("/api/v1/host/sessions/a-show/products", {"skus": [sku, "OTHER"]}, "application/json")
    assert [row["sku"] for row in listed.json()["products"]] == [sku, "OTHER"]
    pinned = client.post("/api/v1/host/sessions/a-show/pin", {"sku": sku}, "application/json")
    assert pinned.json()["pinned_sku"] == sku
    assert client.post(f"/host/shows/{session.slug}/run-list/", {"do": "remove", "sku": "OTHER"}).status_code == 302
    assert client.get(f"/host/shows/{session.slug}/").status_code == 200

    client.post("/wishlist/items/", {"sku": sku})
    page = client.get("/shop/vase/?" + query)
    assert json.loads(page.context["wished_json"]) == [sku]
    assert client.get("/wishlist/").status_code == 200
    client.force_login(User.objects.create_superuser("admin@example.com"))
    for address in (
        reverse("admin:shop_product_change", args=[product.pk]),
        reverse("admin:inventory_stockitem_changelist") + "?" + urlencode({"q": sku}),
        reverse("admin:inventory_stockitem_change", args=[StockItem.objects.get(sku=sku).pk]),
        reverse("admin:orders_order_changelist") + "?" + urlencode({"q": sku}),
    ):
        assert client.get(address).status_code == 200


def test_nothing_else_of_the_api_is_shadowed_by_a_sku(client: Client) -> None:
    client.force_login(make_user())
    make_stock("VASE", 1)

    assert client.get("/api/v1/cart").json()["lines"] == []
    assert client.get("/api/v1/wishlist").json() == {"items": []}
    assert client.put("/api/v1/cart/lines/", {"quantity": 1}, "application/json").json()["code"] == "not_found"
