"""What can go wrong with stock. Each says in its data what a caller needs to answer."""

from dataclasses import dataclass


class InventoryError(Exception):
    """Base of this app's errors."""


class NotInTransaction(InventoryError):
    """Stock was to be locked outside a transaction: the lock would be gone at once."""


class StockBusy(InventoryError):
    """The rows were locked by others for too long. Nothing was changed; trying again helps."""


@dataclass
class SkuRefused(InventoryError):
    """Nothing can have such a SKU (`inventory.sku`)."""

    sku: str

    def __str__(self) -> str:
        return f"{self.sku!r} can't be a SKU"


@dataclass
class UnknownStock(InventoryError):
    """No stock item has this SKU in this warehouse."""

    sku: str
    warehouse: str

    def __str__(self) -> str:
        return f"no stock item for {self.sku} in {self.warehouse}"


@dataclass
class CountBelowPromises(InventoryError):
    """A count would leave fewer units than are held or committed; cancel promises first."""

    sku: str
    counted: int
    promised: int

    def __str__(self) -> str:
        return f"{self.sku}: {self.promised} units are promised, so {self.counted} can't be the count"


@dataclass
class StockChanged(InventoryError):
    """Somebody has entered a movement since the page was opened on which this one was decided. Nothing was done."""

    sku: str
    on_hand: int

    def __str__(self) -> str:
        return f"{self.sku}: {self.on_hand} are on hand by now"
