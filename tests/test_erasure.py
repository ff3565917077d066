"""Erasing a person: their traces go, in both databases; the figures stay; twice and half-way are safe."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from inventory.exceptions import StockBusy
from orders import access, checkout, figures, lifecycle, listing, locks, payments
from orders.archiving import mover
from orders.models import ArchivedOrder, Order, Payment, Refund
from orders.notices import handlers
from orders.providers import Fetched
from shop import audit, cart, outbox, tasks, wishlist
from shop.exceptions import ErasureRefused
from shop.models import Address, AuditEntry, Cart, Notice, OutboxEvent, User
from shop.notifications import notices
from shop.notifications.notices import News
from shop.people import erasure, tokens
from streams import opinions
from streams.chat import messages
from streams.models import ChatMessage
from streams.signals import chat_removed
from tests.support import invariants
from tests.support.archivable_orders import make_archived, make_over
from tests.support.concurrency import together
from tests.support.factories import make_product, make_request, make_session, make_user

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL = "Maria.Sole@Example.com"
TRACES = ("maria.sole", "m.sole@work", "maria sole", "4 example lane")


def make_maria() -> User:
    """Somebody who has left a trace everywhere."""
    maria = make_user(EMAIL, display_name="Maria Sole")
    EmailAddress.objects.create(user=maria, email="m.sole@work.example.com", verified=True)
    Address.objects.create(user=maria, name="Maria Sole", line1="4 Example Lane", city="Delhi", postal_code="110001")
    tokens.issue(maria)
    AccessAttempt.objects.create(username=EMAIL.lower(), user_agent="", ip_address="192.0.2.7", failures_since_start=1)
    session = make_session("a-show")
    messages.post(session, author=maria, text="hello")
    opinions.set_opinion(session, maria, "like")
    make_product(skus=("VASE",), price_minor=8600, stock=99)
    cart.set_line(Cart.objects.create(user=maria), sku="VASE", quantity=1)
    wishlist.add(maria, sku="VASE")
    notices.tell("outbox:1", News("order.placed", "Order SF-1"), user=maria, email=EMAIL)
    return maria


def give_away(order: Order) -> Order:
    """Have an order carry the name of its buyer, as checkout does."""
    Order.objects.filter(pk=order.pk).update(name="Maria Sole")
    return Order.objects.get(pk=order.pk)


def traces() -> list[str]:
    """Every row of either database that still tells of her: all of it is searched, not only what is known."""
    found = []
    for model in apps.get_models():
        for row in model._default_manager.all():
            words = " ".join(str(getattr(row, field.attname)) for field in model._meta.local_concrete_fields).lower()
            found += [f"{model._meta.label}: {trace}" for trace in TRACES if trace in words]
    return found


def test_every_trace_goes_and_every_figure_stays() -> None:
    maria = make_maria()
    kept = give_away(make_over(buyer=maria, session="a-show", days=10))
    give_away(make_over(buyer=maria, session="a-show"))
    guest = make_over(session="a-show")
    Order.objects.filter(pk=guest.pk).update(email=EMAIL.upper(), name="Maria Sole")
    for subject in (kept.holder, guest.holder, f"user:{maria.public_id}", "show:a-show"):
        audit.record(actor="user:1", action="x", subject=subject, reason="Maria Sole of 4 Example Lane rang")
    audit.record(actor="user:1", action="mute", subject="show:a-show", reason="m.sole@work.example.com shouted")
    audit.record(actor="user:1", action="y", subject="show:a-show", reason="nothing to do with her")
    assert mover.move().moved == 2
    before = figures.of_session("a-show")
    assert (before.orders, len(traces()) > 10) == (3, True)

    counts = erasure.erase(EMAIL, actor="user:1")

    assert traces() == []
    assert (counts["orders"], counts["accounts"], counts["chat_messages"], counts["addresses"]) == (3, 1, 1, 1)
    assert figures.of_session("a-show") == before
    assert opinions.counts(make_show_again()).likes == 1
    assert ChatMessage.objects.get().text == "hello"
    order = Order.objects.get(pk=kept.pk)
    assert (order.buyer_id, order.email, order.country, order.total_minor) == (None, "", "IN", 8600)
    assert Payment.objects.count() == 3
    entry = AuditEntry.objects.get(action="erased")
    assert (entry.actor, entry.subject, entry.data["rows"]["orders"]) == ("user:1", f"user:{maria.public_id}", 3)
    assert set(AuditEntry.objects.exclude(action="erased").values_list("reason", flat=True)) == {
        "",
        "nothing to do with her",
    }
    assert AuditEntry.objects.filter(actor="user:1", action="x").count() == 4
    invariants.check()


def make_show_again() -> Any:
    return ChatMessage.objects.get().session


def test_the_account_is_closed_for_good(client: Client) -> None:
    maria = make_maria()
    client.force_login(maria)
    assert client.get("/accounts/").status_code == 200
    token = tokens.issue(maria)

    erasure.erase("m.sole@work.example.com", actor="system")

    assert client.get("/accounts/").status_code == 302
    assert client.get("/api/v1/me", headers={"Authorization": f"Token {token}"}).status_code == 401
    maria.refresh_from_db()
    assert (maria.is_active, maria.has_usable_password()) == (False, False)
    assert maria.email == f"{maria.public_id}@erased.invalid"
    make_user(EMAIL)  # somebody may sign up with the address again


def test_twice_is_once() -> None:
    make_maria()
    make_archived(buyer=User.objects.get(email=EMAIL.lower()))
    erasure.erase(EMAIL, actor="system")
    entries = AuditEntry.objects.count()

    assert not any(erasure.erase(EMAIL, actor="system").values())
    assert AuditEntry.objects.count() == entries


def test_an_erasure_that_was_killed_is_finished_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*args: object, **kwargs: object) -> int:
        raise Killed

    make_maria()
    give_away(make_over(buyer=User.objects.get(email=EMAIL.lower()), days=10))
    for name in list(erasure._erasers):
        with monkeypatch.context() as patch:
            patch.setitem(erasure._erasers, name, die)
            with pytest.raises(Killed):
                erasure.erase(EMAIL, actor="system")
    with monkeypatch.context() as patch:
        patch.setattr(audit, "record", die)
        with pytest.raises(Killed):
            erasure.erase(EMAIL, actor="system")
    assert User.objects.filter(email=EMAIL.lower()).exists()

    erasure.erase(EMAIL, actor="system")

    assert traces() == []


@pytest.mark.parametrize("state", ["created", "placed", "in_transit"])
def test_an_order_that_is_not_over_postpones_it(state: str) -> None:
    maria = make_maria()
    order = checkout.place_order(make_request(("VASE", 1), buyer=maria))
    Order.objects.filter(pk=order.pk).update(state=state)
    before = len(traces())

    with pytest.raises(ErasureRefused) as refusal:
        erasure.erase(EMAIL, actor="system")

    assert refusal.value.reasons == [f"Order {order.number} is not over yet ({order_word(state)})."]
    assert len(traces()) == before
    assert User.objects.get(pk=maria.pk).is_active


def order_word(state: str) -> str:
    return Order.State(state).label.lower()


def test_a_host_on_air_is_not_erased() -> None:
    host = make_user(is_host=True)
    make_session("live-now", host=host, title="Bowls")

    with pytest.raises(ErasureRefused, match="The show “Bowls” is on air"):
        erasure.erase(host.email, actor="system")


def test_an_order_of_somebody_else_keeps_its_buyer() -> None:
    other = make_user("other@example.com")
    order = make_over(buyer=other, days=10)
    archived = make_archived(buyer=other)
    Order.objects.filter(pk=order.pk).update(email=EMAIL)
    ArchivedOrder.objects.filter(pk=archived.pk).update(email=EMAIL)

    erasure.erase(EMAIL, actor="system")

    for found in (Order.objects.get(pk=order.pk), ArchivedOrder.objects.get(pk=archived.pk)):
        assert (found.email, found.buyer_id, found.name) == ("other@example.com", other.pk, "A Guest")


def test_an_unverified_address_of_somebody_elses_account_erases_nobody_else() -> None:
    stranger = make_user("stranger@example.com")
    EmailAddress.objects.create(user=stranger, email=EMAIL.lower(), verified=False)

    erasure.erase(EMAIL, actor="system")

    stranger.refresh_from_db()
    assert stranger.is_active


@pytest.mark.parametrize("is_archived", [False, True])
def test_an_erased_order_is_nobodys_any_more(client: Client, is_archived: bool) -> None:
    order = make_over()
    word = access.token(order)
    assert client.get(f"/orders/{order.pk}/?access={word}").status_code == 302
    if is_archived:
        mover.move()

    erasure.erase("guest@example.com", actor="system")

    assert client.get(f"/orders/{order.pk}/").status_code == 404
    assert client.get(f"/orders/{order.pk}/?access={word}").status_code == 404
    assert client.get(f"/api/v1/orders/{order.pk}", headers={"Order-Access": word}).status_code == 404
    assert listing.read(listing.Asked(ids=[str(order.pk)]), limit=5).orders == []


def test_money_that_comes_late_for_an_erased_order_goes_back() -> None:
    order = make_over(is_paid=False)
    payment = Payment.objects.create(
        order=order, provider="sandbox", ref="late", state="closed", amount_minor=order.total_minor, currency="USD"
    )
    mover.move()
    erasure.erase("guest@example.com", actor="system")

    payments.settle(payment, Fetched(Payment.State.SUCCEEDED, order.total_minor, "USD"))

    assert Order.objects.get().state == "cancelled"
    assert Refund.objects.get().amount_minor == order.total_minor
    invariants.check()


def test_what_live_viewers_see_of_them_goes_at_once() -> None:
    make_maria()
    removed = []

    def note(*, message_id: str, slug: str, **kwargs: object) -> None:
        removed.append((slug, message_id))

    chat_removed.connect(note)
    try:
        erasure.erase(EMAIL, actor="system")
    finally:
        chat_removed.disconnect(note)

    assert removed == [("a-show", str(ChatMessage.objects.get().pk))]


def test_news_that_waits_tells_nobody_of_an_erased_order() -> None:
    order = make_over()
    Notice.objects.all().delete()
    assert OutboxEvent.objects.filter(subject=order.holder, handled_at=None).exists()
    OutboxEvent.objects.update(last_error="SMTPError: guest@example.com unknown")

    erasure.erase("guest@example.com", actor="system")
    while outbox.drain():
        pass

    assert not Notice.objects.exclude(recipient=Notice.SELLER).exists()
    assert not OutboxEvent.objects.filter(last_error__contains="@").exists()


def test_news_told_while_an_erasure_is_under_way_goes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    make_over()
    Notice.objects.all().delete()
    erase_orders = erasure._erasers["orders"]

    def erase_late(person: erasure.Person) -> int:
        while outbox.drain():
            pass
        assert Notice.objects.filter(email="guest@example.com").exists()
        return erase_orders(person)

    monkeypatch.setitem(erasure._erasers, "orders", erase_late)

    erasure.erase("guest@example.com", actor="system")

    assert not Notice.objects.filter(email="guest@example.com").exists()


def erase_while_news_is_told() -> int | Exception:
    """Erase somebody while a drain that has read their order is still open; return the outcome."""
    order = make_over()
    Notice.objects.all().delete()
    with transaction.atomic():
        handlers.spread(OutboxEvent.objects.get(subject=order.holder, topic="order.delivered"))
        [erased] = together([lambda: erasure.erase("guest@example.com", actor="system")["orders"]])
    return erased


def test_an_erasure_waits_for_news_that_is_being_told() -> None:
    assert isinstance(erase_while_news_is_told(), StockBusy)

    erasure.erase("guest@example.com", actor="system")

    assert not Notice.objects.filter(email="guest@example.com").exists()


def test_control_without_the_lock_news_would_outlive_the_erasure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.archive.thawing.keep_erasures_away", lambda: None)

    assert erase_while_news_is_told() == 1

    assert Notice.objects.filter(email="guest@example.com").exists()


def test_nobody_comes_back_from_the_archive_behind_an_erasure() -> None:
    orders = [make_over() for _ in range(6)]
    mover.move()

    def want(order: Order) -> None:
        with transaction.atomic():
            locks.lock_order(order.pk)

    calls = [lambda: erasure.erase("guest@example.com", actor="system")["orders"]]
    outcomes = together([*calls, *[lambda order=order: want(order) for order in orders]])  # type: ignore[misc]

    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    rows: list[Model] = [*Order.objects.all(), *ArchivedOrder.objects.all()]
    assert {row.email for row in rows} == {""}  # type: ignore[attr-defined]


def test_without_the_lock_somebody_would_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    order = make_archived()
    with transaction.atomic():  # brings it back, slowly: its transaction is still open while the erasure runs
        with monkeypatch.context() as patch:
            patch.setattr("orders.archive.thawing._lock", lambda order_id: None)
            locks.lock_order(order.pk)
        [erased] = together([lambda: erasure.erase("guest@example.com", actor="system")])
        assert not isinstance(erased, Exception)

    assert Order.objects.get().email == "guest@example.com"


def test_a_guests_session_ends_by_itself() -> None:
    ended, open_one = SessionStore(), SessionStore()
    for store, days in ((ended, -1), (open_one, 1)):
        store["postal_code"] = "110001"
        store.set_expiry(timezone.now() + timedelta(days=days))
        store.save()

    tasks.tidy_news()

    assert not Session.objects.filter(pk=ended.session_key).exists()
    assert Session.objects.filter(pk=open_one.session_key).exists()


def run(*options: str) -> str:
    out = StringIO()
    call_command("erase_person", *options, stdout=out)
    return out.getvalue()


def test_the_command_says_what_went() -> None:
    make_maria()

    assert json.loads(run("--json", EMAIL))["wishes"] == 1
    assert run(EMAIL) == "Nobody has this address; nothing was changed.\n"
    make_over()
    assert run("guest@example.com").startswith("Erased: 1 orders")


def test_the_command_refuses_what_can_not_be_done() -> None:
    make_product(skus=("VASE",), stock=9)
    order = checkout.place_order(make_request(("VASE", 1)))

    with pytest.raises(CommandError, match=f"Not erased. Order {order.number}"):
        run("guest@example.com")
    with pytest.raises(CommandError):
        run("nobody")
    lifecycle.cancel(order.pk, actor="guest")
    assert "1 orders" in run("guest@example.com")
    assert timezone.now() > Order.objects.get().created_at
