"""The product on the table. Each stretch of it is kept: the chapters of the replay."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from inventory.transactions import after_commit
from shop import audit
from shop.models import Variant
from streams.exceptions import NotOnRunList, StateRefused
from streams.locks import lock_session
from streams.models import Pin, StreamSession
from streams.signals import pin_changed


def pin(session: StreamSession, sku: str | None, *, actor: str) -> None:
    """Put a SKU of the run list on the table, or clear it (None). What is there already stays as it is.

    Raises NotOnRunList, StateRefused once the show has ended, StockBusy.
    """
    with transaction.atomic():
        locked = lock_session(session.pk)
        if locked.state == StreamSession.State.ENDED:
            raise StateRefused(locked.state, "pin")
        variant = _get_listed(locked, sku) if sku is not None else None
        replace(locked, variant, actor=actor)
    session.pinned = variant


def replace(locked: StreamSession, variant: Variant | None, *, actor: str) -> None:
    """Change what is on the table of a show that the caller has locked, and close and open its chapters."""
    if locked.pinned_id == (variant.pk if variant else None):
        return
    now = timezone.now()
    close(locked, at=now)
    if variant is not None:
        Pin.objects.create(session=locked, variant=variant, from_at=now)
    locked.pinned = variant
    locked.save(update_fields=["pinned"])
    sku = variant.sku if variant else None
    audit.record(actor=actor, action="pin" if sku else "unpin", subject=f"show:{locked.slug}", sku=sku)
    after_commit(pin_changed.send_robust, sender=None, slug=locked.slug, sku=sku)


def close(locked: StreamSession, *, at: datetime) -> None:
    """End the open chapter, if there is one. Calling twice is safe."""
    Pin.objects.filter(session=locked, until_at=None).update(until_at=at)


def _get_listed(session: StreamSession, sku: str) -> Variant:
    try:
        return Variant.objects.get(sku=sku, pk__in=session.run_list.values("variant_id"))
    except Variant.DoesNotExist:
        raise NotOnRunList(sku) from None
