"""What one request may bring: more is refused, as a page or a problem, and nothing in a page grows with its square."""

import re
from urllib.parse import urlencode

import pytest
from django.test import Client

from config import request_limits
from tests.support.api_client import Caller
from tests.support.factories import make_product, make_user
from tests.support.markup import flat

pytestmark = pytest.mark.django_db

MANY = "&".join(f"a.k{number}=v" for number in range(990))
PLACES = ["/", "/shop/", "/shows/", "/cart/", "/orders/", "/accounts/login/", "/admin/login/", "/no/such/page"]
CALLS = ["/api/v1/products", "/api/v1/availability", "/api/v1/sessions", "/api/v1/no/such/call"]
LARGE = {
    "many fields": MANY,
    "a long name": "a." + "k" * 300 + "=v",
    "a long value": "q=" + "v" * 9000,
    "many bytes": "&".join(["q=" + "v" * 1000] * 20),
}


@pytest.mark.parametrize("query", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("place", PLACES)
def test_a_page_refuses_a_large_query(client: Client, place: str, query: str) -> None:
    answer = client.get(f"{place}?{query}")

    assert answer.status_code == 400
    assert "We did not understand that" in answer.content.decode()
    assert len(answer.content) < 5000
    assert "Content-Security-Policy" in answer or place.startswith("/admin")


@pytest.mark.parametrize("query", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_refuses_a_large_query(client: Client, call: str, query: str) -> None:
    answer = client.get(f"{call}?{query}")

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == "bad_request"


@pytest.mark.parametrize("path", ["/shop/" + "x" * 1000 + "/", "/api/v1/products/" + "x" * 1000])
def test_a_long_path_is_refused(client: Client, path: str) -> None:
    assert client.get(path).status_code == 400


def test_a_search_as_people_make_it_is_let_through(client: Client) -> None:
    skus = urlencode([("sku", f"{number:064}") for number in range(100)])
    assert client.get(f"/api/v1/availability?{skus}").status_code == 200
    choices = urlencode([("a.Material", f"Clay {number}") for number in range(40)])
    assert client.get(f"/shop/?{choices}").status_code == 200


@pytest.mark.parametrize("base", ["/shop/", "/api/v1/products"])
@pytest.mark.parametrize(
    "pairs",
    [
        [("a.Material", f"v{number}") for number in range(41)],
        [(f"a.k{number}", "v") for number in range(41)],
        [("category", f"c{number}") for number in range(41)],
        [("a.Material", "v" * 101)],
        [("a." + "k" * 101, "v")],
    ],
)
def test_more_choices_than_anybody_makes_are_refused(client: Client, base: str, pairs: list[tuple[str, str]]) -> None:
    answer = client.get(f"{base}?{urlencode(pairs)}")

    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("application/problem+json" if "api" in base else "text/html")


def test_links_repeat_what_the_shop_has_and_nothing_else(client: Client) -> None:
    """Of forty choices the shop knows one: the page is no longer for the others."""
    make_product("Vase", slug="vase", category="ceramics", stock=9, attributes={"Material": "Clay"})
    plain = flat(client.get("/shop/?a.Material=Clay&category=ceramics").content.decode())
    strange = urlencode([(f"a.k{number}", "v" * 100) for number in range(38)])
    html = flat(
        client.get(f"/shop/?a.Material=Clay&category=ceramics&utm_source=x&category=none&{strange}").content.decode()
    )

    assert 'href="?category=ceramics" aria-label="Remove Clay"' in html
    assert 'href="?a.Material=Clay" aria-label="Remove Ceramics"' in html
    assert len(re.findall('class="chip"', html)) == 2
    assert "k37" not in html
    assert "utm_source" not in html
    assert len(html) < len(plain) + 1000


@pytest.mark.parametrize("path", ["/shop/", "/shop/vase-1/", "/cart/", "/shows/"])
def test_a_page_does_not_repeat_a_long_address_at_each_thing(client: Client, path: str) -> None:
    for number in range(24):
        make_product(f"Vase {number}", slug=f"vase-{number}", stock=9)
    plain = client.get(path).content

    html = client.get(f"{path}?{urlencode([(f'x{number}', 'v' * 1000) for number in range(12)])}").content

    assert len(html) < len(plain) + 2000


@pytest.mark.parametrize(
    "sent",
    [
        {f"k{number}": "v" for number in range(300)},
        {"k" * 300: "v"},
        {"login": "a" * 30_000},
    ],
)
@pytest.mark.parametrize(
    "place", ["/accounts/login/", "/accounts/signup/", "/place/", "/cart/lines/", "/admin/login/"]
)
def test_a_large_form_is_refused(client: Client, place: str, sent: dict[str, str]) -> None:
    assert client.post(place, sent).status_code == 400


def test_more_fields_than_django_reads_are_refused_as_any_others(client: Client) -> None:
    answer = client.post("/accounts/login/", {f"k{number}": "v" for number in range(1100)})

    assert answer.status_code == 400
    assert "We did not understand that" in answer.content.decode()


def test_staffs_forms_have_rows_by_the_hundred(client: Client) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    sent = {f"form-{number}": "v" for number in range(300)}

    assert client.post("/admin/shop/user/add/", sent).status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
@pytest.mark.parametrize(
    ("path", "answered"),
    [
        ("/accounts/login/", "text/html"),
        ("/api/v1/orders", "application/problem+json"),
        ("/api/v1/tokens", "application/problem+json"),
        ("/api/v1/webhooks/payments/sandbox", "application/problem+json"),
    ],
)
def test_a_large_body_is_refused_as_large(client: Client, path: str, answered: str, kind: str) -> None:
    answer = client.post(path, b"a=" + b"v" * (5 * 1024 * 1024), content_type=kind)

    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (413, answered)


def test_a_large_upload_is_refused_before_it_is_read(client: Client) -> None:
    answer = client.post(
        "/admin/login/", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(33 * 1024 * 1024)
    )

    assert answer.status_code == 413
    assert "That was too large" in answer.content.decode()


def test_the_stream_limit_refuses_in_its_own_words(client: Client) -> None:
    answer = client.post("/video-streams/subscription", b" " * (5 * 1024 * 1024 + 1), content_type="application/json")

    assert (answer.status_code, answer.json()) == (413, {"status": 413, "error": "Body too large"})


def nested(depth: int) -> object:
    value: object = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "body",
    [nested(17), {"a": nested(16)}, [0] * 1001, {str(number): 0 for number in range(1001)}, {"a": "x" * 100_001}],
    ids=["deep list", "deep object", "long list", "many members", "long text"],
)
def test_json_that_is_larger_than_any_call_needs_is_refused(body: object) -> None:
    answer = Caller().post("tokens", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_json_of_more_than_a_megabyte_is_too_large() -> None:
    answer = Caller().post("tokens", ["x" * 9000] * 120)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer["Content-Type"] == "application/problem+json"


def test_the_bounds_of_a_query_fit_into_django() -> None:
    """Django counts fields, too: ours must be the first bound that is met."""
    from django.conf import settings

    assert request_limits.QUERY_FIELDS_MAX < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
