"""The REST API keeps to its own schema: every call, as several people, with right, odd and wrong input.

`make test` asks as a host, `make check` as all of them; both ask the same each time (`derandomize`).
"""

import os
from collections.abc import Callable, Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from orders import checkout
from orders.access import token as access_token
from shop import wishlist
from shop.models import User
from shop.people import tokens
from streams.chat import messages
from tests.support.factories import make_product, make_request, make_session, make_user

EXAMPLES = int(os.environ.get("API_EXAMPLES", "3"))
SCHEMA = schemathesis.openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application())
OPERATIONS = {found.ok().definition.raw["operationId"]: found.ok() for found in SCHEMA.get_all_operations()}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    missing_required_header,
]
# What is right by the schema may be wrong in the world: a postal code that nobody has, a lease that has ended.
WORLDLY = {"products_list", "products_delivery", "playback_lease_beat"}
ROLES = ["host", pytest.param("guest", marks=pytest.mark.slow), pytest.param("shopper", marks=pytest.mark.slow)]


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Leave the test's own connection open between requests, as Django's test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def people() -> dict[str, User]:
    return {"shopper": make_user("shopper@example.com"), "host": make_user("host@example.com", is_host=True)}


@pytest.fixture
def known(people: dict[str, User]) -> dict[str, str]:
    """Make a shop with something of everything, and say what fills the addresses."""
    facts = {"Material": "Clay", "Handles": 2}
    make_product("Vase", slug="a-show", skus=("A/B c", "OTHER"), stock=900, attributes=facts)
    session = make_session("a-show", host=people["host"], skus=("A/B c",), state="live")
    order = checkout.place_order(make_request(("OTHER", 1), buyer=people["shopper"]))
    wishlist.add(people["shopper"], sku="OTHER")
    message = messages.post(session, author=people["host"], text="hello")
    return {
        "slug": "a-show",
        "sku": "A/B c",
        "order_id": str(order.id),
        "comment_id": str(message.id),
        "message_id": str(message.id),
        "provider": "sandbox",
        "Order-Access": access_token(order),
    }


def fill(case: schemathesis.Case, known: dict[str, str]) -> None:
    """Have a case ask for what is there, unless it is to ask for what can't be."""
    for place in (case.path_parameters, case.headers):
        for name in set(place or ()) & set(known):
            place[name] = known[name]


@pytest.mark.django_db
@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_call_keeps_to_the_schema(
    name: str, role: str, people: dict[str, User], known: dict[str, str], empty_limits: Callable[[], None]
) -> None:
    headers = {"Authorization": f"Token {tokens.issue(people[role])}"} if role in people else {}
    operation = OPERATIONS[name]
    is_judged, asked = not operation.body and name not in WORLDLY, 0

    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            nonlocal asked
            asked += 1
            if asked % 2 and case.meta.generation.mode == GenerationMode.POSITIVE:
                fill(case, known)
            empty_limits()
            checks = [*CHECKS, positive_data_acceptance] if is_judged else CHECKS
            case.call_and_validate(headers=headers, checks=checks)

        try:
            ask()
        except Exception as error:
            if "Unsatisfiable" in type(error).__name__ and mode == GenerationMode.NEGATIVE:
                continue  # nothing can be wrong with it
            raise
    assert asked


@pytest.fixture
def empty_limits() -> Callable[[], None]:
    """Forget how often somebody asked: the limits have tests of their own."""
    import redis
    from django.conf import settings as django_settings

    client = redis.Redis.from_url(django_settings.REDIS_URL)
    return lambda: client.flushall() and None
