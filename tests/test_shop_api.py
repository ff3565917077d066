"""Products, carts, wishlists, tokens and accounts over REST, to the letter of the contract."""

from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from inventory.models import Zone
from shop.api import people
from shop.models import ApiToken, Cart, CartLine, User, Variant, WishlistItem
from shop.people import tokens
from tests.support.factories import make_product, make_stock, make_user

pytestmark = pytest.mark.django_db

JSON = "application/json"


def call(client: Client, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Token {token}"} if token else {}
    answer = client.generic(
        method, f"/api/v1/{path}", "" if body is None else _encode(body), content_type=JSON, headers=headers
    )
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json() if answer.content else None


def _encode(body: Any) -> str:
    import json

    return body if isinstance(body, str) else json.dumps(body)


def sign_in(user: User) -> str:
    return tokens.issue(user)


def slugs(answer: Any) -> list[str]:
    return [product["slug"] for product in answer["results"]]


def test_products_have_the_contracts_shape(client: Client) -> None:
    make_product("Vase", slug="vase", stock=3, price_minor=8200)
    status, answer = call(client, "GET", "products?postal_code=110001")
    assert status == 200
    assert set(answer) == {"results", "next", "previous"}
    [vase] = answer["results"]
    assert {"slug", "name", "price_minor", "currency", "available", "delivery_on"} <= set(vase)
    assert (vase["slug"], vase["price_minor"], vase["currency"], vase["available"]) == ("vase", 8200, "USD", 3)
    assert len(vase["delivery_on"]) == 10
    assert vase["picture"].startswith("http://testserver/")
    assert call(client, "GET", "products")[1]["results"][0]["delivery_on"] is None


def test_products_are_filtered_and_sorted(client: Client) -> None:
    make_product("Vase", slug="vase", category="ceramics", stock=1, price_minor=200, attributes={"Material": "Clay"})
    make_product("Lamp", slug="lamp", category="light", stock=1, price_minor=100)
    make_product("Gone", slug="gone", category="light", price_minor=300)
    asked = {
        "q=vaze": ["vase"],
        "category=light": ["lamp"],
        "category=light&category=ceramics&sort=price": ["lamp", "vase"],
        "sort=-price": ["vase", "lamp"],
        "in_stock=0&sort=price": ["lamp", "vase", "gone"],
        "in_stock=true&sort=price": ["lamp", "vase"],
        "q=&category=&sort=price&postal_code=": ["lamp", "vase"],
        "min_minor=200": ["vase"],
        "max_minor=100": ["lamp"],
        "a.Material=Clay": ["vase"],
        "category=nothing": [],
    }
    for query, found in asked.items():
        assert slugs(call(client, "GET", f"products?{query}")[1]) == found, query


@pytest.mark.parametrize(
    ("query", "field"),
    [("sort=x", "sort"), ("in_stock=7", "in_stock"), ("postal_code=12", "postal_code"), ("min_minor=x", "min_minor")],
)
def test_a_wrong_parameter_is_named(client: Client, query: str, field: str) -> None:
    status, answer = call(client, "GET", f"products?{query}")
    assert (status, answer["code"], list(answer["errors"])) == (400, "invalid", [field])


@pytest.mark.parametrize("sort", ["", "new", "price", "-price", "name", "wished", "soonest", "match"])
def test_pages_hold_every_product_once(client: Client, sort: str) -> None:
    for number in range(7):
        make_product(f"Vase {number}", stock=1 if number % 2 else 0, price_minor=100 + number % 3)
    address = f"products?q=vase&limit=3&in_stock=0&postal_code=110001&sort={sort}"
    seen: list[str] = []
    for _ in range(5):
        _, answer = call(client, "GET", address)
        seen += slugs(answer)
        if not answer["next"]:
            break
        assert answer["next"].startswith("http://testserver/api/v1/products?")
        address = answer["next"].removeprefix("http://testserver/api/v1/")
    assert len(seen) == len(set(seen)) == 7


def test_a_product_has_the_contracts_shape(client: Client) -> None:
    make_product(
        "Jumper", slug="jumper", skus=("J-S", "J-L"), price_minor=100, attributes={"Fit": "Straight"}, stock=2
    )
    make_stock("J-L", 3, warehouse="south")
    status, answer = call(client, "GET", "products/jumper")
    assert status == 200
    assert set(answer) == {"slug", "name", "description", "category", "attributes", "pictures", "variants"}
    assert (answer["category"], answer["attributes"]) == ("kitchen", {"Fit": "Straight"})
    assert answer["pictures"] == [{"url": "http://testserver/media/pictures/none.webp", "alt": "Jumper"}]
    assert [
        {key: variant[key] for key in ("sku", "price_minor", "currency", "available", "version")}
        for variant in answer["variants"]
    ] == [
        {"sku": "J-S", "price_minor": 100, "currency": "USD", "available": 2, "version": 1},
        {"sku": "J-L", "price_minor": 100, "currency": "USD", "available": 5, "version": 2},
    ]


def test_what_is_not_for_sale_is_not_found(client: Client) -> None:
    make_product("Old", slug="old", is_active=False)
    for path in ("products/old", "products/never", "products/old/delivery?postal_code=110001"):
        status, answer = call(client, "GET", path)
        assert (status, answer["code"]) == (404, "not_found")


def test_delivery_answers(client: Client) -> None:
    make_product("Vase", slug="vase", skus=("V",), stock=1)
    make_product("Gone", slug="gone", skus=("G",))
    Zone.objects.update(postal_prefix="11")
    status, answer = call(client, "GET", "products/vase/delivery?postal_code=110001")
    assert (status, answer["serviceable"], answer["warehouse"]) == (200, True, "main")
    assert len(answer["delivery_on"]) == 10
    away = {"serviceable": False, "delivery_on": None, "warehouse": None}
    assert call(client, "GET", "products/vase/delivery?postal_code=560001") == (200, away)
    assert call(client, "GET", "products/gone/delivery?postal_code=560001") == (200, away)
    assert call(client, "GET", "products/gone/delivery?postal_code=110001") == (200, {**away, "serviceable": True})
    status, answer = call(client, "GET", "products/vase/delivery?postal_code=11")
    assert (status, answer["code"]) == (404, "unknown_postal_code")
    status, answer = call(client, "GET", "products/vase/delivery")
    assert (status, list(answer["errors"])) == (400, ["postal_code"])


def test_a_guests_cart_is_the_sessions(client: Client) -> None:
    make_product("Vase", slug="vase", skus=("V/1",), stock=5, price_minor=100)
    make_product("Cup", skus=("C",), stock=5, price_minor=10)
    empty = {"lines": [], "total_minor": 0, "currency": "USD", "totals": []}
    assert call(client, "GET", "cart") == (200, empty)
    assert Cart.objects.count() == 0
    assert call(client, "PUT", "cart/lines/C", {"quantity": 3})[0] == 200
    status, answer = call(client, "PUT", "cart/lines/C", {"quantity": 2})
    assert (status, answer["total_minor"]) == (200, 20)
    assert [(line["sku"], line["quantity"], line["available"]) for line in answer["lines"]] == [("C", 2, 5)]
    assert call(client, "GET", "cart") == (200, answer)
    assert call(Client(), "GET", "cart") == (200, empty)
    assert call(client, "DELETE", "cart/lines/C") == call(client, "DELETE", "cart/lines/C") == (200, empty)


def test_a_token_opens_the_persons_cart(client: Client) -> None:
    make_product("Vase", skus=("V",), stock=5)
    person = make_user()
    call(client, "PUT", "cart/lines/V", {"quantity": 2}, sign_in(person))
    assert CartLine.objects.get().cart.user == person
    assert call(client, "GET", "cart")[1]["lines"] == []


@pytest.mark.parametrize("body", [{}, {"quantity": 0}, {"quantity": 100}, {"quantity": "x"}, [], "{"])
def test_a_wrong_quantity_changes_nothing(client: Client, body: Any) -> None:
    make_product("Vase", skus=("V",), stock=5)
    status, answer = call(client, "PUT", "cart/lines/V", body)
    assert status == 400
    assert Cart.objects.count() == 0
    if body != "{":
        assert list(answer["errors"])


def test_an_unknown_sku_is_404_and_makes_no_cart(client: Client) -> None:
    status, answer = call(client, "PUT", "cart/lines/NEVER", {"quantity": 1})
    assert (status, answer["code"]) == (404, "unknown_sku")
    assert Cart.objects.count() == 0


def test_a_sold_out_line_stays_and_counts_for_nothing(client: Client) -> None:
    make_product("Vase", skus=("V",))
    make_product("Old", skus=("O",), stock=5)
    call(client, "PUT", "cart/lines/V", {"quantity": 1})
    call(client, "PUT", "cart/lines/O", {"quantity": 1})
    Variant.objects.filter(sku="O").update(is_active=False)
    _, answer = call(client, "GET", "cart")
    assert [(line["sku"], line["available"]) for line in answer["lines"]] == [("V", 0), ("O", 0)]
    assert answer["total_minor"] == 0


def test_a_wishlist_wants_a_person(client: Client) -> None:
    for method, path in (("GET", "wishlist"), ("PUT", "wishlist/items/V"), ("DELETE", "wishlist/items/V")):
        status, answer = call(client, method, path)
        assert (status, answer["code"]) == (401, "not_authenticated")


def test_wishes_come_and_go(client: Client) -> None:
    make_product("Vase", skus=("V",), stock=4)
    token = sign_in(make_user())
    call(client, "PUT", "wishlist/items/V", token=token)
    status, answer = call(client, "PUT", "wishlist/items/V", token=token)
    assert status == 200
    assert [(item["sku"], item["available"]) for item in answer["items"]] == [("V", 4)]
    assert WishlistItem.objects.count() == 1
    assert call(client, "PUT", "wishlist/items/NEVER", token=token)[0] == 404
    assert call(client, "DELETE", "wishlist/items/V", token=token) == (200, {"items": []})
    assert call(client, "DELETE", "wishlist/items/V", token=token) == (200, {"items": []})


def test_a_token_is_given_for_address_and_password(client: Client) -> None:
    person = make_user("a@example.com")
    status, answer = call(client, "POST", "tokens", {"email": "A@example.com", "password": "showfloor"})
    assert (status, list(answer)) == (201, ["token"])
    assert person.api_tokens.count() == 1
    assert call(client, "GET", "me", token=answer["token"])[1]["email"] == "a@example.com"


def test_wrong_unknown_and_closed_accounts_read_alike(client: Client) -> None:
    make_user("a@example.com")
    make_user("closed@example.com", is_active=False)
    wrong = [
        call(client, "POST", "tokens", {"email": email, "password": password})
        for email, password in (
            ("a@example.com", "no"),
            ("b@example.com", "showfloor"),
            ("closed@example.com", "showfloor"),
        )
    ]
    assert wrong[0] == wrong[1] == wrong[2]
    assert (wrong[0][0], wrong[0][1]["code"]) == (401, "invalid_credentials")
    assert ApiToken.objects.count() == 0


def test_a_token_call_names_missing_fields(client: Client) -> None:
    status, answer = call(client, "POST", "tokens", {"email": "no address"})
    assert (status, sorted(answer["errors"])) == (400, ["email", "password"])


def test_guessing_passwords_is_slowed_down_by_address(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PER_ADDRESS", 2)
    make_user("a@example.com")
    make_user("b@example.com")
    guess = {"email": "a@example.com", "password": "guess"}
    assert [call(client, "POST", "tokens", guess)[0] for _ in range(3)] == [401, 401, 429]
    answer = client.post("/api/v1/tokens", {**guess, "password": "showfloor"}, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert int(answer["Retry-After"]) > 0
    assert call(client, "POST", "tokens", {"email": "b@example.com", "password": "showfloor"})[0] == 201


@override_settings(AXES_FAILURE_LIMIT=2)
def test_wrong_passwords_lock_the_address_for_pages_too(client: Client) -> None:
    make_user("a@example.com")
    guess = {"email": "a@example.com", "password": "guess"}
    assert [call(client, "POST", "tokens", guess)[0] for _ in range(2)] == [401, 429]
    status, answer = call(client, "POST", "tokens", {**guess, "password": "showfloor"})
    assert (status, answer["code"]) == (429, "locked_out")
    page = client.post("/accounts/login/", {"login": "a@example.com", "password": "showfloor"})
    assert page.status_code == 429


def test_me(client: Client) -> None:
    person = make_user("a@example.com")
    assert call(client, "GET", "me")[0] == 401
    token = sign_in(person)
    status, answer = call(client, "PATCH", "me", {"display_name": "moss", "email": "b@example.com"}, token)
    assert (status, answer["display_name"], answer["email"]) == (200, "moss", "a@example.com")
    assert answer["id"] == str(person.public_id)
    status, answer = call(client, "PATCH", "me", {"display_name": "a@example.com"}, token)
    assert (status, list(answer["errors"])) == (400, ["display_name"])
    person.refresh_from_db()
    assert (person.display_name, person.email) == ("moss", "a@example.com")


def test_a_bad_token_is_refused(client: Client) -> None:
    status, answer = call(client, "GET", "cart", token="nonsense")
    assert (status, answer["code"]) == (401, "authentication_failed")


def test_a_signed_in_session_needs_its_csrf_token() -> None:
    make_product("Vase", skus=("V",), stock=5)
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    assert call(client, "PUT", "cart/lines/V", {"quantity": 1})[0] == 403
    assert CartLine.objects.count() == 0


@pytest.mark.parametrize("path", ["nothing", "products/", "cart/lines", ""])
def test_an_unknown_call_is_a_problem(client: Client, path: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 404
    if path:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_found"


def test_an_unknown_call_asks_for_no_csrf_token() -> None:
    answer = Client(enforce_csrf_checks=True).post("/api/v1/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("sort", ["", "new", "price", "soonest", "name"])
@pytest.mark.parametrize("place", ["x", "9" * 5000, "\0"])
def test_a_made_up_cursor_is_not_found(client: Client, sort: str, place: str) -> None:
    make_product(stock=1)
    cursor = b64encode(urlencode({"p": place}).encode()).decode()
    status, _ = call(client, "GET", f"products?postal_code=110001&sort={sort}&" + urlencode({"cursor": cursor}))
    assert status in ({200, 404} if sort in {"", "name", "soonest"} and place != "\0" else {404})


def test_pages_go_on_beyond_what_the_wishes_tell_apart(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop.api.products.InAskedOrder.offset_cutoff", 1)
    slugs = {make_product(stock=1).slug for _ in range(7)}
    address, found = "products?limit=2", []
    while address:
        _, answer = call(client, "GET", address)
        found += [product["slug"] for product in answer["results"]]
        address = (answer["next"] or "").partition("/api/v1/")[2]
    assert (len(found), set(found)) == (7, slugs)


@pytest.mark.parametrize("path", ["/shop/", "/api/v1/products"])
def test_an_attribute_may_be_called_a_number(client: Client, path: str) -> None:
    make_product("Vase", stock=1, attributes={"99999999999": "x"})
    answer = client.get(path, {"a.99999999999": "x"})
    assert answer.status_code == 200
    assert "Vase" in answer.content.decode()


@pytest.mark.parametrize("name", ["n@example.com", "n\uff20example.com"])
def test_a_name_is_no_address_however_written(client: Client, name: str) -> None:
    assert call(client, "PATCH", "me", {"display_name": name}, sign_in(make_user()))[0] == 400


@pytest.mark.parametrize(("typed", "kept"), [("mo\u202ess\u200b", "moss"), ("\u200b\u200d\u3164", "")])
def test_a_name_turns_nothing_round_and_is_seen(client: Client, typed: str, kept: str) -> None:
    status, answer = call(client, "PATCH", "me", {"display_name": typed}, sign_in(make_user()))
    assert (status, answer["display_name"]) == (200, kept)


def test_a_wrong_method_is_a_problem(client: Client) -> None:
    status, answer = call(client, "POST", "products", {})
    assert (status, answer["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("path", ["products?postal_code=110001", "cart", "wishlist"])
def test_a_call_asks_the_database_as_often_for_ten_rows_as_for_one(client: Client, path: str) -> None:
    person = make_user()
    client.force_login(person)
    mine = Cart.objects.create(user=person)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/api/v1/{path}").status_code == 200
        return len(queries)

    def more(number: int) -> None:
        make_product(f"Vase {number}", skus=(f"V{number}", f"W{number}"), stock=2)
        variant = Variant.objects.get(sku=f"V{number}")
        CartLine.objects.create(cart=mine, variant=variant)
        WishlistItem.objects.create(user=person, variant=variant)

    more(0)
    one = asked()
    for number in range(1, 10):
        more(number)
    assert asked() == one
