"""Lists of orders, newest first, from the main database and the archive as one, a page at a time.

Both are read by keyset, (created_at, id), which never changes: a page costs the same wherever it is in the list, and
what comes or goes between two pages shifts nothing. The main database is read first, and what is in both counts as it
is there: an order that is being archived has a copy already, and one that was brought back may have it still.
"""

import base64
import logging
import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.db import InterfaceError, OperationalError
from django.db.models import F, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from orders.archive import as_order
from orders.exceptions import CursorRefused
from orders.lifecycle import TERMINAL
from orders.models import ArchivedOrder, Order

logger = logging.getLogger(__name__)

Row = TypeVar("Row", Order, ArchivedOrder)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CURSOR = struct.Struct(">?q16s")


@dataclass(frozen=True)
class Asked:
    """Whose orders, a person's and those with these ids, and which of them; `until` itself is left out."""

    buyer_id: int | None = None
    ids: Sequence[str] = ()
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Page:
    """A stretch of a list. `newer` and `older` are cursors, empty where there is nothing more.

    `is_whole`: False when the archive can't be read, and what it holds is missing.
    """

    orders: list[Order]
    newer: str
    older: str
    is_whole: bool


def read(asked: Asked, *, limit: int, cursor: str = "") -> Page:
    """Return a page of at most `limit` orders. Raises CursorRefused for a cursor that is not ours."""
    place = _Place.read(cursor) if cursor else None
    is_down = place is None or place.is_down
    here = _first(Order.objects.all(), asked, place, limit + 1)
    archived, is_whole = _first_archived(asked, place, limit + 1, known={order.pk for order in here})
    ordered = sorted([*here, *archived], key=lambda order: (order.created_at, order.pk), reverse=is_down)
    shown, has_more = ordered[:limit], len(ordered) > limit
    if not is_down:
        if not has_more:  # the top is reached: show a whole first page
            return read(asked, limit=limit)
        shown.reverse()
    has_newer, has_older = (place is not None, has_more) if is_down else (True, True)
    return Page(
        orders=shown,
        newer=_Place.of(shown[0], is_down=False).text if shown and has_newer else "",
        older=_Place.of(shown[-1], is_down=True).text if shown and has_older else "",
        is_whole=is_whole,
    )


@dataclass(frozen=True)
class _Place:
    """Where a page begins: after this order, downwards (older) or upwards."""

    is_down: bool
    created_at: datetime
    order_id: uuid.UUID

    @classmethod
    def of(cls, order: Order, *, is_down: bool) -> "_Place":
        return cls(is_down, order.created_at, order.pk)

    @classmethod
    def read(cls, text: str) -> "_Place":
        try:
            is_down, microseconds, order_id = CURSOR.unpack(base64.b64decode(text, altchars=b"-_", validate=True))
            return cls(is_down, EPOCH + microseconds * MICROSECOND, uuid.UUID(bytes=order_id))
        except (ValueError, struct.error, OverflowError) as error:
            raise CursorRefused from error

    @property
    def text(self) -> str:
        microseconds = (self.created_at - EPOCH) // MICROSECOND
        return base64.urlsafe_b64encode(CURSOR.pack(self.is_down, microseconds, self.order_id.bytes)).decode()


def _first_archived(
    asked: Asked, place: _Place | None, limit: int, *, known: set[uuid.UUID]
) -> tuple[list[Order], bool]:
    """Return what the archive alone has, and whether it could be asked: recent orders are shown without it, too."""
    if asked.state and asked.state not in TERMINAL:
        return [], True
    try:
        rows = _first(ArchivedOrder.objects.defer("reservations"), asked, place, limit)
    except (OperationalError, InterfaceError):
        logger.exception("the archive can't be read")
        return [], False
    found = [row for row in rows if row.pk not in known]
    if asked.state and found:
        # One that came back may be in another state by now, and was not among those read above.
        here = set(Order.objects.filter(pk__in=[row.pk for row in found]).values_list("pk", flat=True))
        found = [row for row in found if row.pk not in here]
    return [as_order.make(row) for row in found], True


def _first(rows: QuerySet[Row], asked: Asked, place: _Place | None, limit: int) -> list[Row]:
    """Read the first rows after a place. A person's and those by id are asked for apart: each has an index."""
    which = Q()
    if asked.state:
        which &= Q(state=asked.state)
    if asked.since:
        which &= Q(created_at__gte=asked.since)
    if asked.until:
        which &= Q(created_at__lt=asked.until)
    rows = rows.filter(which)
    if place:
        after = TupleLessThan if place.is_down else TupleGreaterThan
        rows = rows.filter(after(Tuple(F("created_at"), F("id")), (place.created_at, place.order_id)))
    rows = rows.order_by("-created_at", "-id") if place is None or place.is_down else rows.order_by("created_at", "id")
    found: dict[uuid.UUID, Row] = {}
    if asked.buyer_id is not None:
        found |= {row.pk: row for row in rows.filter(buyer_id=asked.buyer_id)[:limit]}
    if asked.ids:
        # A guest's, found in a browser; one whose buyer was erased is nobody's any more.
        found |= {row.pk: row for row in rows.filter(pk__in=asked.ids).exclude(email="")[:limit]}
    return list(found.values())
