"""Every text at its longest, and one beyond, through everything that can be done to the thing that bears it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import models
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers as rest

from inventory.models import StockItem, StockMovement, Warehouse
from orders import aftersales
from orders.archiving import mover
from orders.checkout import place_order
from orders.forms import CheckoutForm
from orders.models import ArchivedOrder, Order, ProviderEvent, Refund
from shop.models import AuditEntry, Notice, User, WebhookDelivery, WebhookEndpoint
from shop.notifications import mails, notices
from shop.webhooks import deliveries
from streams import pins, shows
from streams.chat import messages
from streams.host import forms as host_forms
from streams.models import Announcement, BlockedWord, ChatMessage, Silence, StreamSession
from tests.support.archivable_orders import pay
from tests.support.factories import make_product, make_request, make_user
from tests.support.sent_forms import signed_in, staff
from tests.support.sent_messages import hand_on

pytestmark = pytest.mark.django_db(transaction=True)

DOUBLE = "\u0958"  # one character, which is two once it is composed: no shorter way to write it is allowed (NFC)
EMAIL = f"{'a' * 64}@{'b' * 61}.{'c' * 61}.{'d' * 61}.com"

# Lengths that are rules: of the business, or of what others give out. Whoever types one is told (`test_forms_say_so`).
RULES = {
    *["inventory.Warehouse.code", "inventory.Warehouse.name", "inventory.Warehouse.country"],
    *["inventory.Warehouse.postal_code", "inventory.Courier.name", "inventory.Zone.country"],
    *["inventory.Zone.postal_prefix", "inventory.StockItem.sku", "inventory.Attempt.key"],
    *["shop.User.email", "shop.User.password", "shop.User.display_name", "shop.Notice.email"],
    *(f"shop.Address.{name}" for name in ("name", "line1", "city", "postal_code", "country")),
    *["shop.Category.slug", "shop.Category.name", "shop.Product.slug", "shop.Product.name", "shop.ProductPicture.alt"],
    *["shop.Variant.sku", "shop.Variant.label", "shop.WebhookEndpoint.url", "shop.WebhookEndpoint.description"],
    *(
        f"orders.{model}.{name}"
        for model in ("Order", "ArchivedOrder")
        for name in ("email", "name", "line1", "city", "postal_code", "country", "session")
    ),
    *["orders.OrderLine.sku", "orders.IdempotencyKey.key", "orders.IdempotencyKey.body_hash"],
    *["shop.ApiToken.digest", "shop.ApiToken.password_mark"],
    *["orders.SandboxPayment.ref", "streams.StreamSession.slug", "streams.StreamSession.title"],
    *["streams.StreamSession.stream_key", "streams.ChatMessage.text", "streams.BlockedWord.word"],
}


def our_models() -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        if model._meta.app_label in {"inventory", "shop", "orders", "streams"}:
            yield model


def test_a_column_is_bounded_only_by_a_rule() -> None:
    """What the program writes is text: an audit entry names whatever there is, however long its name became."""
    bounded = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.fields
        if isinstance(field, models.CharField) and not field.choices
    }
    assert bounded == RULES


def longest(name: str, letter: str = "x") -> str:
    """Return the longest text for a column: `shop.Product.name`."""
    app, model, field = name.split(".")
    return letter * int(apps.get_model(app, model)._meta.get_field(field).max_length or 0)


# --- a show ---


@pytest.fixture
def host() -> User:
    return make_user(is_host=True, display_name=longest("shop.User.display_name", "h"))


@pytest.fixture
def sku() -> str:
    sku = longest("shop.Variant.sku", "S")
    product = make_product(
        longest("shop.Product.name"), skus=(sku,), slug=longest("shop.Product.slug", "p"), price_minor=8600, stock=20
    )
    product.variants.update(label=longest("shop.Variant.label"))
    return sku


@pytest.fixture
def show(host: User, sku: str) -> StreamSession:
    """A show whose every text is at its longest, planned on the host's own page."""
    blocked = "\n".join(["w" * 79] * 50)[: host_forms.BLOCKED_WORDS_MAX]
    plan = {"title": "t" * 120, "description": "d" * 2000, "blocked_words": blocked, "preview": "on"}
    assert signed_in(host).post("/host/", plan).status_code == 302
    show = StreamSession.objects.get()
    StreamSession.objects.filter(pk=show.pk).update(slug=longest("streams.StreamSession.slug", "s"))
    show.refresh_from_db()
    return show


def test_a_show_of_the_longest_texts_can_be_led_and_ended(show: StreamSession, sku: str) -> None:
    client, studio = signed_in(show.host), f"/host/shows/{show.slug}/"
    viewer = make_user("viewer@example.com", display_name=longest("shop.User.display_name", "v"))
    friend = make_user(EMAIL)

    def do(path: str, **fields: object) -> None:
        answer = client.post(studio + path, fields)
        assert answer.status_code == 302, path
        said = [str(message) for message in client.get(studio).context["messages"]]
        assert not [word for word in said if "not" in word.split()], said

    do("run-list/", do="add", sku=sku)
    do("announce/", text="a" * 280, kind="flash", minutes=5)
    do("chat/rules/", review="nobody", links="held", blocked_words="w" * host_forms.BLOCKED_WORDS_MAX)
    do("moderators/", email=EMAIL)
    do("key/")
    do("takeover/", allowed="on")
    do("recording/", recording="9999")
    shows.rehearse(show)
    do("live/")
    do("pin/", sku=sku)
    do("slow-mode/", seconds=5)
    do("chat/", text="c" * 300)
    message = messages.post(show, author=viewer, text="m" * 300)
    do(f"chat/{message.pk}/", do="pin")
    do(f"chat/{message.pk}/", do="time_out:600")
    do(f"chat/{message.pk}/", do="ban")
    do(f"silences/{Silence.objects.get().pk}/lift/")
    do("chat/unpin/")
    do(f"moderators/{show.moderators.get().pk}/dismiss/")
    do(f"announcements/{Announcement.objects.get().pk}/end/")
    do("pin/", sku="")
    do("end/")

    show.refresh_from_db()
    assert show.state == "ended"
    subjects = AuditEntry.objects.filter(subject=f"show:{show.slug}").values_list("action", flat=True)
    assert {"end", "rotate_key", "pin", "announce", "ban", "run_list", "remove_message"} <= set(subjects)
    assert friend.public_name
    for path in ("/", f"/shows/{show.slug}/", "/host/", studio, f"/api/v1/sessions/{show.slug}"):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize(
    ("path", "fields", "word"),
    [
        ("/host/", {"title": "t" * 121}, "120"),
        ("/host/", {"title": DOUBLE * 61}, "120"),
        ("/host/", {"title": "t", "description": "d" * 2001}, "2000"),
        ("/host/", {"title": "t", "blocked_words": "w" * 4001}, "4000"),
        ("{studio}announce/", {"text": "a" * 281, "kind": "flash", "minutes": 0}, "280"),
        ("{studio}announce/", {"text": DOUBLE * 141, "kind": "flash", "minutes": 0}, "280"),
        ("{studio}chat/rules/", {"review": "nobody", "links": "held", "blocked_words": "w" * 4001}, "4000"),
        ("{studio}chat/", {"text": "c" * 301}, "300"),
        ("{studio}chat/", {"text": DOUBLE * 151}, "300"),
    ],
)
def test_one_character_more_is_refused_with_the_number(
    show: StreamSession, path: str, fields: dict[str, object], word: str
) -> None:
    client, studio = signed_in(show.host), f"/host/shows/{show.slug}/"

    answer = client.post(path.format(studio=studio), fields, follow=True)

    assert answer.status_code in {200, 400}
    assert word in text_of(answer)
    assert (StreamSession.objects.count(), Announcement.objects.count(), ChatMessage.objects.count()) == (1, 0, 0)


def text_of(answer: HttpResponse) -> str:
    """Return what a page says, without its forms' own marks."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"<script\b.*?</script>", " ", answer.content.decode(), flags=re.DOTALL))


@pytest.mark.parametrize("name", ["n" * 41, DOUBLE * 21])
def test_a_name_too_long_is_refused_everywhere(name: str) -> None:
    person, admin = make_user("ida@example.com"), staff()
    client = signed_in(person)

    assert "40 characters" in text_of(client.post("/accounts/", {"display_name": name}))
    api = client.patch("/api/v1/me", {"display_name": name}, content_type="application/json")
    assert (api.status_code, "40" in api.content.decode()) == (400, True)
    form = {"email": "new@example.com", "display_name": name}
    assert "40 characters" in text_of(admin.post(reverse("admin:shop_user_add"), form))
    change = admin.post(reverse("admin:shop_user_change", args=[person.pk]), form)
    assert "40 characters" in text_of(change)
    sign_up = {"email": "new@example.com", "password1": "a-long-password-7", "display_name": name}
    assert "40 characters" in text_of(Client().post("/accounts/signup/", sign_up))
    assert list(User.objects.filter(display_name__gt="")) == []


# --- an order ---


@pytest.fixture
def endpoint() -> WebhookEndpoint:
    url = "https://shop.example/" + "u" * 479
    return WebhookEndpoint.objects.create(url=url, description=longest("shop.WebhookEndpoint.description"))


def make_longest_order(sku: str, buyer: User, session: str) -> Order:
    facts = {name: longest(f"orders.Order.{name}") for name in ("name", "line1", "city")}
    order = place_order(make_request((sku, 3), buyer=buyer, session=session))
    Order.objects.filter(pk=order.pk).update(**facts)
    order.refresh_from_db()
    return order


def test_an_order_of_the_longest_texts_lives_and_is_forgotten(
    show: StreamSession, sku: str, endpoint: WebhookEndpoint, mailoutbox: list[object]
) -> None:
    buyer, client = make_user(EMAIL, display_name="b" * 40), staff()
    mine = signed_in(buyer)
    order = make_longest_order(sku, buyer, show.slug)
    hand_on()
    pay(order)
    for step in ("ship", "deliver"):
        address = reverse(f"admin:orders_order_{step}", args=[order.pk])
        assert "HX-Redirect" in client.post(address, {"_form_submitted": "True"})
    why = "r" * 200
    aftersales.refund(order.pk, lines={sku: 1}, actor="user:1", reason=why, restock=True)
    aftersales.take_back(order.pk, lines={sku: 1}, actor="user:1", reason=why)
    hand_on()
    while mails.send_due():
        pass

    assert AuditEntry.objects.filter(subject=order.holder, reason=why).count() == 3
    assert {mail.to[0] for mail in mailoutbox} >= {EMAIL}  # type: ignore[attr-defined]
    assert not Notice.objects.filter(mail_state=Notice.Mail.REFUSED).exists()
    assert WebhookDelivery.objects.count() >= 3
    for path in ("", "receipt/"):
        assert mine.get(f"/orders/{order.pk}/{path}").status_code == 200
    assert mine.get("/orders/").status_code == mine.get("/notices/").status_code == 200
    Order.objects.filter(pk=order.pk).update(terminal_at=timezone.now() - timedelta(days=90))
    Refund.objects.update(state=Refund.State.DONE)
    assert mover.move().moved == 1
    assert ArchivedOrder.objects.get().name == longest("orders.Order.name")
    assert mine.get(f"/orders/{order.pk}/").status_code == 200
    address = reverse("admin:orders_archivedorder_bring_back", args=[order.pk])
    assert "HX-Redirect" in client.post(address, {"_form_submitted": "True"})
    assert client.get(reverse("admin:orders_order_change", args=[order.pk])).status_code == 200
    address = reverse("admin:shop_user_erase", args=[buyer.pk])
    assert "HX-Redirect" in client.post(address, {"_form_submitted": "True", "address": buyer.email})
    assert Order.objects.get().email == ""


def test_a_cancelled_order_says_the_longest_reason(sku: str) -> None:
    order = place_order(make_request((sku, 1)))
    client, address = staff(), reverse("admin:orders_order_cancel", args=[order.pk])

    long = client.post(address, {"_form_submitted": "True", "reason": "r" * 201})
    assert "at most 200 characters" in text_of(long)
    assert "HX-Redirect" in client.post(address, {"_form_submitted": "True", "reason": "r" * 200})

    assert AuditEntry.objects.get(subject=order.holder).reason == "r" * 200


def test_an_endpoint_of_the_longest_texts_can_be_told_off(endpoint: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(description="")
    deliveries.ping(endpoint)
    endpoint.refresh_from_db()
    deliveries._note_failure(endpoint, is_gone=True)

    notice = Notice.objects.get()
    assert endpoint.url in notice.text  # more than the five hundred characters that a notice once had
    client = staff()
    assert client.get("/notices/").status_code == 200
    for action in ("ping", "rotate"):
        address = reverse(f"admin:shop_webhookendpoint_{action}", args=[endpoint.pk])
        assert "HX-Redirect" in client.post(address, {"_form_submitted": "True"})


def test_a_provider_may_use_words_of_any_length(sku: str) -> None:
    ProviderEvent.objects.create(
        provider="stripe", event_id="e" * 300, kind="k" * 300, payment_ref="r" * 300, outcome="applied"
    )
    notices.tell_seller("o" * 300, notices.News("k" * 100, "t" * 300, "x" * 900, "/" + "u" * 400, "s" * 300))
    assert staff().get(reverse("admin:orders_providerevent_changelist")).status_code == 200
    assert staff().get("/notices/").status_code == 200


# --- stock ---


def test_stock_with_the_longest_words_moves(sku: str) -> None:
    client = staff()
    Warehouse.objects.update(code=longest("inventory.Warehouse.code", "w"), name=longest("inventory.Warehouse.name"))
    item = StockItem.objects.get()
    for action, quantity in (("receive", 3), ("count", 9), ("write_off", 1)):
        address = reverse(f"admin:inventory_stockitem_{action}", args=[item.pk])
        form = {"_form_submitted": "True", "quantity": quantity, "note": "n" * 201}
        assert "at most 200 characters" in text_of(client.post(address, form))
        assert "HX-Redirect" in client.post(address, form | {"note": "n" * 200})
    assert StockMovement.objects.filter(note="n" * 200).count() == 3


# --- what forms say ---


def test_forms_say_so(show: StreamSession) -> None:
    """A text that may be so long says it where it is typed, and a browser lets nobody type more."""
    buyer = make_user("ida@example.com")
    studio = f"/host/shows/{show.slug}/"
    for path, form in (
        ("/host/", host_forms.PlanForm),
        (studio, host_forms.AnnouncementForm),
        (studio, host_forms.RulesForm),
    ):
        tags = re.findall(r"<(?:input|textarea)\b[^>]*>", signed_in(show.host).get(path).content.decode())
        for name, field in form.base_fields.items():
            if most := getattr(field, "max_length", None):
                assert any(f'name="{name}"' in tag and f'maxlength="{most}"' in tag for tag in tags), (path, name)
    for path in ("/accounts/", "/accounts/addresses/new/", "/accounts/signup/"):
        client = Client() if "signup" in path else signed_in(buyer)
        page = client.get(path)
        for field in page.context["form"]:
            if getattr(field.field, "max_length", None) and not field.is_hidden:
                assert f'maxlength="{field.field.max_length}"' in str(field), (path, field.name)
    assert {name for name, field in CheckoutForm.base_fields.items() if getattr(field, "max_length", None)}


def test_serializers_that_write_know_their_columns() -> None:
    """What a call may send is never longer than what it is kept in."""
    from streams.api import serializers as of_streams

    pairs = [
        (of_streams.NewSessionSerializer, StreamSession),
    ]
    for serializer, model in pairs:
        for name, field in serializer().fields.items():
            if isinstance(field, rest.CharField) and field.max_length:
                column = model._meta.get_field(name)
                assert column.max_length is None or field.max_length <= column.max_length, name


def test_a_blocked_word_and_a_pin_of_the_longest(show: StreamSession, sku: str) -> None:
    BlockedWord.objects.create(word=longest("streams.BlockedWord.word"))
    client = staff()
    form = {"word": "w" * 81}
    assert "at most 80 characters" in text_of(client.post(reverse("admin:streams_blockedword_add"), form))
    signed_in(show.host).post(f"/host/shows/{show.slug}/run-list/", {"do": "add", "sku": sku})
    pins.pin(show, sku, actor="system")
    assert AuditEntry.objects.get(action="pin").subject == f"show:{'s' * 100}"
