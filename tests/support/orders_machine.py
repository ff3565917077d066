"""A machine that does to orders whatever can be done to them, beside a model that says how it must end.

The model knows nothing of the code under test: it holds units and money in a few numbers and follows the table of
docs/payments.md. After every step the database must say the same as the model, and every invariant must hold.
"""

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Now
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from inventory import reconciliation, stock
from inventory.models import StockItem
from orders import aftersales, expiry, lifecycle, payment_follow_up, payments
from orders.archiving import mover
from orders.checkout import place_order
from orders.exceptions import InsufficientStock, TooManyUnits, TransitionRefused
from orders.models import ArchivedOrder, Order, Payment, Refund, SandboxPayment
from tests.support import invariants
from tests.support.factories import make_product, make_request, make_stock

PRICES = {"VASE": 8600, "BOWL": 1500}
SHELVES = {("VASE", "main"): 3, ("VASE", "north"): 2, ("BOWL", "main"): 2}
JOURNEY = ["created", "created", "placed", "in_transit", "delivered"]
LAPSED = {"expired", "payment_failed"}

which = st.integers(0, 999)
has_orders = precondition(lambda machine: machine.model)
has_open_payments = precondition(lambda machine: machine.open_payments)


@dataclass
class ModelOrder:
    """What an order should be: its state, its units by SKU, and what was paid for it and is owed back, in cents."""

    lines: Counter[str]
    state: str = "created"
    reason: str = ""
    paid_minor: int = 0
    owed_minor: int = 0
    refunded: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    returned: Counter[str] = field(default_factory=Counter)

    @property
    def total_minor(self) -> int:
        return worth(self.lines)

    @property
    def promised(self) -> Counter[str]:
        """The units on the shelf that nobody else can buy."""
        return self.lines - self.refunded if self.state in {"created", "placed"} else Counter()

    def end(self, reason: str) -> None:
        self.state, self.reason = "cancelled", reason


def worth(units: Counter[str]) -> int:
    return sum(PRICES[sku] * count for sku, count in units.items())


class Orders(RuleBasedStateMachine):
    """Each example runs in a transaction that is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example._from_testcase = True  # type: ignore[attr-defined]  # lets durable blocks open inside
        self.example.__enter__()
        self.model: dict[uuid.UUID, ModelOrder] = {}
        self.open_payments: list[Payment] = []
        self.on_hand: Counter[str] = Counter()

    def teardown(self) -> None:
        invariants.check()
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @initialize()
    def open_the_shop(self) -> None:
        for sku, price_minor in PRICES.items():
            make_product(skus=(sku,), price_minor=price_minor)
        for (sku, warehouse), units in SHELVES.items():
            make_stock(sku, units, warehouse=warehouse)
            self.on_hand[sku] += units

    # What buyers do

    @rule(vases=st.integers(0, 4), bowls=st.integers(0, 2), until=st.sampled_from(JOURNEY))
    def place(self, vases: int, bowls: int, until: str) -> None:
        """Place an order, and take it some way along if there is enough of everything."""
        lines = +Counter(VASE=vases, BOWL=bowls) or Counter(VASE=1)
        if not lines <= self.available:
            with pytest.raises(InsufficientStock):
                place_order(make_request(*lines.items()))
            return
        order = place_order(make_request(*lines.items()))
        self.model[order.pk] = ModelOrder(lines)
        last = len(self.model) - 1
        if until != "created":
            self.go_to_pay(last)
            self.succeed(len(self.open_payments) - 1, 1)
        if until in {"in_transit", "delivered"}:
            self.ship(last)
        if until == "delivered":
            self.deliver(last)

    @rule(vases=st.integers(1, 3))
    def receive(self, vases: int) -> None:
        stock.receive(sku="VASE", warehouse="main", quantity=vases, actor="user:staff")
        self.on_hand["VASE"] += vases

    @has_orders
    @rule(which=which)
    def go_to_pay(self, which: int) -> None:
        order, model = self.pick(which)
        if model.state == "created":
            payment = payments.open_payment(Order.objects.get(pk=order))
            if payment not in self.open_payments:
                self.open_payments.append(payment)
        elif kept := Order.objects.filter(pk=order).first():
            with pytest.raises(TransitionRefused):
                payments.open_payment(kept)

    @has_orders
    @rule(which=which, then_succeed=st.booleans())
    def open_a_second_window(self, which: int, then_succeed: bool) -> None:
        order, model = self.pick(which)
        ref = f"sbx_{uuid.uuid4().hex}"
        SandboxPayment.objects.create(ref=ref, amount_minor=model.total_minor, currency="USD")
        self.open_payments.append(
            Payment.objects.create(
                order_id=order, provider="sandbox", ref=ref, amount_minor=model.total_minor, currency="USD"
            )
        )
        if then_succeed:
            self.succeed(len(self.open_payments) - 1, 1)

    @has_open_payments
    @rule(which=which, times=st.integers(1, 2))
    def succeed(self, which: int, times: int) -> None:
        payment, model = self.take_payment(which)
        model.paid_minor += model.total_minor
        if model.state == "created" or (model.reason in LAPSED and model.lines <= self.available):
            model.state, model.reason = "placed", ""
        else:
            model.owed_minor += model.total_minor
        for _ in range(times):
            self.tell(payment, SandboxPayment.State.SUCCEEDED, charged_minor=payment.amount_minor)

    @has_open_payments
    @rule(which=which, amount_minor=st.sampled_from([1, 1501, 99999]))
    def pay_a_wrong_amount(self, which: int, amount_minor: int) -> None:
        payment, model = self.take_payment(which)
        model.paid_minor += amount_minor
        model.owed_minor += amount_minor
        self.tell(payment, SandboxPayment.State.SUCCEEDED, charged_minor=amount_minor)

    @has_open_payments
    @rule(which=which, then_succeed=st.booleans())
    def fail(self, which: int, then_succeed: bool) -> None:
        payment, model = self.take_payment(which)
        # While another window is open, the buyer is busy paying.
        if model.state == "created" and payment.order_id not in {each.order_id for each in self.open_payments}:
            model.end("payment_failed")
        self.tell(payment, SandboxPayment.State.FAILED)
        if then_succeed:
            self.open_payments.append(payment)
            self.succeed(len(self.open_payments) - 1, 1)

    @has_orders
    @rule(which=which, by_staff=st.booleans())
    def cancel(self, which: int, by_staff: bool) -> None:
        order, model = self.pick(which)
        if model.state in {"created", "placed"}:
            model.owed_minor = model.paid_minor
            model.end("by_staff" if by_staff else "by_buyer")
            lifecycle.cancel(order, actor="user:someone", by_staff=by_staff)
        else:
            refused(lifecycle.cancel, order, by_staff=by_staff)

    # What time and staff do

    @has_orders
    @rule(which=which)
    def run_out_of_time(self, which: int) -> None:
        order, model = self.pick(which)
        late = timedelta(seconds=settings.PAYMENT_SWEEP_GRACE_S + 1)
        Order.objects.filter(pk=order).update(expires_at=F("created_at") - late)
        is_due = model.state == "created"
        if is_due:
            model.end("expired")
        assert expiry.sweep() == is_due

    @has_orders
    @rule(which=which)
    def ship(self, which: int) -> None:
        order, model = self.pick(which)
        if model.state == "placed":
            self.on_hand.subtract(model.promised)
            model.state = "in_transit"
            lifecycle.ship(order, actor="user:staff")
        else:
            refused(lifecycle.ship, order)

    @has_orders
    @rule(which=which)
    def deliver(self, which: int) -> None:
        order, model = self.pick(which)
        if model.state == "in_transit":
            model.state = "delivered"
            lifecycle.deliver(order, actor="user:staff")
        else:
            refused(lifecycle.deliver, order)

    @has_orders
    @rule(which=which, how_much=st.sampled_from(["one", "one", "all", "too many"]), restock=st.booleans())
    def refund(self, which: int, how_much: str, restock: bool) -> None:
        order, model = self.pick(which)
        left = model.lines - model.refunded
        units = {"one": Counter(list(left)[:1]), "all": left, "too many": left + Counter(VASE=1)}[how_much]
        is_sent = model.state in {"in_transit", "delivered"}
        comes_back = units if is_sent and restock else Counter()
        if model.state != "placed" and not is_sent:
            refused(aftersales.refund, order, lines=units)
        elif not units or not units <= left or not model.returned + model.dropped + comes_back <= model.lines:
            with pytest.raises(TooManyUnits):
                aftersales.refund(order, lines=units, actor="user:staff", restock=restock)
        else:
            model.refunded += units
            model.dropped += Counter() if is_sent else units
            model.owed_minor += worth(units)
            model.returned += comes_back
            self.on_hand.update(comes_back)
            if model.state == "placed" and model.refunded == model.lines:
                model.end("by_staff")
            aftersales.refund(order, lines=units, actor="user:staff", restock=restock)

    @has_orders
    @rule(which=which)
    def take_one_back(self, which: int) -> None:
        order, model = self.pick(which)
        unit = Counter(list(model.lines)[:1])
        if model.state not in {"in_transit", "delivered"}:
            refused(aftersales.take_back, order, lines=unit)
        elif not model.returned + unit + model.dropped <= model.lines:
            with pytest.raises(TooManyUnits):
                aftersales.take_back(order, lines=unit, actor="user:staff")
        else:
            model.returned += unit
            self.on_hand.update(unit)
            aftersales.take_back(order, lines=unit, actor="user:staff")

    @has_orders
    @rule(which=which)
    def archive(self, which: int) -> None:
        """Let an order be over for long; it moves unless something of it is still open."""
        order, model = self.pick(which)
        long_ago = timedelta(days=settings.RETURN_WINDOW_DAYS + 1)
        Order.objects.filter(pk=order, terminal_at__isnull=False).update(terminal_at=Now() - long_ago)
        was_here = Order.objects.filter(pk=order).exists()
        is_open = (
            Payment.objects.filter(order_id=order, state=Payment.State.OPEN).exists()
            or Refund.objects.filter(payment__order_id=order, state=Refund.State.PENDING).exists()
        )
        mover.move()
        is_over = model.state in {"delivered", "cancelled"}
        assert Order.objects.filter(pk=order).exists() is (was_here and (is_open or not is_over))

    @rule()
    def send_refunds(self) -> None:
        payment_follow_up.send_refunds()
        assert not Refund.objects.filter(state=Refund.State.PENDING).exists()

    @rule()
    def close_what_nobody_should_pay(self) -> None:
        payment_follow_up.close_stale()

    # What must hold

    @invariant()
    def the_database_says_what_the_model_says(self) -> None:
        columns = "pk", "state", "cancel_reason"
        rows = list(Order.objects.order_by().values_list(*columns))
        if moved := self.model.keys() - {row[0] for row in rows}:
            rows += ArchivedOrder.objects.filter(pk__in=moved).values_list(*columns)
        stored = {pk: (state, reason) for pk, state, reason in rows}
        assert stored == {order: (model.state, model.reason) for order, model in self.model.items()}
        shelf = StockItem.objects.order_by().values_list("sku").annotate(Sum("on_hand"), Sum("available"))
        assert {row[0]: row[1:] for row in shelf} == {
            sku: (self.on_hand[sku], self.available[sku]) for sku in self.on_hand
        }
        owed = dict(Refund.objects.order_by().values_list("payment__order_id").annotate(Sum("amount_minor")))
        assert owed == {order: model.owed_minor for order, model in self.model.items() if model.owed_minor}

    @invariant()
    def stock_orders_and_money_agree(self) -> None:
        assert reconciliation.run_checks(*invariants.ACCOUNTS).drifts == []

    @property
    def available(self) -> Counter[str]:
        promised = sum((model.promised for model in self.model.values()), Counter())
        return Counter({sku: units - promised[sku] for sku, units in self.on_hand.items()})

    def pick(self, which: int) -> tuple[uuid.UUID, ModelOrder]:
        return list(self.model.items())[which % len(self.model)]

    def take_payment(self, which: int) -> tuple[Payment, ModelOrder]:
        payment = self.open_payments.pop(which % len(self.open_payments))
        return payment, self.model[payment.order_id]

    def tell(self, payment: Payment, state: str, charged_minor: int = 0) -> None:
        """Let the provider decide, as if even a closed payment had been paid in its last moment; we hear of it."""
        SandboxPayment.objects.filter(ref=payment.ref).update(
            state=state, charged_minor=charged_minor, charged_currency="USD"
        )
        payments.refresh(payment)


def refused(call: Callable[..., object], order: uuid.UUID, **details: object) -> None:
    with pytest.raises(TransitionRefused):
        call(order, actor="user:someone", **details)
