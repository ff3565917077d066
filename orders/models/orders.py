"""Orders and their lines, live and archived, and the keys of requests that made one."""

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.urls import reverse

from inventory.json_fields import Rows, ShapedJSONField
from shop.currencies import CurrencyField, is_listed
from shop.models import Variant

ARCHIVED_LINES = Rows(sku="string", product_name="string", quantity="number", unit_price_minor="number")


ARCHIVED_RESERVATIONS = Rows(stock_item_id="number", quantity="number", state="string")


class NextOrderNumber(models.Func):
    """The next number of the sequence `orders_number` (made by the first migration)."""

    template = "nextval('orders_number')"
    output_field = models.BigIntegerField()


class OrderFacts(models.Model):
    """What an order is, in the main database and in the archive."""

    class State(models.TextChoices):
        CREATED = "created", "Awaiting payment"
        PLACED = "placed", "Paid"
        IN_TRANSIT = "in_transit", "On its way"
        DELIVERED = "delivered", "Delivered"
        CANCELLED = "cancelled", "Cancelled"

    class CancelReason(models.TextChoices):
        PAYMENT_FAILED = "payment_failed", "Payment failed"
        EXPIRED = "expired", "Not paid in time"
        BY_BUYER = "by_buyer", "Cancelled by the buyer"
        BY_STAFF = "by_staff", "Cancelled by staff"

    PAID = (State.PLACED, State.IN_TRANSIT, State.DELIVERED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number_seq = models.BigIntegerField(editable=False)
    email = models.EmailField()  # empty once its buyer was erased
    name = models.CharField(max_length=120)
    line1 = models.CharField(max_length=200)
    line2 = models.TextField(blank=True, default="")
    city = models.CharField(max_length=120)
    postal_code = models.CharField(max_length=16)
    country = models.CharField(max_length=2)
    region = models.TextField(blank=True, default="", help_text="state, province or emirate")

    state = models.CharField(max_length=10, choices=State, default=State.CREATED)
    cancel_reason = models.CharField(max_length=14, choices=CancelReason, blank=True)
    total_minor = models.PositiveBigIntegerField()
    currency = CurrencyField()
    session = models.CharField(max_length=100, blank=True, help_text="slug of the show it was bought in")
    delivery_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="deadline for payment, as the shopper sees it")
    placed_at = models.DateTimeField(null=True, blank=True)
    terminal_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("orders:order", args=[self.id])

    @property
    def number(self) -> str:
        """What people call it on the phone, e.g. SF-1042."""
        return f"SF-{self.number_seq}"

    @property
    def holder(self) -> str:
        """The word under which its units are reserved."""
        return f"order:{self.id}"

    @property
    def is_paid(self) -> bool:
        return self.state in self.PAID

    @property
    def is_erased(self) -> bool:
        """Whether its buyer asked to be forgotten: its figures are all that is left."""
        return not self.email


class Order(OrderFacts):
    """What one buyer bought at once, at the prices of that moment. Changed only by `orders.lifecycle`."""

    NOT_ARCHIVED = ("cart", "placed_by", "placed_from")
    """How it was made: what that is for is over long before it is archived."""

    number_seq = models.BigIntegerField(unique=True, editable=False, db_default=NextOrderNumber())
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="orders"
    )
    cart = models.UUIDField(null=True, blank=True, editable=False, help_text="the key of the cart it was made from")
    placed_by = models.TextField(
        blank=True, default="", editable=False, help_text="digest of the account or the browser that placed it"
    )
    placed_from = models.TextField(
        blank=True, default="", editable=False, help_text="digest of the network that it was placed from"
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="cancelled") ^ Q(cancel_reason=""), name="order_cancelled_has_reason"
            ),
            is_listed("currency", name="order_currency_listed"),
        ]
        indexes = [
            # orders page: a person's orders, newest first
            models.Index(fields=["buyer", "-created_at", "-id"], name="order_by_buyer"),
            # caps and erasure: a buyer's orders by address, in whatever case
            models.Index(Upper("email"), name="order_by_email"),
            # expiry.sweep: unpaid orders, oldest deadline first
            models.Index(fields=["expires_at"], name="order_unpaid", condition=Q(state="created")),
            # holds and caps: what a buyer, and a network, has unpaid or bought
            models.Index(fields=["placed_by", "state"], name="order_by_placer", condition=~Q(placed_by="")),
            models.Index(fields=["placed_from", "state"], name="order_by_network", condition=~Q(placed_from="")),
            # archive.mover: what is over, the oldest first
            models.Index(fields=["terminal_at"], name="order_over", condition=Q(terminal_at__isnull=False)),
            # a show's figures
            models.Index(fields=["session", "state"], name="order_by_session", condition=~Q(session="")),
        ]


class ArchivedOrder(OrderFacts):
    """An order that is over, whole: with its lines, and what was reserved for it. Lives in the archive database.

    Its table is partitioned by the month of `terminal_at`, so that in the database its key is (id, terminal_at).
    Written by `orders.archive` alone.
    """

    buyer_id = models.BigIntegerField(null=True, blank=True)
    terminal_at = models.DateTimeField()
    lines = ShapedJSONField(validators=[ARCHIVED_LINES], help_text="rows of OrderLine, without their order")
    reservations = ShapedJSONField(
        validators=[ARCHIVED_RESERVATIONS], help_text="rows of inventory's Reservation, without their holder"
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["delivered", "cancelled"]), name="archived_order_is_over"),
            is_listed("currency", name="archived_order_currency_listed"),
            ARCHIVED_LINES.constraint("lines", name="archived_order_lines"),
            ARCHIVED_RESERVATIONS.constraint("reservations", name="archived_order_reservations"),
        ]
        indexes = [
            # orders page: a person's orders, newest first
            models.Index(fields=["buyer_id", "-created_at", "-id"], name="archived_order_by_buyer"),
            # GET orders?state=cancelled, of somebody who has very many others
            models.Index(
                fields=["buyer_id", "-created_at", "-id"],
                name="archived_order_cancelled",
                condition=Q(state="cancelled"),
            ),
            # found by staff
            models.Index(fields=["number_seq"], name="archived_order_by_number"),
            models.Index(Upper("email"), name="archived_order_by_email"),
            # a show's figures
            models.Index(fields=["session"], name="archived_order_by_session", condition=~Q(session="")),
        ]


class OrderLine(models.Model):
    """One SKU of an order, with the words and price of the moment of buying."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, null=True, on_delete=models.SET_NULL, related_name="+")
    sku = models.CharField(max_length=64)
    product_name = models.TextField()
    variant_label = models.TextField(blank=True)
    quantity = models.PositiveIntegerField()
    unit_price_minor = models.PositiveBigIntegerField()
    dropped_units = models.PositiveIntegerField(default=0, help_text="paid back before they were sent")
    returned_units = models.PositiveIntegerField(default=0, help_text="sent, and taken back into stock")
    refunded_units = models.PositiveIntegerField(default=0, help_text="paid back, dropped ones among them")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "sku"], name="order_line_unique"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(refunded_units__lte=F("quantity"), dropped_units__lte=F("refunded_units")),
                name="order_line_refunds_fit",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("dropped_units") + F("returned_units")), name="order_line_returns_fit"
            ),
        ]
        indexes = [models.Index(fields=["sku"], name="order_line_by_sku")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"

    @property
    def total_minor(self) -> int:
        return self.quantity * self.unit_price_minor


class IdempotencyKey(models.Model):
    """A request that made an order; the same key and body answer with the same order for 48 hours."""

    scope = models.TextField(help_text="user:<id>, or guest")
    key = models.CharField(max_length=64)
    body_hash = models.CharField(max_length=64)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_key_unique")]
        # idempotency.forget: a block range index, for rows come in the order of their time and checkout pays for it
        indexes = [BrinIndex(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
