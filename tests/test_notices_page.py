"""The page of notices and the bell: one's own, read by a form; the seller's, shared."""

import re
import uuid

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from shop.models import Notice, User
from shop.notifications import notices
from shop.notifications.notices import News
from tests.support.buying import text
from tests.support.factories import make_user
from tests.support.sent_messages import an_order, is_paid

pytestmark = pytest.mark.django_db


def news(number: int = 0, *, url: str = "/orders/") -> News:
    return News(kind="order.placed", title=f"Notice {number}", text="Words.", url=url)


def tell(user: User, count: int) -> None:
    for number in range(count):
        notices.tell(f"test:{uuid.uuid4()}", news(number), user=user)


def test_the_page_shows_ones_own_notices_newest_first(client: Client) -> None:
    user, other = make_user(), make_user()
    tell(user, 3)
    notices.tell("test:other", News(kind="order.placed", title="Somebody else's"), user=other)
    client.force_login(user)

    page = text(client.get("/notices/").content.decode())

    assert re.search(r"New: Notice 2 Words\. .* New: Notice 1 .* New: Notice 0", page)
    assert "Somebody else's" not in page


def test_pages_of_notices_go_on_where_the_last_ended(client: Client) -> None:
    user = make_user()
    tell(user, 45)
    client.force_login(user)

    seen, address = [], "/notices/"
    while address:
        page = client.get(address).content.decode()
        seen += [int(number) for number in re.findall(r"Notice (\d+)", page)]
        tell(user, 1)  # what comes meanwhile shifts nothing
        older = re.search(r'href="(\?before=[^"]+)"', page)
        address = f"/notices/{older.group(1)}" if older else ""

    assert seen == list(range(44, -1, -1))


@pytest.mark.parametrize("before", ["nonsense", str(uuid.UUID(int=0))])
def test_a_made_up_place_is_404(client: Client, before: str) -> None:
    client.force_login(make_user())

    assert client.get(f"/notices/?before={before}").status_code == 404


def test_somebody_elses_notice_is_no_place_and_can_not_be_read(client: Client) -> None:
    owner = make_user()
    tell(owner, 1)
    theirs = Notice.objects.get()
    client.force_login(make_user())

    assert client.get(f"/notices/?before={theirs.pk}").status_code == 404
    assert client.post("/notices/read/", {"notice": str(theirs.pk)}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_opening_a_notice_marks_it_and_leads_to_what_it_is_about(client: Client) -> None:
    user = make_user()
    tell(user, 2)
    client.force_login(user)
    first = Notice.objects.order_by("created_at").first()
    assert first is not None

    answer = client.post("/notices/read/", {"notice": str(first.pk)})

    assert (answer.status_code, answer["Location"]) == (302, "/orders/")
    assert [notice.pk for notice in Notice.objects.exclude(read_at=None)] == [first.pk]
    assert notices.unread(user) == 1


def test_all_can_be_marked_and_only_ones_own(client: Client) -> None:
    user, other = make_user(), make_user()
    tell(user, 3)
    tell(other, 1)
    client.force_login(user)

    client.post("/notices/read/")

    assert (notices.unread(user), notices.unread(other)) == (0, 1)
    assert "Mark all" not in client.get("/notices/").content.decode()


def test_reading_is_never_a_get(client: Client) -> None:
    client.force_login(make_user())

    assert client.get("/notices/read/").status_code == 405


def test_who_is_not_signed_in_is_asked_to(client: Client) -> None:
    assert client.get("/notices/")["Location"] == "/accounts/login/?next=/notices/"


@pytest.mark.parametrize(
    ("count", "said"), [(0, "Notices"), (1, "Notices, 1 is new"), (12, "Notices, more than nine")]
)
def test_the_bell_says_how_much_is_new(client: Client, count: int, said: str) -> None:
    user = make_user()
    tell(user, count)
    client.force_login(user)

    assert f'aria-label="{said}' in client.get("/cart/").content.decode()


def test_the_bell_costs_guests_nothing_and_others_one_query(client: Client) -> None:
    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            client.get("/cart/")
        return [query["sql"] for query in queries if "shop_notice" in query["sql"]]

    assert asked() == []
    user = make_user()
    tell(user, 3)
    client.force_login(user)
    assert len(asked()) == 1


def test_ten_notices_cost_no_more_queries_than_one(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    counts = []
    for number in range(10):
        tell(user, 1)
        if number in {0, 9}:
            cache.clear()
            with CaptureQueriesContext(connection) as queries:
                client.get("/notices/")
            counts.append(len(queries))

    assert counts[0] == counts[1]


def test_the_sellers_notices_are_for_those_who_may_view_them(client: Client, settings: Settings) -> None:
    settings.SELLER_EMAIL = "seller@example.com"
    clerk, host = make_user(is_staff=True), make_user(is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_notice"))
    order = an_order()
    is_paid(order)

    client.force_login(clerk)
    assert f"New order {order.number}" in client.get("/notices/").content.decode()
    client.force_login(host)
    assert f"New order {order.number}" not in client.get("/notices/").content.decode()
    sellers = Notice.objects.get(recipient="seller")
    assert (sellers.email, sellers.mail_state) == ("seller@example.com", "due")


def test_what_one_of_the_staff_has_read_is_read(client: Client) -> None:
    admins = [User.objects.create_superuser(f"admin{number}@example.com") for number in range(2)]
    is_paid(an_order())
    client.force_login(admins[0])

    client.post("/notices/read/")

    assert notices.unread(admins[1]) == 0


def test_notices_are_kept_a_year_and_guests_a_month() -> None:
    user = make_user()
    for age in (20, 40, 400):
        notices.tell(f"test:user{age}", news(), user=user)
        notices.tell(f"test:guest{age}", news(), email="guest@example.com")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE shop_notice SET created_at = now() - make_interval(days => %s) WHERE occasion LIKE %s",
                [age, f"%{age}"],
            )

    notices.prune()

    kept = set(Notice.objects.values_list("occasion", flat=True))
    assert kept == {"test:user20", "test:user40", "test:guest20"}
