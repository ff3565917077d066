"""Finding products: words and near misses, filters, facets, sorts, delivery."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Courier, Warehouse, Zone
from shop import money
from shop.catalogue import search, words
from shop.catalogue.search import Filters, Search
from shop.models import Product, Variant, WishlistItem
from tests.support.factories import make_product, make_stock, make_user

pytestmark = pytest.mark.django_db


def names(products: object) -> list[str]:
    return [product.name for product in products]  # type: ignore[attr-defined]


def found(**asked: object) -> list[str]:
    return names(search.search(**asked))  # type: ignore[arg-type]


def test_words_are_found_in_name_category_description_and_attributes() -> None:
    make_product("Lagoon vase", category="ceramics", description="Thrown slowly", attributes={"Material": "Stoneware"})
    make_product("Dome lamp", category="light")
    for text in ("vase", "VASES", "ceramic", "throw", "stoneware", "lagoon stoneware"):
        assert found(q=text) == ["Lagoon vase"], text
    assert found(q="vase lamp") == []


def test_accents_do_not_matter() -> None:
    make_product("Café cup")
    assert found(q="cafe") == ["Café cup"]
    make_product("Creme bowl")
    assert found(q="crème") == ["Creme bowl"]


def test_the_last_word_may_be_a_beginning() -> None:
    make_product("Headphones, walnut")
    assert found(q="headph") == ["Headphones, walnut"]
    assert found(q="walnut head") == ["Headphones, walnut"]


@pytest.mark.parametrize("typed", ["vaze", "lagon vaes", "lagoon vsae", "lgaoon", "lagooon vase"])
def test_a_typing_error_still_finds(typed: str) -> None:
    make_product("Lagoon vase")
    make_product("Striped rug")
    assert found(q=typed) == ["Lagoon vase"]


def test_near_misses_count_only_when_nothing_has_the_word() -> None:
    make_product("Flower vase")
    make_product("Flower case")
    assert found(q="vase") == ["Flower vase"]


def test_a_rug_is_not_a_mug() -> None:
    make_product("Striped rug")
    assert found(q="mug") == []


@pytest.mark.parametrize("typed", ["'; drop table", "& | !", ":*", "the", "a<->b", "\\", '"', "%", "日本"])
def test_odd_text_is_no_error(typed: str) -> None:
    make_product("Lagoon vase")
    assert found(q=typed) == []


def test_a_name_ranks_before_a_mention() -> None:
    make_product("Shelf", description="Holds a lamp")
    make_product("Lamp")
    assert found(q="lamp") == ["Lamp", "Shelf"]


def test_words_are_plain_and_few() -> None:
    assert words.split("Café, NOIR!") == ["cafe", "noir"]
    assert len(words.split("a b c d e f g h i")) == words.WORDS_MAX


def test_categories_add_up_and_an_unknown_one_finds_nothing() -> None:
    make_product("Vase", category="ceramics")
    make_product("Lamp", category="light")
    make_product("Rug", category="textiles")
    assert sorted(found(category="light")) == ["Lamp"]
    assert sorted(found(category=["light", "ceramics"])) == ["Lamp", "Vase"]
    assert found(category="nothing") == []


def test_prices_are_inclusive_and_any_variant_counts() -> None:
    product = make_product("Jumper", skus=("J-S", "J-L"), price_minor=1000)
    Variant.objects.filter(sku="J-L").update(price_minor=3000)
    assert found(min_minor=3000) == ["Jumper"]
    assert found(max_minor=1000) == ["Jumper"]
    assert found(min_minor=3001) == found(max_minor=999) == []
    found_one = search.search().get(pk=product.pk)
    assert (found_one.price_minor, found_one.price_most_minor, found_one.currency) == (1000, 3000, "USD")


def test_availability_is_summed_over_variants_and_warehouses() -> None:
    make_product("Jumper", skus=("J-S", "J-L"))
    make_stock("J-S", 3)
    make_stock("J-S", 4, warehouse="south")
    make_stock("J-L", 5)
    make_stock("J-OTHER", 100)
    assert search.search().get().available == 12


def test_an_inactive_variant_counts_for_nothing() -> None:
    make_product("Jumper", skus=("J-S", "J-L"), stock=5, price_minor=1000)
    Variant.objects.filter(sku="J-L").update(is_active=False, price_minor=100)
    shown = search.search().get()
    assert (shown.available, shown.price_minor) == (5, 1000)
    assert [variant.sku for variant in shown.variants.all()] == ["J-S"]


def test_what_is_not_for_sale_is_not_found() -> None:
    make_product("Old", is_active=False)
    make_product("Bare", skus=("B",))
    Variant.objects.filter(sku="B").update(is_active=False)
    assert found() == []


def test_in_stock_leaves_sold_out_products_away() -> None:
    make_product("Here", stock=1)
    make_product("Gone")
    assert found(in_stock=True) == ["Here"]
    assert sorted(found()) == ["Gone", "Here"]


def test_attributes_of_one_name_add_up_and_names_narrow() -> None:
    make_product("A", attributes={"Material": "Stoneware", "Handles": 2, "Lid": True})
    make_product("B", attributes={"Material": "Glass", "Handles": 2})
    make_product("C", attributes={"Material": "Glass"})
    assert sorted(found(attributes={"Material": ["Stoneware", "Glass"]})) == ["A", "B", "C"]
    assert found(attributes={"Material": ["Glass"], "Handles": ["2"]}) == ["B"]
    assert found(attributes={"Lid": ["true"]}) == ["A"]
    assert found(attributes={"Material__contains": ["Glass"]}) == []


def test_sorts() -> None:
    make_product("Cheap", price_minor=100, skus=("C",))
    make_product("Dear", price_minor=900, skus=("D",))
    assert found(sort="price") == ["Cheap", "Dear"]
    assert found(sort="-price") == ["Dear", "Cheap"]
    assert found(sort="new") == ["Dear", "Cheap"]
    assert found(sort="name") == ["Cheap", "Dear"]
    WishlistItem.objects.create(user=make_user(), variant=Variant.objects.get(sku="C"))
    assert found() == found(sort="wished") == found(sort="nonsense") == ["Cheap", "Dear"]


def test_a_postal_code_leaves_away_what_cannot_be_sent_there() -> None:
    make_product("Near", skus=("N",), stock=1)
    far = Warehouse.objects.create(code="far", name="Far", country="IN", postal_code="600001")
    Zone.objects.create(warehouse=far, courier=Courier.objects.get(), country="IN", postal_prefix="6", transit_days=1)
    make_product("Far", skus=("F",))
    make_stock("F", 1, warehouse="far")
    make_product("Gone", skus=("G",))
    assert found(postal_code="110001", in_stock=True) == ["Near"]
    assert sorted(found(postal_code="600001", in_stock=True)) == ["Far", "Near"]
    assert found(postal_code="600001", in_stock=True, sort="soonest") == ["Far", "Near"]
    assert sorted(found(postal_code="110001")) == ["Gone", "Near"]


def test_the_day_of_delivery_is_the_earliest_and_none_for_what_is_sold_out() -> None:
    make_product("Here", skus=("H",), stock=1)
    make_product("Gone", skus=("G",))
    by_name = {product.name: product.delivery_on for product in search.search(postal_code="110001")}
    assert isinstance(by_name["Here"], date)
    assert by_name["Gone"] is None
    assert search.search().first().delivery_on is None


def test_where_nothing_is_delivered_nothing_in_stock_is_found() -> None:
    make_product("Here", stock=1)
    assert names(search.find(Filters(in_stock=True, postal_code="10115", country="DE"))) == []


def test_facets_count_each_kind_of_choice_without_itself() -> None:
    make_product("A", category="ceramics", attributes={"Material": "Stoneware"}, price_minor=100)
    make_product("B", category="ceramics", attributes={"Material": "Glass"}, price_minor=200)
    make_product("C", category="light", attributes={"Material": "Glass"}, price_minor=300)
    facets = Search(Filters(categories=("ceramics",), attributes={"Material": ("Glass",)})).facets()
    assert facets.total == 1
    assert {choice.value: (choice.count, choice.is_chosen) for choice in facets.categories} == {
        "ceramics": (1, True),
        "light": (1, False),
    }
    assert {choice.value: (choice.count, choice.is_chosen) for choice in facets.attributes["Material"]} == {
        "Glass": (1, True),
        "Stoneware": (1, False),
    }
    assert facets.price_minor == (200, 200)


def test_facets_and_results_agree() -> None:
    for number in range(5):
        make_product(
            f"Vase {number}", category="ceramics" if number % 2 else "light", attributes={"Size": str(number % 3)}
        )
    found = Search(Filters(q="vase"))
    facets = found.facets()
    assert facets.total == len(found.products()) == 5
    for choice in facets.categories:
        assert choice.count == len(search.search(q="vase", category=choice.value))
    for choice in facets.attributes["Size"]:
        assert choice.count == len(search.search(q="vase", attributes={"Size": [choice.value]}))


def test_a_search_asks_the_database_as_often_for_ten_as_for_one() -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            found = Search(Filters(q="vase", postal_code="110001"))
            found.facets()
            for product in found.products():
                [variant.picture for variant in product.variants.all()]
                [picture.alt for picture in product.pictures.all()]
                assert product.category.name
        return len(queries)

    make_product("Vase", stock=1)
    one = asked()
    for number in range(9):
        make_product(f"Vase {number}", stock=1, skus=(f"V{number}-S", f"V{number}-L"))
    assert asked() == one


def test_get_product_raises_for_what_is_not_for_sale() -> None:
    make_product("Vase", slug="vase", is_active=False)
    with pytest.raises(Product.DoesNotExist):
        search.get_product("vase")


def test_money_reads_as_people_write_it() -> None:
    assert money.format_minor(12345, "USD") == "$123.45"
    assert money.format_minor(500, "JPY") == "¥500"
    assert money.parse_major("12.5", "USD") == money.parse_major(" 12,50 ", "USD") == 1250
    assert money.parse_major("500", "JPY") == 500
    for typed in ("", "-1", "NaN", "1e400", "Infinity", "twelve", "1" * 30):
        assert money.parse_major(typed, "USD") is None, typed
