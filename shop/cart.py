"""The cart: a person's, or a guest's that the session remembers and sign-in merges."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models import F, Prefetch, Sum
from django.db.models.functions import Least
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from inventory import availability
from shop.exceptions import CartFull, QuantityRefused, UnknownSku
from shop.models import Cart, CartLine, ProductPicture, User, Variant
from shop.text import is_text

SESSION_KEY = "cart"
QUANTITY_MOST = 99
LINES_MOST = 100


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
        cart = Cart.objects.create()
        request.session[SESSION_KEY] = str(cart.key)
    return cart


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
            line.quantity = min(QUANTITY_MOST, line.quantity + quantity)
            line.save(update_fields=["quantity"])
    return line


def remove(cart: Cart, skus: Iterable[str]) -> int:
    """Take lines out, and return how many there were. Calling twice is safe."""
    removed, _ = CartLine.objects.filter(cart=cart, variant__sku__in=set(filter(is_text, skus))).delete()
    return removed


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
    try:
        return Variant.objects.select_related("product").get(sku=sku, is_active=True, product__is_active=True)
    except Variant.DoesNotExist:
        raise UnknownSku(sku) from None


@transaction.atomic
def merge(guest: Cart, *, into: Cart) -> None:
    """Move a guest's lines into another cart and end the guest's; units of one SKU add up, to 99 at most.

    What a full cart has no room for is left behind.
    """
    # Locked in one order, so that two sign-ins of one browser merge once and don't wait for each other in a ring.
    locked = {
        cart.pk: cart for cart in Cart.objects.select_for_update().filter(pk__in=[guest.pk, into.pk]).order_by("pk")
    }
    if guest.pk not in locked or into.pk not in locked or guest.pk == into.pk:
        return
    variants = set(CartLine.objects.filter(cart=into).values_list("variant_id", flat=True))
    for line in CartLine.objects.filter(cart=guest):
        if len(variants | {line.variant_id}) > max(LINES_MOST, len(variants)):
            continue
        variants.add(line.variant_id)
        kept, is_new = CartLine.objects.get_or_create(
            cart=into, variant_id=line.variant_id, defaults={"quantity": line.quantity}
        )
        if not is_new:
            CartLine.objects.filter(pk=kept.pk).update(quantity=Least(F("quantity") + line.quantity, QUANTITY_MOST))
    guest.delete()
    Cart.objects.filter(pk=into.pk).update(changed_at=timezone.now())


@receiver(user_logged_in)
def keep_guest_cart(sender: object, request: HttpRequest | None, user: User, **kwargs: object) -> None:
    """At sign-in, what the guest put into the cart stays in it."""
    key = request.session.pop(SESSION_KEY, "") if request is not None and hasattr(request, "session") else ""
    guest = find_guest(key)
    if guest is not None:
        merge(guest, into=Cart.objects.get_or_create(user=user)[0])


def _check(quantity: int) -> None:
    if not 1 <= quantity <= QUANTITY_MOST:
        raise QuantityRefused(quantity)


def _lock_with_room(cart: Cart, variant: Variant) -> None:
    """Lock the cart, so that two clicks add up and its size holds; mark it changed."""
    Cart.objects.select_for_update().get(pk=cart.pk)
    others = CartLine.objects.filter(cart=cart).exclude(variant=variant).count()
    if others >= LINES_MOST:
        raise CartFull(LINES_MOST)
    Cart.objects.filter(pk=cart.pk).update(changed_at=timezone.now())
