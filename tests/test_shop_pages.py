"""The shop's pages without a browser: they work as plain forms and links."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop.models import Cart, CartLine, Product, Variant, WishlistItem
from tests.support.factories import make_category, make_product, make_session, make_stock, make_user
from tests.support.markup import flat

pytestmark = pytest.mark.django_db


def read(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return flat(answer.content.decode())


def cards(html: str) -> list[str]:
    return re.findall(r'data-product="([^"]+)"', html)


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_the_shop_shows_what_is_in_stock_with_price_and_day(client: Client) -> None:
    make_product("Lagoon vase", slug="lagoon-vase", stock=40, price_minor=8200)
    make_product("Last one", slug="last-one", stock=1)
    make_product("Gone", slug="gone")
    html = read(client, "/shop/")
    assert sorted(cards(html)) == ["lagoon-vase", "last-one"]
    assert "$82.00" in html
    assert re.search(r"Arrives \w{3} \d+ \w{3}", html)
    assert "1 left" in html
    assert "40 left" not in html
    assert sorted(cards(read(client, "/shop/?in_stock=0"))) == ["gone", "lagoon-vase", "last-one"]


def test_filters_of_the_address_hold_and_each_can_be_taken_away(client: Client) -> None:
    make_product("Vase", slug="vase", category="ceramics", stock=9, price_minor=5000, attributes={"Material": "Clay"})
    make_product("Pot", slug="pot", category="ceramics", stock=9, price_minor=9000, attributes={"Material": "Clay"})
    make_product("Lamp", slug="lamp", category="light", stock=9, price_minor=5000)
    html = read(client, "/shop/?category=ceramics&max=60&a.Material=Clay&sort=price")
    assert cards(html) == ["vase"]
    assert re.search(r'name="category" value="ceramics" checked', html)
    assert re.search(r'name="max"[^>]* value="60.00"', html)
    assert 'href="?max=60.00&amp;a.Material=Clay&amp;sort=price" aria-label="Remove Ceramics"' in html
    assert cards(read(client, "/shop/?category=ceramics&category=light&min=50&max=50")) != []


def test_a_search_that_finds_nothing_offers_a_way_on(client: Client) -> None:
    make_product("Vase", stock=1)
    html = read(client, "/shop/?q=zzzzqqq&category=kitchen")
    assert cards(html) == []
    assert 'aria-label="Remove Kitchen"' in html
    assert "Nothing fits" in html
    assert 'href="/shop/"' in html


@pytest.mark.parametrize(
    "query",
    [
        "min=twelve",
        "page=x",
        "page=-3",
        "page=999999",
        "sort=nonsense",
        "q=%00",
        "category=%00",
        "a.%00=x",
        "a.x=%00",
        "min=-1",
    ],
)
def test_a_strange_address_is_no_error(client: Client, query: str) -> None:
    make_product("Vase", stock=1)
    read(client, f"/shop/?{query}")


def test_a_price_that_is_none_is_said_beside_its_field(client: Client) -> None:
    html = read(client, "/shop/?min=twelve")
    assert "A price is a number" in html
    assert re.search(r'name="min"[^>]*aria-invalid="true"', html)


def test_show_more_is_a_link_to_a_longer_page(client: Client) -> None:
    for number in range(30):
        make_product(f"Vase {number}", stock=1)
    first = cards(read(client, "/shop/"))
    html = read(client, "/shop/")
    assert len(first) == 24
    assert 'href="?page=2#more"' in html
    assert "24 of 30 shown" in html
    both = read(client, "/shop/?page=2")
    assert cards(both)[:24] == first
    assert len(set(cards(both))) == 30
    assert "Show more" not in both


def test_a_postal_code_is_remembered_and_a_wrong_one_is_said(client: Client) -> None:
    make_product("Vase", stock=1)
    read(client, "/shop/?postal_code=560001")
    assert "Deliver to <b>560001</b>" in read(client, "/cart/")
    html = read(client, "/shop/?postal_code=12")
    assert "Codes in India have six digits. These results are for 560001." in html
    assert "Deliver to <b>560001</b>" in read(client, "/cart/")


def test_the_place_form_goes_back_to_its_page_only(client: Client) -> None:
    answer = client.post("/place/", {"postal_code": "560 001", "next": "/cart/?a=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/cart/?a=1")
    assert "Deliver to <b>560001</b>" in read(client, "/cart/")
    answer = client.post("/place/", {"postal_code": "1", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/shop/"
    assert "not a postal code" in read(client, "/shop/")


def test_a_product_page_shows_variants_stock_and_attributes(client: Client) -> None:
    make_product(
        "Jumper",
        slug="jumper",
        skus=("J-S", "J-L"),
        price_minor=14200,
        description="Warm.",
        attributes={"Material": "Wool"},
    )
    make_stock("J-S", 0)
    make_stock("J-L", 30)
    html = read(client, "/shop/jumper/")
    assert "$142.00" in html
    assert "30 in stock" in html
    assert re.search(r'name="sku" value="J-L" checked', html)
    assert re.search(r"<label data-out><input[^>]*J-S", html)
    assert re.search(r'<th scope="row">Material</th><td>Wool</td>', html)
    assert re.search(r"Arrives <b>\w+ \d+ \w+</b> in 110001", html)
    out = read(client, "/shop/jumper/?sku=J-S")
    assert re.search(r"data-buy-now[^>]* disabled>Sold out", out)


def test_colours_are_links_and_sizes_radios(client: Client) -> None:
    product = make_product("Jumper", slug="jumper", skus=("SEA-S", "SEA-L", "RUST-S", "RUST-L"), stock=3)
    sea, rust = product.pictures.get(), product.pictures.create(image="pictures/rust.webp", alt="Rust")
    for sku, colour, size, picture in (
        ("SEA-S", "Sea", "S", sea),
        ("SEA-L", "Sea", "L", sea),
        ("RUST-S", "Rust", "S", rust),
        ("RUST-L", "Rust", "L", rust),
    ):
        Variant.objects.filter(sku=sku).update(options={"Colour": colour, "Size": size}, picture=picture)
    html = read(client, "/shop/jumper/?sku=SEA-L")
    assert re.findall(r'type="radio" name="sku" value="([^"]+)"', html) == ["SEA-S", "SEA-L"]
    assert re.findall(r'class="look" href="\?sku=([^"]+)"', html) == ["SEA-L", "RUST-L"]
    assert re.search(r"Colour: <b>Sea</b>", html)


def test_what_cannot_be_sent_there_cannot_be_put_in_the_cart_page(client: Client) -> None:
    make_product("Vase", slug="vase", skus=("V",), stock=5)
    from inventory.models import Zone

    Zone.objects.update(postal_prefix="1")
    client.post("/place/", {"postal_code": "560001"})
    html = read(client, "/shop/vase/")
    assert "We can&#x27;t send this to 560001." in html or "We can't send this to 560001." in html
    assert re.search(r"data-add[^>]* disabled", html)


@pytest.mark.parametrize("address", ["/shop/nothing/", "/shop/hidden/", "/nowhere/"])
def test_a_missing_page_says_so_with_a_way_on(client: Client, address: str) -> None:
    make_product("Hidden", slug="hidden", is_active=False)
    html = read(client, address, 404)
    assert "There is no such page" in html
    assert 'href="/shop/"' in html


def test_adding_changing_and_taking_out_work_as_forms(client: Client) -> None:
    make_product("Vase", slug="vase", skus=("V",), stock=5, price_minor=1000)
    answer = client.post("/cart/lines/", {"sku": "V", "quantity": "2", "next": "/shop/vase/"}, follow=True)
    assert answer.redirect_chain == [("/shop/vase/", 302)]
    assert "Vase is in your cart." in answer.content.decode()
    assert 'aria-label="Cart, 2 items"' in answer.content.decode()
    html = read(client, "/cart/")
    assert "$20.00" in html
    assert 'href="/checkout/"' in html
    client.post("/cart/lines/", {"sku": "V", "action": "set", "quantity": "3"})
    assert CartLine.objects.get().quantity == 3
    client.post("/cart/lines/", {"sku": "V", "action": "remove"})
    assert CartLine.objects.count() == 0
    assert "Your cart is empty" in read(client, "/cart/")


def test_a_script_gets_json(client: Client) -> None:
    make_product("Vase", skus=("V",), stock=5)
    script = {"Accept": "application/json"}
    answer = client.post("/cart/lines/", {"sku": "V", "quantity": "2"}, headers=script)
    assert answer.json() == {"count": 2, "said": "Vase is in your cart."}
    answer = client.post("/cart/lines/", {"sku": "NEVER"}, headers=script)
    assert (answer.status_code, answer.json()) == (400, {"detail": "That is no longer for sale."})
    answer = client.post("/cart/lines/", {"sku": "V", "quantity": "x"}, headers=script)
    assert (answer.status_code, answer.json()) == (400, {"detail": "A cart takes 1 to 99 of one thing."})
    assert CartLine.objects.get().quantity == 2


@pytest.mark.parametrize("action", ["add", "set", "remove"])
def test_a_sku_that_no_database_takes_is_no_error(client: Client, action: str) -> None:
    make_product("Vase", skus=("V",), stock=5)
    client.post("/cart/lines/", {"sku": "V"})
    assert client.post("/cart/lines/", {"sku": "\x00", "action": action, "quantity": "1"}).status_code == 302
    client.force_login(make_user())
    assert client.post("/wishlist/items/", {"sku": "\x00", "action": action}).status_code == 302


def test_buying_now_leads_to_checkout_without_touching_the_cart(client: Client) -> None:
    make_product("Vase", skus=("V 1",), stock=5)
    answer = client.post("/cart/lines/", {"sku": "V 1", "quantity": "2", "then": "checkout"})
    assert answer["Location"] == "/checkout/?sku=V+1&quantity=2"
    assert Cart.objects.count() == 0


def test_the_cart_says_what_is_short_or_gone_and_checkout_waits(client: Client) -> None:
    make_product("Short", skus=("S",), stock=1)
    make_product("Out", skus=("O",))
    left = make_product("Left", skus=("L",), stock=5)
    for sku in ("S", "O", "L"):
        client.post("/cart/lines/", {"sku": sku, "quantity": "2"})
    Product.objects.filter(pk=left.pk).update(is_active=False)
    html = read(client, "/cart/")
    assert "Only 1 is left. Take fewer to go on." in html
    assert "Sold out. Take it out to go on, or wish for it." in html
    assert "No longer for sale. Take it out to go on." in html
    assert "3 lines need a change first." in html
    assert 'href="/checkout/"' not in html


def test_a_guest_wishes_after_signing_in(client: Client) -> None:
    make_product("Vase", slug="vase", skus=("V",))
    answer = client.post("/wishlist/items/", {"sku": "V", "next": "/shop/vase/"})
    assert answer["Location"] == "/accounts/login/?next=/shop/vase/"
    answer = client.post("/wishlist/items/", {"sku": "V"}, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert WishlistItem.objects.count() == 0
    assert "Sign in, and the heart" in read(client, "/wishlist/")


def test_wishes_show_on_cards_and_on_their_page(client: Client) -> None:
    make_product("Vase", skus=("V",), stock=1)
    client.force_login(make_user())
    assert "Nothing here yet" in read(client, "/wishlist/")
    client.post("/wishlist/items/", {"sku": "V"})
    assert 'aria-pressed="true"' in read(client, "/shop/")
    assert "Vase" in read(client, "/wishlist/")
    client.post("/wishlist/items/", {"sku": "V", "action": "remove"})
    assert 'aria-pressed="true"' not in read(client, "/shop/")


def test_a_product_in_a_show_on_air_says_so(client: Client) -> None:
    make_product("Vase", slug="vase", skus=("V",), stock=1)
    make_session("night", skus=("V",), state="scheduled")
    assert "In a show now" not in read(client, "/shop/")
    make_session("now", skus=("V",), state="live")
    assert "In a show now" in read(client, "/shop/")
    assert 'href="/shows/now/"' in read(client, "/shop/vase/")


def test_words_of_products_are_escaped(client: Client) -> None:
    make_product("<script>x</script>", slug="x", skus=("X",), stock=1, attributes={"<b>": "<i>"}, description="<u>")
    for address in ("/shop/", "/shop/x/", "/shop/?q=<script>", "/shop/?a.<b>=<i>"):
        html = client.get(address).content.decode()
        assert "<script>x" not in html
        assert "<u>" not in html
        assert "<i>" not in html


@pytest.mark.parametrize("address", ["/shop/", "/shop/?q=vase", "/cart/", "/wishlist/"])
def test_a_page_asks_the_database_as_often_for_ten_rows_as_for_one(client: Client, address: str) -> None:
    person = make_user()
    client.force_login(person)
    mine = Cart.objects.create(user=person)

    def more(number: int) -> None:
        make_product(f"Vase {number}", skus=(f"V{number}", f"W{number}"), stock=2)
        variant = Variant.objects.get(sku=f"V{number}")
        CartLine.objects.create(cart=mine, variant=variant)
        WishlistItem.objects.create(user=person, variant=variant)

    more(0)
    one = queries_of(client, address)
    for number in range(1, 10):
        more(number)
    assert queries_of(client, address) == one


def test_a_product_page_asks_as_often_for_ten_variants_as_for_one(client: Client) -> None:
    make_product("One", slug="one", stock=1)
    make_product("Ten", slug="ten", skus=tuple(f"T{number}" for number in range(10)), stock=1)
    assert queries_of(client, "/shop/one/") == queries_of(client, "/shop/ten/")


def test_every_page_has_one_h1_a_title_and_a_skip_link(client: Client) -> None:
    make_category()
    make_product("Vase", slug="vase", stock=1)
    for address in ("/shop/", "/shop/vase/", "/cart/", "/wishlist/", "/accounts/login/", "/accounts/signup/"):
        html = read(client, address)
        assert len(re.findall(r"<h1[ >]", html)) == 1, address
        assert re.search(r"<title>[^<]+ · Showfloor</title>", html), address
        assert 'href="#main"' in html
        assert 'id="main"' in html


def test_scripts_are_named_in_the_import_map(client: Client) -> None:
    html = read(client, "/shop/")
    assert re.search(r'<script type="importmap" nonce="[^"]+">\{"imports": \{', html)
    for name in set(re.findall(r'from "(showfloor/[^"]+)"', html)):
        assert f'"{name}": "/static/js/' in html


def test_a_shows_scripts_are_fetched_early_and_after_the_import_map(client: Client) -> None:
    make_session("kiln")

    html = read(client, "/shows/kiln/")

    links = re.findall(r'<link rel="modulepreload" href="([^"]+)">', html)
    assert "/static/js/player.js" in links
    assert html.index('type="importmap"') < html.index('rel="modulepreload"')
    assert set(links) <= set(re.findall(r'"(/static/[^"]+)"', html.split('type="importmap"')[1].split("</script>")[0]))
