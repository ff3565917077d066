"""Promises of units: held for an unpaid order, committed by payment, fulfilled by shipping, or released.

A transaction opens one `Shelf` over all the stock it will touch. The shelf locks the rows, decides by arithmetic under
those locks, and writes everything at once:

    with Shelf.open(skus=["VASE-1"]) as shelf:
        shortages = shelf.hold("order:7", {"VASE-1": 2})

What a shelf decided is invisible to others until the transaction commits, and undone if it rolls back.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.db import connection
from django.db.models import Sum

from inventory import availability, statements
from inventory.counters import CounterChange, write_counters
from inventory.locks import lock_stock
from inventory.models import Reservation, StockItem, StockMovement

State = Reservation.State

_COLUMNS = ["id", "stock_item_id", "quantity", "state", "holder"]
_SETTLE = """
    UPDATE inventory_reservation AS promise
    SET state = %s
    FROM (SELECT id, state FROM inventory_reservation WHERE holder = ANY(%s) AND state = ANY(%s)) AS before
    WHERE promise.id = before.id
    RETURNING promise.id, promise.stock_item_id, promise.quantity, before.state, promise.holder
"""


@dataclass(frozen=True)
class Shortage:
    """A line that can't be filled: how many were asked for, how many there are."""

    sku: str
    requested: int
    available: int


@dataclass
class Shelf:
    """Locked stock, and the decisions made about it. Use `Shelf.open`."""

    _items: dict[int, StockItem]
    _by_sku: dict[str, list[StockItem]]
    _changes: dict[int, CounterChange] = field(default_factory=lambda: defaultdict(CounterChange))
    _holds: list[Reservation] = field(default_factory=list)
    _movements: list[StockMovement] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, *, skus: Iterable[str] = (), holders: Iterable[str] = ()) -> "Iterator[Shelf]":
        """Lock the stock of these SKUs and of these holders' reservations; write on leaving.

        Takes the locks of `locks.lock_stock`, with its conditions and errors. Holders' reservations change only
        under the lock of whatever they belong to (an order, a drop), which the caller must have.
        """
        ids = Reservation.objects.filter(holder__in=set(holders)).values_list("stock_item_id", flat=True)
        items = lock_stock(skus=skus, ids=ids if holders else ())
        by_sku: dict[str, list[StockItem]] = defaultdict(list)
        for item in items:
            by_sku[item.sku].append(item)
        shelf = cls({item.pk: item for item in items}, by_sku)
        yield shelf
        shelf._write()

    def available(self, sku: str, *, warehouses: Collection[int] | None = None) -> int:
        """Return what is left of a SKU after the decisions made so far, in all warehouses or only in these."""
        return sum(self._left(item) for item in self._items_of(sku, warehouses))

    def hold(
        self, holder: str, wanted: Mapping[str, int], *, warehouses: Sequence[int] | None = None
    ) -> list[Shortage]:
        """Hold all of `wanted` (SKU to units) for a holder, or nothing; return every line that is short.

        Units come only from `warehouses` (ids, the preferred first; None: any). A line comes from the first that has
        it all, or from several where none has.
        """
        shortages = [
            Shortage(sku, quantity, left)
            for sku, quantity in wanted.items()
            if (left := self.available(sku, warehouses=warehouses)) < quantity
        ]
        if shortages:
            return shortages
        for sku, quantity in wanted.items():
            for item, units in self._split(self._items_of(sku, warehouses), quantity):
                self._changes[item.pk].held += units
                self._holds.append(Reservation(stock_item=item, quantity=units, holder=holder, state=State.HELD))
        return []

    def warehouses_of(self, holder: str) -> set[int]:
        """Return the ids of the warehouses that what was just held for a holder comes from."""
        return {hold.stock_item.warehouse_id for hold in self._holds if hold.holder == holder}

    def hold_paid(
        self, holder: str, wanted: Mapping[str, int], *, warehouses: Sequence[int] | None = None
    ) -> list[Shortage]:
        """Hold as `hold` does, and commit at once: the money is already there."""
        before = len(self._holds)
        shortages = self.hold(holder, wanted, warehouses=warehouses)
        for reservation in self._holds[before:]:
            reservation.state = State.COMMITTED
            change = self._changes[reservation.stock_item_id]
            change.held -= reservation.quantity
            change.committed += reservation.quantity
        return shortages

    def commit(self, holders: Iterable[str]) -> None:
        """Turn held units into committed ones: they are paid for. Committed ones stay as they are."""
        for reservation in self._settle(holders, {State.HELD}, State.COMMITTED):
            change = self._changes[reservation.stock_item_id]
            change.held -= reservation.quantity
            change.committed += reservation.quantity

    def release(self, holders: Iterable[str]) -> None:
        """Give held and committed units back. Calling it twice gives nothing twice."""
        for reservation in self._settle(holders, {State.HELD, State.COMMITTED}, State.RELEASED):
            change = self._changes[reservation.stock_item_id]
            if reservation.state == State.HELD:
                change.held -= reservation.quantity
            else:
                change.committed -= reservation.quantity

    def fulfil(self, holders: Iterable[str], *, actor: str) -> None:
        """Ship committed units: they leave the building, and the ledger says so."""
        for reservation in self._settle(holders, {State.COMMITTED}, State.FULFILLED):
            change = self._changes[reservation.stock_item_id]
            change.committed -= reservation.quantity
            change.on_hand -= reservation.quantity
            self._movements.append(
                StockMovement(
                    stock_item_id=reservation.stock_item_id,
                    delta=-reservation.quantity,
                    reason=StockMovement.Reason.SHIPPED,
                    actor=actor,
                    note=reservation.holder,
                )
            )

    def drop(self, holder: str, units: Mapping[str, int]) -> None:
        """Give back some of a holder's committed units (SKU to units, at most as many as are committed)."""
        for reservation, quantity in self._parts(holder, units, State.COMMITTED):
            self._changes[reservation.stock_item_id].committed -= quantity
            if quantity == reservation.quantity:
                reservation.state = State.RELEASED
            else:
                reservation.quantity -= quantity
                self._holds.append(
                    Reservation(
                        stock_item_id=reservation.stock_item_id,
                        quantity=quantity,
                        holder=holder,
                        state=State.RELEASED,
                    )
                )
            reservation.save(update_fields=["quantity", "state"])

    def take_back(self, holder: str, units: Mapping[str, int], *, actor: str) -> None:
        """Put shipped units (SKU to units) back on the shelves they came from; the ledger says so, and knows of each
        shelf how many of this holder's came back before. Raises ValueError for more than were shipped.
        """
        returned = StockMovement.objects.filter(
            stock_item__in=self._items, note=holder, reason=StockMovement.Reason.RETURNED
        )
        back = dict(returned.order_by().values_list("stock_item").annotate(Sum("delta")))
        for reservation, quantity in self._parts(holder, units, State.FULFILLED, gone=back):
            self._changes[reservation.stock_item_id].on_hand += quantity
            self._movements.append(
                StockMovement(
                    stock_item_id=reservation.stock_item_id,
                    delta=quantity,
                    reason=StockMovement.Reason.RETURNED,
                    actor=actor,
                    note=holder,
                )
            )

    def _parts(
        self, holder: str, units: Mapping[str, int], state: State, *, gone: Mapping[int, int] = MappingProxyType({})
    ) -> Iterator[tuple[Reservation, int]]:
        """Spread units of each SKU over the holder's reservations in a state, less those `gone`, by stock item.

        Raises ValueError if there are fewer.
        """
        found = Reservation.objects.filter(holder=holder, state=state).order_by("pk")
        for sku, wanted in units.items():
            for reservation in found:
                if self._items[reservation.stock_item_id].sku == sku and wanted:
                    quantity = min(wanted, reservation.quantity - gone.get(reservation.stock_item_id, 0))
                    wanted -= quantity
                    if quantity:
                        yield reservation, quantity
            if wanted:
                raise ValueError(f"{holder} has not that many units of {sku}: {wanted} too many")

    def _left(self, item: StockItem) -> int:
        change = self._changes[item.pk]
        return item.on_hand + change.on_hand - (item.held + change.held) - (item.committed + change.committed)

    def _items_of(self, sku: str, warehouses: Collection[int] | None) -> list[StockItem]:
        items = self._by_sku.get(sku, [])
        if warehouses is None:
            return items
        order = {warehouse: position for position, warehouse in enumerate(warehouses)}
        return sorted((item for item in items if item.warehouse_id in order), key=lambda i: order[i.warehouse_id])

    def _split(self, items: Sequence[StockItem], quantity: int) -> Iterator[tuple[StockItem, int]]:
        """Choose where the units come from. The caller has checked that there are enough."""
        for item in items:
            if self._left(item) >= quantity:
                yield item, quantity
                return
        for item in items:
            if units := min(quantity, self._left(item)):
                quantity -= units
                yield item, units

    def _settle(self, holders: Iterable[str], before: set[State], after: State) -> list[Reservation]:
        """Write the new state of the holders' reservations in one of the states `before`; return them as they were."""
        settled = statements.run(_SETTLE, [str(after), sorted(set(holders)), sorted(before)])
        return [Reservation.from_db(connection.alias, _COLUMNS, row) for row in sorted(settled)]

    def _write(self) -> None:
        """Write all decisions: holds, movements, and one UPDATE for every counter."""
        StockMovement.objects.bulk_create(self._movements)
        changed = {pk: change for pk, change in self._changes.items() if change != CounterChange()}
        if changed or self._holds:
            write_counters(changed, holds=self._holds)
            availability.announce({self._items[pk].sku for pk in changed})


SETTLED = [Reservation.State.FULFILLED, Reservation.State.RELEASED]
LIVE = [Reservation.State.HELD, Reservation.State.COMMITTED]


def delete_settled(holders: Sequence[str]) -> None:
    """Delete the settled reservations of these holders; live ones stay. Needs the lock of what they belong to."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {Reservation._meta.db_table}"  # noqa: S608 (our own table)
            " WHERE holder = ANY(string_to_array(%s, ',')) AND state = ANY(%s)",
            [",".join(holders), [str(state) for state in SETTLED]],
        )


def restore_settled(holder: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write settled reservations again, as they were (rows without their holder)."""
    fields = {field.attname: field for field in Reservation._meta.local_concrete_fields}
    kept = [{column: fields[column].to_python(value) for column, value in row.items()} for row in rows]
    Reservation.objects.bulk_create(Reservation(**row, holder=holder) for row in kept)
    # Writing gave them this moment's.
    Reservation.objects.bulk_update([Reservation(**row, holder=holder) for row in kept], ["created_at"])
