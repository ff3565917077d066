"""The cart: a person's, or a guest's that the session remembers and sign-in merges."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models import F, Prefetch, QuerySet, Sum
from django.db.models.functions import Least
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from inventory import availability, folding
from inventory.exceptions import StockBusy
from shop import locks
from shop.exceptions import CartFull, NotInCart, QuantityRefused, UnknownSku
from shop.models import Cart, CartLine, ProductPicture, User, Variant
from shop.text import is_text

SESSION_KEY = "cart"
QUANTITY_MAX = 99
"""Units of one thing in a cart's line and in an order's, wherever it is asked for."""
LINES_MAX = 100
FORMER_KEYS_MAX = 20


@dataclass(frozen=True)
class Entry:
    """A line with what may be sold of it now."""

    line: CartLine
    available: int

    @property
    def is_for_sale(self) -> bool:
        """Whether the shop still offers the thing at all."""
        return self.line.variant.is_active and self.line.variant.product.is_active

    @property
    def is_gone(self) -> bool:
        return not self.is_for_sale or self.available < 1

    @property
    def is_short(self) -> bool:
        """Whether some, but not all, of the units asked for are there."""
        return not self.is_gone and self.available < self.line.quantity

    @property
    def amount_minor(self) -> int:
        return self.line.quantity * self.line.variant.price_minor

    @property
    def picture(self) -> ProductPicture | None:
        return picture_of(self.line.variant)


def find(request: HttpRequest) -> Cart | None:
    """Find the cart of whoever asks, without making one."""
    if isinstance(request.user, User):
        return Cart.objects.filter(user=request.user).first()
    return find_guest(request.session.get(SESSION_KEY, ""))


def find_guest(key: str) -> Cart | None:
    """Find a guest's cart by the key that the session keeps."""
    return Cart.objects.filter(key=key, user=None).first() if key else None


def ensure(request: HttpRequest) -> Cart:
    """Find the cart of whoever asks, or make one."""
    if isinstance(request.user, User):
        return Cart.objects.get_or_create(user=request.user)[0]
    cart = find(request)
    if cart is None:
        cart = Cart.objects.get_or_create(key=_first_key(request))[0]
        request.session[SESSION_KEY] = str(cart.key)
    return cart


def _first_key(request: HttpRequest) -> uuid.UUID:
    """Return the key of a session's first cart: the same for two requests at once, or one would lose its units."""
    if not request.session.session_key:
        request.session.create()
    digest = salted_hmac("shop.cart", str(request.session.session_key), algorithm="sha256").digest()
    return uuid.UUID(bytes=digest[:16], version=4)


def change(request: HttpRequest, how: Callable[..., CartLine], *, sku: str, quantity: int) -> CartLine:
    """Do `set_line` or `add` to the cart of whoever asks, made if need be; raises what they raise."""
    try:
        return how(ensure(request), sku=sku, quantity=quantity)
    except Cart.DoesNotExist:  # a sign-in merged it away meanwhile
        return how(ensure(request), sku=sku, quantity=quantity)


def count(request: HttpRequest) -> int:
    """Count the units in the cart of whoever asks, in one query; none for a guest without a cart."""
    lines = CartLine.objects.all()
    if isinstance(request.user, User):
        lines = lines.filter(cart__user=request.user)
    elif key := request.session.get(SESSION_KEY, ""):
        lines = lines.filter(cart__key=key, cart__user=None)
    else:
        return 0
    return lines.aggregate(units=Sum("quantity"))["units"] or 0


def set_line(cart: Cart, *, sku: str, quantity: int) -> CartLine:
    """Have exactly so many units of a SKU in the cart. Calling twice is safe.

    Raises UnknownSku, QuantityRefused, CartFull.
    """
    _check(quantity)
    variant = get_variant(sku)
    with transaction.atomic():
        _lock_with_room(cart, variant)
        line, _ = CartLine.objects.update_or_create(cart=cart, variant=variant, defaults={"quantity": quantity})
    return line


def add(cart: Cart, *, sku: str, quantity: int = 1) -> CartLine:
    """Put units besides those already there, 99 of a SKU at most. Raises like `set_line`."""
    _check(quantity)
    variant = get_variant(sku)
    with transaction.atomic():
        _lock_with_room(cart, variant)
        line, is_new = CartLine.objects.get_or_create(cart=cart, variant=variant, defaults={"quantity": quantity})
        if not is_new:
            line.quantity = min(QUANTITY_MAX, line.quantity + quantity)
            line.save(update_fields=["quantity"])
    return line


def remove(cart: Cart, skus: Iterable[str]) -> int:
    """Take lines out, and return how many there were. Calling twice is safe."""
    removed, _ = CartLine.objects.filter(cart=cart, variant__sku__in=set(filter(is_text, skus))).delete()
    return removed


def take(key: uuid.UUID, wanted: Sequence[tuple[str, int]] = ()) -> list[tuple[str, int]]:
    """Take units out of a cart for the order that is being made; everything that is in it, unless said.

    Locks the cart in the transaction that is open, so that units of it are ordered once, and come back if the order
    is refused. Returns what was taken, by SKU. Raises NotInCart for units that it does not hold (any more), StockBusy.
    """
    cart = locks.lock_carts_by_key([key]).get(key)
    held = {line.variant.sku: line for line in CartLine.objects.filter(cart=cart).select_related("variant")}
    asked: dict[str, int] = {}
    for sku, units in wanted or [(sku, line.quantity) for sku, line in held.items()]:
        asked[sku] = asked.get(sku, 0) + units
    if short := sorted(sku for sku, units in asked.items() if sku not in held or held[sku].quantity < units):
        raise NotInCart(short)
    _take_out({held[sku]: units for sku, units in asked.items()})
    return list(asked.items())


def put_back(returned: Mapping[uuid.UUID, Mapping[int, int]]) -> None:
    """Put the units of orders that came to nothing back into the carts they were made from, by key and variant.

    Needs an open transaction, and locks all these carts by one call. What a cart has no room for is left out.
    """
    carts = locks.lock_carts_by_key(returned)
    for key, units in returned.items():
        cart = carts.get(key)
        if cart:
            _move_in(cart, units)


def take_again(ordered: Mapping[uuid.UUID, Mapping[int, int]]) -> None:
    """Undo `put_back`, as far as the units are still there: the order is its buyer's after all."""
    carts = locks.lock_carts_by_key(ordered)
    for key, units in ordered.items():
        kept = CartLine.objects.filter(cart=carts.get(key), variant__in=units)
        _take_out({line: min(units[line.variant_id], line.quantity) for line in kept})


def lines(cart: Cart) -> list[CartLine]:
    """Return the lines, oldest first, with variant, product and pictures: three queries, however many lines."""
    return list(
        CartLine.objects.filter(cart=cart)
        .select_related("variant__product__category", "variant__picture")
        .prefetch_related(Prefetch("variant__product__pictures"))
    )


def entries(cart: Cart | None) -> list[Entry]:
    """Return the lines with what is available of each; none for no cart."""
    kept = lines(cart) if cart else []
    if not kept:
        return []
    units = availability.read(line.variant.sku for line in kept)
    return [Entry(line, units[line.variant.sku].available if line.variant.sku in units else 0) for line in kept]


def totals(kept: Iterable[Entry]) -> dict[str, int]:
    """Sum what can be bought, in minor units by currency."""
    sums: dict[str, int] = {}
    for entry in kept:
        if not entry.is_gone:
            currency = entry.line.variant.currency
            sums[currency] = sums.get(currency, 0) + entry.amount_minor
    return sums


def picture_of(variant: Variant) -> ProductPicture | None:
    """Return the variant's own picture, else its product's first (which should be prefetched)."""
    return variant.picture or next(iter(variant.product.pictures.all()), None)


def get_variant(sku: str) -> Variant:
    """Return what is for sale under a SKU. Raises UnknownSku."""
    if not is_text(sku):
        raise UnknownSku(sku)
    offered = Variant.objects.filter(is_active=True, product__is_active=True).select_related("product")
    found = offered.filter(sku=sku).first() or _like(offered, sku)
    if found is None:
        raise UnknownSku(sku)
    return found


def _like(offered: QuerySet[Variant], typed: str) -> Variant | None:
    """Find what somebody typed in another case or width, if it is only one thing."""
    found = offered.filter(sku__iexact=folding.fold(typed))[:2]
    return found[0] if len(found) == 1 else None


@transaction.atomic
def merge(guest: Cart, *, into: Cart) -> None:
    """Move a guest's lines into another cart and end the guest's; units of one SKU add up, to 99 at most.

    What a full cart has no room for is left behind.
    """
    # Locked in one order, so that two sign-ins of one browser merge once and don't wait for each other in a ring.
    locked = locks.lock_carts([guest.pk, into.pk])
    if guest.pk not in locked or into.pk not in locked or guest.pk == into.pk:
        return
    _move_in(into, {line.variant_id: line.quantity for line in CartLine.objects.filter(cart=guest)})
    guest.delete()
    known = [*locked[into.pk].former_keys, guest.key]
    Cart.objects.filter(pk=into.pk).update(former_keys=known[-FORMER_KEYS_MAX:])


def _move_in(cart: Cart, units: Mapping[int, int]) -> None:
    """Add units of variants to a locked cart, as far as it has room."""
    variants = set(CartLine.objects.filter(cart=cart).values_list("variant_id", flat=True))
    for variant_id, quantity in units.items():
        if len(variants | {variant_id}) > max(LINES_MAX, len(variants)):
            continue
        variants.add(variant_id)
        kept, is_new = CartLine.objects.get_or_create(
            cart=cart, variant_id=variant_id, defaults={"quantity": min(quantity, QUANTITY_MAX)}
        )
        if not is_new:
            CartLine.objects.filter(pk=kept.pk).update(quantity=Least(F("quantity") + quantity, QUANTITY_MAX))
    Cart.objects.filter(pk=cart.pk).update(changed_at=timezone.now())


def _take_out(units: Mapping[CartLine, int]) -> None:
    """Take units out of lines whose cart is locked."""
    CartLine.objects.filter(pk__in=[line.pk for line, taken in units.items() if taken >= line.quantity]).delete()
    for line, taken in units.items():
        if taken < line.quantity:
            CartLine.objects.filter(pk=line.pk).update(quantity=F("quantity") - taken)


@receiver(user_logged_in)
def keep_guest_cart(sender: object, request: HttpRequest | None, user: User, **kwargs: object) -> None:
    """At sign-in, what the guest put into the cart stays in it."""
    key = request.session.pop(SESSION_KEY, "") if request is not None and hasattr(request, "session") else ""
    guest = find_guest(key)
    if request is None or guest is None:
        return
    try:
        merge(guest, into=Cart.objects.get_or_create(user=user)[0])
    except StockBusy:  # an order of it is being made; it is merged at the next sign-in
        request.session[SESSION_KEY] = key


def _check(quantity: int) -> None:
    if not 1 <= quantity <= QUANTITY_MAX:
        raise QuantityRefused(quantity)


def _lock_with_room(cart: Cart, variant: Variant) -> None:
    """Lock the cart, so that two clicks add up and its size holds; mark it changed."""
    kept = locks.lock_carts([cart.pk]).get(cart.pk)
    if kept is None:
        raise Cart.DoesNotExist
    others = CartLine.objects.filter(cart=cart).exclude(variant=variant).count()
    if others >= LINES_MAX:
        raise CartFull(LINES_MAX)
    Cart.objects.filter(pk=cart.pk).update(changed_at=timezone.now())
