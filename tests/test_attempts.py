"""What staff and hosts send twice has one effect: a double click, Back and again, two colleagues with one page."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from inventory import attempts
from inventory.models import Attempt, StockItem
from inventory.tasks import forget_attempts
from orders import lifecycle, payments
from orders.checkout import place_order
from orders.models import Order, Payment
from orders.providers import Fetched
from shop.models import AuditEntry, WebhookDelivery, WebhookEndpoint
from shop.webhooks import signing
from streams.models import Announcement, ChatMessage, StreamSession
from tests.support.concurrency import together
from tests.support.factories import make_product, make_request, make_session, make_user
from tests.support.sent_forms import hidden, said, signed_in, staff

SUBMITTED = {"_form_submitted": "True"}


@pytest.fixture
def order(transactional_db: None) -> Order:
    return sent()


def sent(units: int = 2) -> Order:
    """Return an order of vases at 86 that was paid and sent."""
    make_product("Vase", skus=("VASE",), price_minor=8600, stock=50)
    order = place_order(make_request(("VASE", units)))
    payment = payments.open_payment(order)
    payments.settle(payment, Fetched(Payment.State.SUCCEEDED, payment.amount_minor, payment.currency))
    return lifecycle.ship(order.pk, actor="user:staff")


# --- dialogs ---


def dialog(client: Client, name: str, *args: object, **fields: object) -> tuple[str, dict[str, object]]:
    """Open a dialog; return its address and what its button sends."""
    address = reverse(f"admin:{name}", args=args)
    return address, {**hidden(client.get(address)), **SUBMITTED, **fields}


def press(client: Client, address: str, form: dict[str, object]) -> HttpResponse:
    return client.post(address, form, headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/admin/"})


def test_a_delivery_received_twice_by_one_click_is_counted_once(transactional_db: None) -> None:
    make_product(skus=("VASE",), stock=5)
    item, client = StockItem.objects.get(), staff()
    address, form = dialog(client, "inventory_stockitem_receive", item.pk, quantity=3, note="van 2")

    answers = [press(client, address, form), press(client, address, form)]

    assert answers[0]["HX-Redirect"] == answers[1]["HX-Redirect"]
    item.refresh_from_db()
    assert item.on_hand == 8
    assert said(client, answers[1]["HX-Redirect"])[-1] == "VASE: 8 on hand, 8 available."


@pytest.mark.parametrize(("name", "quantity"), [("receive", 3), ("write_off", 3), ("count", 9)])
def test_two_colleagues_do_not_enter_the_same_movement_twice(transactional_db: None, name: str, quantity: int) -> None:
    make_product(skus=("VASE",), stock=5)
    item = StockItem.objects.get()
    first, second = staff(), staff("colleague@example.com")
    asked = [dialog(client, f"inventory_stockitem_{name}", item.pk, quantity=quantity) for client in (first, second)]
    press(first, *asked[0])
    item.refresh_from_db()
    after = item.on_hand

    answer = press(second, *asked[1])

    item.refresh_from_db()
    assert "HX-Redirect" not in answer
    assert f"Meanwhile somebody entered units: {after} are on hand now." in answer.content.decode()
    assert f'value="{quantity}"' in answer.content.decode()
    assert item.on_hand == after
    # what is sent from the renewed dialog counts
    assert "HX-Redirect" in press(second, asked[1][0], {**asked[1][1], **hidden(answer)})


def test_sales_in_between_do_not_make_a_dialog_old(transactional_db: None) -> None:
    make_product(skus=("VASE",), stock=5)
    item, client = StockItem.objects.get(), staff()
    address, form = dialog(client, "inventory_stockitem_receive", item.pk, quantity=3)
    place_order(make_request(("VASE", 1)))

    assert "HX-Redirect" in press(client, address, form)

    item.refresh_from_db()
    assert item.on_hand == 8


def test_a_step_of_an_order_sent_twice_answers_twice_the_same(order: Order) -> None:
    client = staff()
    address, form = dialog(client, "orders_order_deliver", order.pk)

    answers = [press(client, address, form), press(client, address, form)]

    assert [answer.get("HX-Redirect") for answer in answers] == [
        reverse("admin:orders_order_change", args=[order.pk])
    ] * 2
    assert set(said(client, answers[1]["HX-Redirect"])) == {f"{order.number}: Delivered"}
    order.refresh_from_db()
    assert order.state == "delivered"


def test_a_colleague_who_comes_late_is_told(order: Order) -> None:
    first, second = staff(), staff("colleague@example.com")
    asked = [dialog(client, "orders_order_deliver", order.pk) for client in (first, second)]
    press(first, *asked[0])

    answer = press(second, *asked[1])

    assert answer["HX-Redirect"] == "http://testserver/admin/"
    assert said(second, "/admin/") == ["You can't do that, or it has changed since you opened this page."]


def test_a_person_erased_twice_is_answered_twice_the_same(transactional_db: None) -> None:
    person, client = make_user("ida@example.com"), staff()
    address, form = dialog(client, "shop_user_erase", person.pk)
    form["address"] = person.email

    answers = [press(client, address, form), press(client, address, form)]

    assert answers[0]["HX-Redirect"] == answers[1]["HX-Redirect"]
    assert set(said(client, answers[1]["HX-Redirect"])) == {"The person is erased."}
    assert AuditEntry.objects.filter(action="erased").count() == 1


def test_a_secret_is_made_once_and_not_stored(transactional_db: None) -> None:
    endpoint = WebhookEndpoint.objects.create(url="https://shop.example/hook")
    client = staff()
    address, form = dialog(client, "shop_webhookendpoint_rotate", endpoint.pk)

    first = press(client, address, form)
    press(client, address, form)

    endpoint.refresh_from_db()
    assert endpoint.secret_number == 2
    assert signing.secret(endpoint) in " ".join(said(client, first["HX-Redirect"]))
    assert signing.secret(endpoint) not in str(Attempt.objects.get().answer)
    late = staff("colleague@example.com")
    assert press(late, address, {**form, "csrfmiddlewaretoken": "another"})["HX-Redirect"]
    endpoint.refresh_from_db()
    assert endpoint.secret_number == 2


def test_a_test_of_a_webhook_goes_out_once(transactional_db: None) -> None:
    endpoint = WebhookEndpoint.objects.create(url="https://shop.example/hook")
    client = staff()
    address, form = dialog(client, "shop_webhookendpoint_ping", endpoint.pk)

    press(client, address, form)
    press(client, address, form)

    assert WebhookDelivery.objects.count() == 1


# --- forms of the admin's own kind, and the studio ---


def test_saving_a_new_row_twice_makes_one(transactional_db: None) -> None:
    client = staff()
    address = reverse("admin:streams_announcement_add")
    form = {**hidden(client.get(address)), "kind": "flash", "text": "We are moving", "session": ""}
    form |= {"until_0": "", "until_1": ""}

    answers = [client.post(address, form), client.post(address, form)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Announcement.objects.count() == 1


def test_a_form_with_faults_can_be_put_right_and_sent(transactional_db: None) -> None:
    client = staff()
    address = reverse("admin:shop_category_add")
    key = hidden(client.get(address))

    assert client.post(address, {**key, "name": "", "slug": "a", "position": 0}).status_code == 200
    assert client.post(address, {**key, "name": "A", "slug": "a", "position": 0}).status_code == 302


@pytest.fixture
def show(transactional_db: None) -> StreamSession:
    make_product(skus=("A",), stock=5)
    return make_session("kiln", skus=("A",), title="Kiln", started_at=timezone.now(), state="live")


STUDIO = "/host/shows/kiln/"


@pytest.mark.parametrize(
    ("path", "fields", "count"),
    [
        ("announce/", {"text": "Half price", "kind": "flash", "minutes": 0}, lambda: Announcement.objects.count()),
        ("key/", {}, lambda: AuditEntry.objects.filter(action="rotate_key").count()),
        ("end/", {}, lambda: AuditEntry.objects.filter(action="end").count()),
        ("chat/", {"text": "Hello"}, lambda: ChatMessage.objects.count()),
    ],
)
def test_what_a_host_sends_twice_is_done_once(
    show: StreamSession, path: str, fields: dict[str, object], count: Callable[[], int]
) -> None:
    client = signed_in(show.host)
    form = {**hidden(client.get(STUDIO), path), **fields}

    answers = [client.post(STUDIO + path, form), client.post(STUDIO + path, form)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert count() == 1


def test_a_show_is_planned_once(transactional_db: None) -> None:
    client = signed_in(make_user(is_host=True))
    form = {**hidden(client.get("/host/")), "title": "Evening kiln"}

    answers = [client.post("/host/", form), client.post("/host/", form)]

    assert answers[0]["Location"] == answers[1]["Location"] == "/host/shows/evening-kiln/"
    assert StreamSession.objects.count() == 1


def test_the_same_from_a_page_read_anew_is_done_again(show: StreamSession) -> None:
    client = signed_in(show.host)
    for _press in range(2):
        form = {**hidden(client.get(STUDIO), "announce/"), "text": "Half price", "kind": "flash", "minutes": 0}
        client.post(f"{STUDIO}announce/", form)

    assert Announcement.objects.count() == 2


def test_another_text_from_the_same_page_is_another_attempt(show: StreamSession) -> None:
    client = signed_in(show.host)
    form = {**hidden(client.get(STUDIO), "announce/"), "kind": "flash", "minutes": 0}
    for text in ("Half price", "Sold out"):
        client.post(f"{STUDIO}announce/", {**form, "text": text})

    assert Announcement.objects.count() == 2


def test_what_failed_can_be_sent_again(show: StreamSession, monkeypatch: pytest.MonkeyPatch) -> None:
    from inventory.exceptions import StockBusy
    from streams import announcements

    client = signed_in(show.host)
    form = {**hidden(client.get(STUDIO), "announce/"), "text": "Half price", "kind": "flash", "minutes": 0}
    make = announcements.make

    def make_and_fail(*args: object, **kwargs: object) -> None:
        make(*args, **kwargs)  # type: ignore[arg-type]
        raise StockBusy

    with monkeypatch.context() as patch:
        patch.setattr(announcements, "make", make_and_fail)
        client.post(f"{STUDIO}announce/", form)
        assert not Announcement.objects.exists()
    client.post(f"{STUDIO}announce/", form)

    assert Announcement.objects.count() == 1
    assert said(client, STUDIO) == [
        "That did not work just now, and nothing was changed. Please try again.",
        "Everyone who watches reads it now.",
    ]


# --- the keys themselves ---


def test_every_page_has_a_key_of_its_own(db: None) -> None:
    """Should Django ever stop to mask its tokens, this fails, and forms need a field of their own."""
    client = staff()
    address = reverse("admin:shop_category_add")
    keys = {hidden(client.get(address))["csrfmiddlewaretoken"] for _page in range(5)}

    assert len(keys) == 5


def test_a_key_is_one_persons(show: StreamSession) -> None:
    form = {"csrfmiddlewaretoken": "the-same", "text": "Half price", "kind": "flash", "minutes": 0}
    other = make_session("other", host=make_user(is_host=True), started_at=timezone.now())
    signed_in(show.host).post(f"{STUDIO}announce/", form)
    signed_in(other.host).post("/host/shows/other/announce/", form)

    assert Announcement.objects.count() == 2


def test_a_file_is_part_of_what_is_sent(rf: RequestFactory, db: None) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    user = make_user()

    def key(content: bytes) -> str | None:
        fields = {"csrfmiddlewaretoken": "x", "captions": SimpleUploadedFile("a.vtt", content)}
        request = rf.post("/", fields)
        request.user = user
        found = attempts.find_key(request)
        assert request.FILES["captions"].read() == content
        return found

    assert key(b"WEBVTT one") == key(b"WEBVTT one") != key(b"WEBVTT two")


def test_a_second_request_does_not_wait_for_ever(show: StreamSession) -> None:
    client = signed_in(show.host)
    form = {**hidden(client.get(STUDIO), "announce/"), "text": "Half price", "kind": "flash", "minutes": 0}
    request = RequestFactory().post(f"{STUDIO}announce/", form)
    request.user = show.host
    key = attempts.find_key(request)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        from django.db import transaction

        with transaction.atomic():
            Attempt.objects.create(key=key)
            held.set()
            done.wait(30)
            transaction.set_rollback(True)

    def ask() -> HttpResponse:
        held.wait(30)
        try:
            return client.post(f"{STUDIO}announce/", form, headers={"Referer": f"http://testserver{STUDIO}"})
        finally:
            done.set()

    _held, answer = together([hold, ask])

    assert answer["Location"] == f"http://testserver{STUDIO}"
    assert said(client, STUDIO) == ["This was sent before, and is being done. Look at the page again in a moment."]
    assert not Announcement.objects.exists()


def test_old_keys_are_forgotten(db: None) -> None:
    Attempt.objects.create(key="old", made_at=timezone.now() - attempts.KEPT_FOR - timedelta(minutes=1))
    Attempt.objects.create(key="new")

    forget_attempts()

    assert [attempt.key for attempt in Attempt.objects.all()] == ["new"]


def test_every_form_of_staff_and_hosts_is_guarded() -> None:
    """All of the admin is by its site; of the host's pages each address that takes a form."""
    from django.contrib import admin

    from config.admin_site import Site
    from streams.host.urls import urlpatterns

    assert isinstance(admin.site, Site)
    unguarded = [one.name for one in urlpatterns if not _is_guarded(one.callback)]
    assert unguarded == []


def _is_guarded(view: object) -> bool:
    while view is not None:
        code = getattr(view, "__code__", None)
        if code is not None and code.co_qualname.startswith("once."):
            return True
        view = getattr(view, "__wrapped__", None)
    return False
