"""What a show presents, in its order."""

from collections.abc import Callable, Iterable, Sequence

from django.db import transaction

from inventory.transactions import after_commit
from shop import audit
from shop.models import Variant
from streams import pins
from streams.exceptions import NotOnRunList, RunListFull, StateRefused, UnknownSkus
from streams.locks import lock_session
from streams.models import RunListItem, StreamSession
from streams.signals import run_list_changed

ENTRIES_MAX = 100


def entries(session: StreamSession) -> list[RunListItem]:
    """Return the run list with variants, products and pictures: two queries, however long it is."""
    return list(
        RunListItem.objects.filter(session=session)
        .select_related("variant__product", "variant__picture")
        .prefetch_related("variant__product__pictures")
    )


def skus(session: StreamSession) -> list[str]:
    """Return the SKUs of the run list, in its order."""
    return list(RunListItem.objects.filter(session=session).values_list("variant__sku", flat=True))


def set_skus(session: StreamSession, wanted: Iterable[str], *, actor: str = "system") -> list[str]:
    """Make the run list exactly this, in this order, and return it; a SKU named twice counts once.

    What is on the table and no longer listed is taken off it.
    Raises UnknownSkus (all of them), RunListFull, StateRefused once the show has ended, StockBusy.
    """
    listed = list(dict.fromkeys(wanted))
    return _change(session, lambda _: listed, actor=actor)


def add(session: StreamSession, sku: str, *, actor: str = "system") -> list[str]:
    """Put a SKU at the end, unless it is listed already. Raises like `set_skus`."""
    return _change(session, lambda listed: listed if sku in listed else [*listed, sku], actor=actor)


def remove(session: StreamSession, sku: str, *, actor: str = "system") -> list[str]:
    """Take a SKU out; it need not be there. Raises StateRefused, StockBusy."""
    return _change(session, lambda listed: [one for one in listed if one != sku], actor=actor)


def move(session: StreamSession, sku: str, position: int, *, actor: str = "system") -> list[str]:
    """Put a listed SKU at a position, counted from 0; beyond the end is the end. Raises NotOnRunList besides."""

    def moved(listed: Sequence[str]) -> Sequence[str]:
        if sku not in listed:
            raise NotOnRunList(sku)
        others = [one for one in listed if one != sku]
        place = max(0, min(position, len(others)))
        return [*others[:place], sku, *others[place:]]

    return _change(session, moved, actor=actor)


def _change(session: StreamSession, decide: Callable[[Sequence[str]], Sequence[str]], *, actor: str) -> list[str]:
    """Replace the list by what `decide` makes of it, under the show's lock, so that two changes add up."""
    with transaction.atomic():
        locked = lock_session(session.pk)
        if locked.state == StreamSession.State.ENDED:
            raise StateRefused(locked.state, "change_run_list")
        before = skus(locked)
        after = list(decide(before))
        if after == before:
            return after
        _write(locked, after)
        audit.record(actor=actor, action="run_list", subject=f"show:{locked.slug}", skus=after)
        if locked.pinned and locked.pinned.sku not in after:
            pins.replace(locked, None, actor=actor)
        after_commit(run_list_changed.send_robust, sender=None, slug=locked.slug, skus=after)
    session.pinned_id = locked.pinned_id
    return after


def _write(locked: StreamSession, after: Sequence[str]) -> None:
    """Write the list. What is listed already stays, even if the shop has stopped selling it since."""
    if len(after) > ENTRIES_MAX:
        raise RunListFull(ENTRIES_MAX)
    kept = {item.variant.sku: item for item in locked.run_list.select_related("variant")}
    added = {
        variant.sku: variant
        for variant in Variant.objects.filter(sku__in=set(after) - set(kept), is_active=True, product__is_active=True)
    }
    if missing := [sku for sku in after if sku not in kept and sku not in added]:
        raise UnknownSkus(missing)
    locked.run_list.exclude(variant__sku__in=after).delete()
    RunListItem.objects.bulk_create(
        [
            RunListItem(session=locked, variant=added[sku], position=position)
            for position, sku in enumerate(after)
            if sku in added
        ]
    )
    stayed = [(position, kept[sku]) for position, sku in enumerate(after) if sku in kept]
    for position, item in stayed:
        item.position = position
    RunListItem.objects.bulk_update([item for _, item in stayed], ["position"])
