"""What REST calls take, to the letter: nothing is read as something that it is not."""

from typing import Any

import pytest
from django.test import Client

from shop.models import User
from streams.models import ChatMessage, StreamSession
from tests.support.factories import make_product, make_session, make_user

pytestmark = pytest.mark.django_db

JSON = "application/json"


@pytest.fixture
def host(client: Client) -> User:
    person = make_user(is_host=True)
    client.force_login(person)
    return person


@pytest.mark.parametrize("text", ["0", "true", "1.5", "[]", "{}", "null", '"\\u0000"', '"\\ud800"', "1" + "0" * 40])
def test_only_a_text_is_a_text(client: Client, host: User, text: str) -> None:
    make_session("a-show", host=host)

    answer = client.post("/api/v1/sessions/a-show/comments", f'{{"text": {text}}}', JSON)

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert not ChatMessage.objects.exists()


@pytest.mark.parametrize("quantity", ['"2"', "true", "2.5", "null", "[2]", "1e400", "99999999999999999999"])
def test_only_a_whole_number_is_a_quantity(client: Client, quantity: str) -> None:
    make_product(skus=("VASE",), stock=5)

    answer = client.put("/api/v1/cart/lines/VASE", f'{{"quantity": {quantity}}}', JSON)

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert client.get("/api/v1/cart").json()["lines"] == []


@pytest.mark.parametrize("preview", ['"true"', "1", "0", '"yes"', "null", "[]"])
def test_only_true_or_false_is_a_boolean(client: Client, host: User, preview: str) -> None:
    answer = client.post("/api/v1/host/sessions", f'{{"title": "A show", "preview": {preview}}}', JSON)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["preview"])
    assert not StreamSession.objects.exists()


@pytest.mark.parametrize("skus", [[0], [True], ["VASE", None], "VASE", {"a": 1}])
def test_a_list_of_texts_holds_texts(client: Client, host: User, skus: Any) -> None:
    make_product(skus=("VASE", "0"), stock=5)
    make_session("a-show", host=host)

    answer = client.post("/api/v1/host/sessions/a-show/products", {"skus": skus}, JSON)

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "sessions?state=",
        "sessions?state=nonsense",
        "sessions?limit=abc",
        "sessions?limit=0",
        "sessions?limit=",
        "sessions/a-show/comments?to=",
        "sessions/a-show/comments?from=nonsense",
        "sessions/a-show/comments?order=",
        "orders?state=",
        "orders?to=",
        "orders?from=nonsense",
        "products?in_stock=maybe",
        "products?in_stock=",
        "products?sort=nonsense",
        "products?min_minor=1_000",
        "products?min_minor=%D9%A3",
        "products?min_minor=+5",
        "products?max_minor=",
        "watch/a-show?offset=",
        "watch/a-show?offset=nan",
        "watch/a-show?offset=1_0",
        "watch/a-show?device=",
        "availability?sku=",
        "availability?sku=A&sku=",
    ],
)
def test_a_query_that_makes_no_sense_is_told_so(client: Client, host: User, address: str) -> None:
    make_session("a-show", host=host)

    answer = client.get(f"/api/v1/{address}")

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    name = address.partition("?")[2].partition("=")[0]
    assert list(answer.json()["errors"]) == [name]


def test_what_makes_sense_is_taken(client: Client, host: User) -> None:
    make_product("Vase", skus=("VASE",), stock=0)
    make_session("a-show", host=host)

    for query, found in (
        ("", 0),
        ("?in_stock=1", 0),
        ("?in_stock=0", 1),
        ("?in_stock=false", 1),
        ("?in_stock=true", 0),
    ):
        assert len(client.get(f"/api/v1/products{query}").json()["results"]) == found
    for address in ("sessions?state=live&q=", "orders?state=created&from=2026-11-21&to=2026-11-21T18:00:00Z"):
        assert client.get(f"/api/v1/{address}").status_code == 200
    assert client.get("/api/v1/sessions?limit=5000").status_code == 200


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 5000, "{", "", "\ufeff{}", '"text"', "[]", "null", "1"])
def test_a_body_that_is_no_object_is_refused(client: Client, host: User, body: str) -> None:
    make_session("a-show", host=host)

    answer = client.post("/api/v1/sessions/a-show/comments", body, JSON)

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("address", ["/api/v1/orders/%0Aabc", "/api/v1/", "/api/v1/nothing/%E2%80%A8/x"])
def test_an_unknown_address_below_the_api_is_a_problem_too(client: Client, address: str) -> None:
    answer = client.get(address)

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_every_error_of_every_call_is_a_problem_in_the_schema(client: Client) -> None:
    schema = client.get("/api/schema/?format=json").json()
    errors = [
        (f"{method} {path} {code}", list(answer["content"]))
        for path, calls in schema["paths"].items()
        for method, call in calls.items()
        for code, answer in call["responses"].items()
        if code >= "400"
    ]

    assert len(errors) > 200
    assert [name for name, kinds in errors if kinds != ["application/problem+json"]] == []
    bodies = [call for calls in schema["paths"].values() for call in calls.values() if "requestBody" in call]
    assert [call["operationId"] for call in bodies if not {"400", "413", "415"} <= call["responses"].keys()] == []
