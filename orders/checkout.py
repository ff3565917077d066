"""How an order comes to be: the only code that makes one.

`write_orders` decides under the stock's locks, by arithmetic, and writes in bulk. `place_order` gives it a transaction
for one request. Nobody is sold a unit that does not exist: the units are taken in the transaction that writes the
order, and the database refuses a stock item that promises more than it has.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction

from inventory import delivery
from inventory.reservations import Shelf
from inventory.transactions import after_commit
from orders import caps, clock, idempotency, placers, unpaid_limits
from orders.exceptions import (
    CartChanged,
    EmptyOrder,
    InsufficientStock,
    MixedCurrencies,
    OrderRefused,
    OverCap,
    Undeliverable,
    UnknownSku,
)
from orders.idempotency import Idempotency
from orders.models import Order, OrderLine
from orders.signals import orders_changed
from shop import bulk_insert, cart, outbox
from shop.catalogue import offers
from shop.catalogue.offers import Offer
from shop.exceptions import NotInCart


@dataclass(frozen=True)
class ShippingAddress:
    """Where an order goes. `country` is ISO 3166-1 alpha-2."""

    name: str
    line1: str
    city: str
    postal_code: str
    country: str
    line2: str = ""
    region: str = ""


@dataclass(frozen=True)
class OrderRequest:
    """What somebody wants to buy. `lines` are (SKU, units); the prices are ours to say. `session` is a show's slug.

    `order_id` names the order that may come of it; None: a new name each time. With `cart`, the key of a cart, the
    units are taken out of it; without `lines` all that is in it. `placed_by` and `placed_from` are digests of a
    guest's browser and of the network (`orders.placers`), empty where nobody can tell.
    """

    lines: Sequence[tuple[str, int]]
    email: str
    address: ShippingAddress
    buyer_id: int | None = None
    session: str = ""
    order_id: uuid.UUID | None = None
    cart: uuid.UUID | None = None
    placed_by: str = ""
    placed_from: str = ""


def place_order(request: OrderRequest, *, key: Idempotency | None = None) -> Order:
    """Make one order and hold its units until `order.expires_at`, or raise why not and change nothing.

    The same `key` and request again return the same order. Opens the transaction, so it can't be called within one.
    The cart is locked first, so that of several orders of its units one is made. Inserts come next and stock last: a
    hot item's lock is held only for its own change and the commit.

    Raises a subclass of OrderRefused, or StockBusy (try again).
    """
    order_id = request.order_id or uuid.uuid4()
    with transaction.atomic(durable=True):
        if key and (earlier := idempotency.claim(key, order_id)):
            return earlier
        if request.cart:
            request = replace(request, lines=_take_out_of_cart(request.cart, request.lines))
        [outcome] = write_orders([replace(request, order_id=order_id)], inserts_first=True)
        if isinstance(outcome, OrderRefused):
            raise outcome
    return outcome


def write_orders(requests: Sequence[OrderRequest], *, inserts_first: bool = False) -> list[Order | OrderRefused]:
    """Decide these requests in their order; return for each its order or the reason against it.

    Needs an open transaction and locks all their stock at once (`inventory.locks`). A request that can't be filled is
    refused alone, never raised. With `inserts_first` the rows are written before the locks are taken, which suits a
    single request; the caller must then roll back on a refusal.

    Raises StockBusy: nothing was decided, and trying again helps.
    """
    drafts = _draft(requests)
    sound = [draft for draft in drafts if draft.refusal is None]
    if inserts_first:
        _insert(sound)
    _check_caps(sound)
    sound = [draft for draft in sound if draft.refusal is None]
    _check_holds(sound)
    sound = [draft for draft in sound if draft.refusal is None]
    with Shelf.open(skus={sku for draft in sound for sku in draft.wanted}) as shelf:
        for draft in sound:
            draft.hold(shelf)
        accepted = [draft for draft in sound if draft.refusal is None]
        if inserts_first:
            Order.objects.bulk_update([draft.order for draft in accepted if draft.is_later], ["delivery_on"])
        else:
            _insert(accepted)
    for draft in accepted:
        draft.remember()
    after_commit(orders_changed.send_robust, sender=None, orders=[draft.order for draft in accepted])
    return [draft.refusal or draft.order for draft in drafts]


@dataclass
class _Draft:
    """A request with its prices and routes: an order that waits for its units.

    It starts out to be delivered from the nearest warehouse; `is_later` once it turns out that another has the units.
    """

    order: Order
    wanted: Mapping[str, int]
    offers: Sequence[Offer]
    routes: Sequence[delivery.Route]
    refusal: OrderRefused | None = None
    is_later: bool = False

    def __post_init__(self) -> None:
        self.order.delivery_on = self.routes[0].delivery_on if self.routes else None
        self.lines = [
            OrderLine(
                order=self.order,
                variant_id=offer.variant_id,
                sku=offer.sku,
                product_name=offer.product_name,
                variant_label=offer.label,
                quantity=self.wanted[offer.sku],
                unit_price_minor=offer.price_minor,
            )
            for offer in self.offers
        ]

    def hold(self, shelf: Shelf) -> None:
        shortages = shelf.hold(
            self.order.holder, self.wanted, warehouses=[route.warehouse_id for route in self.routes]
        )
        if shortages:
            self.refusal = InsufficientStock(shortages)
            return
        used = shelf.warehouses_of(self.order.holder)
        arrives = max(route.delivery_on for route in self.routes if route.warehouse_id in used)
        self.is_later = arrives != self.order.delivery_on
        self.order.delivery_on = arrives

    def remember(self) -> None:
        """Let the order say without a query what has just been written: its lines, and that nobody has paid yet."""
        lines, payments = self.order.lines.all(), self.order.payments.all()
        lines._result_cache, payments._result_cache = self.lines, []
        self.order._prefetched_objects_cache = {"lines": lines, "payments": payments}  # type: ignore[attr-defined]


def _draft(requests: Sequence[OrderRequest]) -> list[_Draft]:
    """Price every request with two reads for all of them (and one more for each place they go to)."""
    now = clock.now()
    on_sale = offers.read(sku for request in requests for sku, _ in request.lines)
    places = {(request.address.postal_code, request.address.country) for request in requests}
    routes = {place: delivery.routes(postal_code=place[0], country=place[1], now=now) for place in places}
    return [
        _draft_one(request, on_sale, routes[request.address.postal_code, request.address.country], now)
        for request in requests
    ]


def _draft_one(
    request: OrderRequest, on_sale: Mapping[str, Offer], routes: Sequence[delivery.Route], now: datetime
) -> _Draft:
    wanted = _merge(request.lines)
    sold = [on_sale[sku] for sku in wanted if sku in on_sale]
    order = Order(
        id=request.order_id or uuid.uuid4(),
        buyer_id=request.buyer_id,
        email=request.email,
        name=request.address.name,
        line1=request.address.line1,
        line2=request.address.line2,
        city=request.address.city,
        postal_code=request.address.postal_code,
        country=request.address.country,
        region=request.address.region,
        total_minor=sum(offer.price_minor * wanted[offer.sku] for offer in sold),
        currency=sold[0].currency if sold else settings.DEFAULT_CURRENCY,
        session=request.session,
        cart=request.cart,
        placed_by=placers.of_user(request.buyer_id) if request.buyer_id else request.placed_by,
        placed_from=request.placed_from,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.PAYMENT_WINDOW_S),
    )
    draft = _Draft(order, wanted, sold, routes)
    if not wanted:
        draft.refusal = EmptyOrder()
    elif unknown := sorted(set(wanted) - set(on_sale)):
        draft.refusal = UnknownSku(unknown)
    elif len(currencies := sorted({offer.currency for offer in sold})) > 1:
        draft.refusal = MixedCurrencies(currencies)
    elif not routes:
        draft.refusal = Undeliverable(request.address.postal_code, request.address.country)
    return draft


def _check_caps(drafts: Sequence[_Draft]) -> None:
    """Refuse, in their order, those who would have more units of a capped product than one buyer may."""
    capped = [
        (draft, offer, offer.cap_per_buyer)
        for draft in drafts
        for offer in draft.offers
        if offer.cap_per_buyer is not None
    ]
    if not capped:
        return
    verified = caps.verified_buyers(draft.order for draft, _, _ in capped)
    claims = {
        (draft.order.pk, offer.sku): caps.claims_of(draft.order, offer.product_id, verified=verified)
        for draft, offer, _ in capped
    }
    taken = caps.lock_and_count(
        {claim for each in claims.values() for claim in each}, besides=[draft.order.pk for draft, _, _ in capped]
    )
    for draft, group in groupby(capped, key=lambda row: row[0]):
        wanted: Counter[caps.Claim] = Counter()
        for _, offer, cap in group:
            for claim in claims[draft.order.pk, offer.sku]:
                wanted[claim] += draft.wanted[offer.sku]
                if draft.refusal is None and taken[claim] + wanted[claim] > cap:
                    is_sure = draft.order.buyer_id in verified
                    draft.refusal = OverCap(offer.sku, cap, taken[claim] if is_sure else None)
        if draft.refusal is None:
            taken.update({claim: taken[claim] + units for claim, units in wanted.items()})


def _check_holds(drafts: Sequence[_Draft]) -> None:
    """Refuse those for whom too much would be held unpaid."""
    wishes = [unpaid_limits.Wish(draft.order, draft.wanted) for draft in drafts]
    for draft, refusal in zip(drafts, unpaid_limits.lock_and_judge(wishes), strict=True):
        draft.refusal = refusal


def _take_out_of_cart(key: uuid.UUID, lines: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    try:
        return cart.take(key, lines)
    except NotInCart as refusal:
        raise CartChanged(refusal.skus) from refusal


def _merge(lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Add up the lines of one SKU: checked one by one they could ask for more than there is."""
    wanted: Counter[str] = Counter()
    for sku, quantity in lines:
        if quantity < 1:
            raise ValueError(f"a line of {sku} asks for {quantity} units")
        wanted[sku] += quantity
    return dict(wanted)


def _insert(drafts: Sequence[_Draft]) -> None:
    bulk_insert.insert(
        [draft.order for draft in drafts],
        [line for draft in drafts for line in draft.lines],
        outbox.make_all("order.created", {draft.order.holder: {} for draft in drafts}),
    )
