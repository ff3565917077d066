"""What the shop refuses."""

from collections.abc import Sequence


class ShopError(Exception):
    """Base class."""


class UnknownSku(ShopError):
    """No such SKU is for sale."""

    def __init__(self, sku: str) -> None:
        super().__init__(sku)
        self.sku = sku


class QuantityRefused(ShopError):
    """A cart line holds 1 to 99 units."""

    def __init__(self, quantity: int) -> None:
        super().__init__(quantity)
        self.quantity = quantity


class CartFull(ShopError):
    """A cart has room for so many different things only."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class NotInCart(ShopError):
    """A cart does not hold so many units of these SKUs (any more)."""

    def __init__(self, skus: Sequence[str]) -> None:
        super().__init__(", ".join(skus))
        self.skus = skus


class RepairRefused(ShopError):
    """Something that a reconciliation named is not put right; nothing was changed."""


class NothingToRepair(RepairRefused):
    """It is right already: somebody, or the shop itself, was quicker."""


class CantRepair(RepairRefused):
    """It can't be put right in this way; the message says why, and what to do instead."""


class ErasureRefused(ShopError):
    """A person can't be erased yet; nothing was. `reasons` are sentences for people."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons
