"""What a person would like to have one day. What a guest wishes for is kept until they have signed in."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest

from inventory import availability
from shop.cart import get_variant, picture_of
from shop.exceptions import UnknownSku
from shop.models import ProductPicture, User, WishlistItem

SESSION_KEY = "wishes"
KEPT_MAX = 20


@dataclass(frozen=True)
class Wish:
    """A wished variant with what may be sold of it now."""

    item: WishlistItem
    available: int

    @property
    def is_for_sale(self) -> bool:
        return self.item.variant.is_active and self.item.variant.product.is_active

    @property
    def picture(self) -> ProductPicture | None:
        return picture_of(self.item.variant)


def add(user: User, *, sku: str) -> WishlistItem:
    """Wish for a SKU. Calling twice is safe. Raises UnknownSku."""
    return WishlistItem.objects.get_or_create(user=user, variant=get_variant(sku))[0]


def remove(user: User, *, sku: str) -> bool:
    """Stop wishing for a SKU, and say whether it was wished for. Calling twice is safe."""
    if "\x00" in sku:  # PostgreSQL takes no such text
        return False
    return bool(WishlistItem.objects.filter(user=user, variant__sku=sku).delete()[0])


def keep(session: SessionBase, *, sku: str) -> None:
    """Keep a guest's wish until they sign in: the newest few. Calling twice is safe. Raises UnknownSku."""
    wanted = get_variant(sku).sku
    others = [kept for kept in session.get(SESSION_KEY, []) if kept != wanted]
    session[SESSION_KEY] = [*others, wanted][-KEPT_MAX:]


@receiver(user_logged_in)
def add_kept(sender: object, request: HttpRequest | None, user: User, **kwargs: object) -> None:
    """At sign-in, what the guest wished for is on the list. What has left the shop meanwhile is forgotten."""
    session = getattr(request, "session", None)
    for sku in session.pop(SESSION_KEY, []) if session is not None else []:
        with suppress(UnknownSku):
            add(user, sku=sku)


def wishes(user: User) -> list[Wish]:
    """Return a person's wishes, newest first, with availability: three queries, however many."""
    items = list(
        WishlistItem.objects.filter(user=user)
        .select_related("variant__product__category", "variant__picture")
        .prefetch_related("variant__product__pictures")
    )
    if not items:
        return []
    units = availability.read(item.variant.sku for item in items)
    return [Wish(item, units[item.variant.sku].available if item.variant.sku in units else 0) for item in items]


def wished_skus(user: object, skus: Iterable[str]) -> set[str]:
    """Return which of these SKUs a person wishes for; none for a guest."""
    wanted = set(skus)
    if not isinstance(user, User) or not wanted:
        return set()
    found = WishlistItem.objects.filter(user=user, variant__sku__in=wanted).order_by()
    return set(found.values_list("variant__sku", flat=True))
