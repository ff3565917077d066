"""Stock by SKU and warehouse, what is promised of it, and the ledger of every change."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from inventory import sku as skus
from inventory.json_fields import AnyObject, Counts, Rows, ShapedJSONField

ANSWER = AnyObject()
COUNTS = Counts()
DRIFTS = Rows(**dict.fromkeys(("check", "subject", "expected", "found", "hint"), "string"))


class Warehouse(models.Model):
    """A place that goods are shipped from."""

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2")
    postal_code = models.CharField(max_length=16)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Courier(models.Model):
    """A carrier, and the hour (in UTC) by which a parcel must be packed to leave the same day."""

    name = models.CharField(max_length=120, unique=True)
    cutoff_hour = models.PositiveSmallIntegerField(default=14)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(cutoff_hour__lte=23), name="courier_cutoff_hour_valid")]

    def __str__(self) -> str:
        return self.name


class Zone(models.Model):
    """Postal codes (by prefix) that one warehouse reaches with one courier, and in how many working days."""

    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="zones")
    courier = models.ForeignKey(Courier, on_delete=models.PROTECT, related_name="zones")
    country = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2")
    postal_prefix = models.CharField(max_length=16, blank=True, help_text="empty: the whole country")
    transit_days = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["country", "postal_prefix"]
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "courier", "country", "postal_prefix"], name="zone_unique"),
        ]
        # delivery.routes: the zones that a postal code lies in
        indexes = [models.Index(fields=["country", "postal_prefix"], name="zone_by_prefix")]

    def __str__(self) -> str:
        return f"{self.country} {self.postal_prefix}* from {self.warehouse_id}"


class StockItem(models.Model):
    """The units of one SKU in one warehouse.

    `on_hand` are in the building, `held` await payment, `committed` are paid and await shipping;
    `available` is what may still be sold. The database refuses a row that promises more than it has.
    Every change bumps `version`. Rows are never deleted.
    """

    sku = models.CharField(max_length=skus.LONGEST, validators=[skus.validate_sku])
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="stock_items")
    on_hand = models.IntegerField(default=0)
    held = models.IntegerField(default=0)
    committed = models.IntegerField(default=0)
    version = models.BigIntegerField(default=0)
    available = models.GeneratedField(
        expression=F("on_hand") - F("held") - F("committed"), output_field=models.IntegerField(), db_persist=True
    )

    class Meta:
        ordering = ["sku", "warehouse_id"]
        # No index may name a counter, not even in its condition: it would end HOT updates.
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], name="stock_item_unique"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_on_hand_not_negative"),
            models.CheckConstraint(condition=Q(held__gte=0), name="stock_held_not_negative"),
            models.CheckConstraint(condition=Q(committed__gte=0), name="stock_committed_not_negative"),
            models.CheckConstraint(condition=Q(on_hand__gte=F("held") + F("committed")), name="stock_never_oversold"),
            skus.constraint("sku", name="stock_sku_can_be_one"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} in {self.warehouse_id}"


class Reservation(models.Model):
    """Units of a stock item promised to a holder: an opaque word such as `order:<uuid>`."""

    class State(models.TextChoices):
        HELD = "held", "Held"
        COMMITTED = "committed", "Committed"
        FULFILLED = "fulfilled", "Fulfilled"
        RELEASED = "released", "Released"

    stock_item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="reservations")
    quantity = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    holder = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_quantity_positive"),
        ]
        indexes = [
            # reservations.settle: everything of these holders
            models.Index(fields=["holder"], name="reservation_holder"),
            # reconcile: live promises by stock item
            models.Index(fields=["stock_item"], name="reservation_live", condition=Q(state__in=["held", "committed"])),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.state} for {self.holder}"


class StockMovement(models.Model):
    """One change of `on_hand`, for ever: a trigger refuses updates and deletes. Movements sum to `on_hand`."""

    class Reason(models.TextChoices):
        RECEIVED = "received", "Received"
        SHIPPED = "shipped", "Shipped"
        RETURNED = "returned", "Returned"
        COUNTED = "counted", "Counted"
        DAMAGED = "damaged", "Damaged or lost"

    stock_item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="movements")
    delta = models.IntegerField()
    reason = models.CharField(max_length=10, choices=Reason)
    actor = models.TextField(help_text="who did it, as an opaque word such as user:7")
    note = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(delta=0), name="movement_delta_not_zero")]
        indexes = [models.Index(fields=["stock_item", "-id"], name="movement_by_item")]

    def __str__(self) -> str:
        return f"{self.delta:+d} {self.reason}"


class Reconciliation(models.Model):
    """What one run of the checks found (`inventory.reconciliation`); the newest is what pages and metrics show."""

    at = models.DateTimeField(help_text="the moment of its snapshot")
    took_ms = models.PositiveIntegerField()
    counts = ShapedJSONField(validators=[COUNTS], help_text="how much each check found, also those that found nothing")
    drifts = ShapedJSONField(validators=[DRIFTS], help_text="what was found, the first of each check")

    class Meta:
        ordering = ["-at"]
        constraints = [
            COUNTS.constraint("counts", name="reconciliation_counts"),
            DRIFTS.constraint("drifts", name="reconciliation_drifts"),
        ]
        indexes = [models.Index(fields=["-at"], name="reconciliation_newest")]

    def __str__(self) -> str:
        return f"{sum(self.counts.values())} at {self.at:%Y-%m-%d %H:%M}"


class Attempt(models.Model):
    """Something that staff or a host did by a form, so that the same form sent again does nothing (`attempts`)."""

    key = models.CharField(max_length=64, primary_key=True, help_text="a digest: who, where to, and what was sent")
    answer = ShapedJSONField(
        null=True, validators=[ANSWER], help_text="what was answered, for those who send it again"
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [ANSWER.constraint("answer", name="attempt_answer_is_object")]
        # attempts.forget
        indexes = [models.Index(fields=["made_at"], name="attempt_by_age")]

    def __str__(self) -> str:
        return self.key
