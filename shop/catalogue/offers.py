"""What is on sale, and at which price, at this moment: what an order is made from."""

from collections.abc import Iterable
from dataclasses import dataclass

from inventory import statements

LOW_STOCK = 12
"""So many units left, or fewer, are worth saying loudly."""

_READ = """
    SELECT variant.id, variant.sku, variant.label, variant.price_minor, variant.currency,
           product.id, product.name, product.cap_per_buyer
    FROM shop_variant AS variant
    JOIN shop_product AS product ON product.id = variant.product_id
    WHERE variant.sku = ANY(%s) AND variant.is_active AND product.is_active
"""


@dataclass(frozen=True)
class Offer:
    """A variant on sale, with the words and the price that an order keeps of it."""

    variant_id: int
    sku: str
    label: str
    price_minor: int
    currency: str
    product_id: int
    product_name: str
    cap_per_buyer: int | None


def read(skus: Iterable[str]) -> dict[str, Offer]:
    """Read the offers of these SKUs, in one statement; what is not on sale is absent."""
    offers = [Offer(*row) for row in statements.run(_READ, [sorted(set(skus))])]
    return {offer.sku: offer for offer in offers}
