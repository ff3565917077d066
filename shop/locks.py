"""The only place that locks carts and people. docs/locking.md has the order of all locks."""

import uuid
from collections.abc import Iterable

from django.db.models import Q

from inventory.exceptions import StockBusy
from inventory.locks import limited_wait, require_transaction
from shop.models import Cart, User


def lock_carts(ids: Iterable[int]) -> dict[int, Cart]:
    """Lock these carts until the transaction ends, in the order of their ids; return those that are there.

    `FOR UPDATE`, for it keeps away who adds lines. Raises StockBusy or NotInTransaction.
    """
    require_transaction()
    with limited_wait():
        found = Cart.objects.filter(pk__in=set(ids)).order_by("pk").select_for_update()
        return {cart.pk: cart for cart in found}


def lock_carts_by_key(keys: Iterable[uuid.UUID]) -> dict[uuid.UUID, Cart]:
    """Lock carts by their keys; of one that was merged into another, that other.

    Raises like `lock_carts`, and StockBusy for one that is being merged at this moment.
    """
    wanted = set(keys)
    if not wanted:
        return {}
    known: dict[uuid.UUID, int] = {}
    for cart in Cart.objects.filter(Q(key__in=wanted) | Q(former_keys__overlap=list(wanted))):
        known |= dict.fromkeys(wanted & {cart.key, *cart.former_keys}, cart.pk)
    locked = lock_carts(known.values())
    if len(locked) < len(set(known.values())):
        raise StockBusy
    return {key: locked[pk] for key, pk in known.items()}


def lock_user(user: User) -> None:
    """Keep others from changing what belongs to a person, such as their addresses, until the transaction ends."""
    require_transaction()
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
