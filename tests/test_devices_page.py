"""The page of the devices that somebody watches on now."""

from typing import Any

import pytest
import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis.backoff import NoBackoff
from redis.retry import Retry

from shop.models import User
from streams import leases
from streams.exceptions import LeaseLost
from streams.leases import Device, Granted
from tests.support.factories import make_user
from tests.support.markup import flat

pytestmark = pytest.mark.django_db

PAGE = "/accounts/devices/"


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def watch(user: User, device: str) -> Granted:
    return leases.take(leases.account(user), Device(device, f"My <{device}>"), session="kiln", title="Evening kiln")


def test_strangers_are_asked_to_sign_in() -> None:
    assert Client().get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"


def test_own_devices_are_listed_and_nobody_elses(client: Client, user: User) -> None:
    assert "None. What you watch shows up here." in client.get(PAGE).content.decode()
    watch(user, "tv")
    watch(make_user(), "phone")

    page = flat(client.get(PAGE).content.decode())

    assert "My &lt;tv&gt;" in page
    assert '<a href="/shows/kiln/">Evening kiln</a>' in page
    assert "phone" not in page.split("<main")[1].split("</main>")[0]


def test_a_device_is_stopped(client: Client, user: User) -> None:
    granted, other = watch(user, "tv"), watch(make_user(), "phone")

    for lease in (granted.lease, other.lease, "nonsense", ""):
        answer = client.post(PAGE, {"lease": lease})
        assert (answer.status_code, answer["Location"]) == (302, PAGE)

    with pytest.raises(LeaseLost):
        leases.beat(granted.lease)
    leases.beat(other.lease)
    assert "It stops within a few seconds." in client.get(PAGE).content.decode()


def test_ten_devices_cost_what_one_does(client: Client, user: User, settings: Any) -> None:
    settings.MAX_CONCURRENT_STREAMS = 10

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        return len(queries)

    watch(user, "device-0")
    client.get(PAGE)
    one = cost()
    for number in range(1, 10):
        watch(user, f"device-{number}")

    assert cost() == one


def test_without_redis_the_page_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    script = nowhere.register_script(leases.LUA)
    monkeypatch.setattr(leases, "_script", lambda: script)

    for answer in (client.get(PAGE), client.post(PAGE, {"lease": "x"})):
        assert answer.status_code == 503
        assert "This can't be seen at the moment." in answer.content.decode()
