"""Plain functions that make what tests need, valid and with as few words as possible."""

from itertools import count
from typing import Any

from allauth.account.models import EmailAddress

from inventory.models import Courier, StockItem, StockMovement, Warehouse, Zone
from orders.checkout import OrderRequest, ShippingAddress
from shop.models import Category, Product, ProductPicture, User, Variant
from streams.models import RunListItem, StreamSession

_numbers = count(1)


def make_user(email: str = "", *, password: str = "showfloor", is_verified: bool = True, **fields: Any) -> User:
    """Make a person who can sign in; `is_host=True` for a host, `is_staff=True` for staff."""
    # In bulk, which the record of roles passes by: what a test begins with was not done by anybody.
    user = User(email=(email or f"person{next(_numbers)}@example.com").lower(), **fields)
    user.set_password(password)
    user._password = None  # type: ignore[assignment]  # as a save leaves it
    User.objects.bulk_create([user])
    EmailAddress.objects.create(user=user, email=user.email, verified=is_verified, primary=True)
    return user


def make_category(slug: str = "kitchen", *, name: str = "") -> Category:
    return Category.objects.get_or_create(slug=slug, defaults={"name": name or slug.title()})[0]


def make_product(
    name: str = "",
    *,
    skus: tuple[str, ...] = (),
    price_minor: int = 1999,
    currency: str = "USD",
    stock: int = 0,
    category: str = "kitchen",
    **fields: Any,
) -> Product:
    """Make a product with a picture and one variant for each of `skus` (one made up if none is given).

    `stock` units of each are put into the warehouse `main`.
    """
    number = next(_numbers)
    product = Product.objects.create(
        slug=fields.pop("slug", f"product-{number}"),
        name=name or f"Product {number}",
        category=make_category(category),
        **fields,
    )
    ProductPicture.objects.create(product=product, image="pictures/none.webp", alt=product.name)
    for position, sku in enumerate(skus or (f"SKU-{number}",)):
        Variant.objects.create(
            product=product,
            sku=sku,
            label=f"Size {position + 1}" if len(skus) > 1 else "",
            price_minor=price_minor,
            currency=currency,
            position=position,
        )
        if stock:
            make_stock(sku, stock)
    return product


def make_warehouse(code: str = "main") -> Warehouse:
    """Get or make a warehouse that delivers all over India within two working days."""
    warehouse, is_new = Warehouse.objects.get_or_create(
        code=code, defaults={"name": code.title(), "country": "IN", "postal_code": "110001"}
    )
    if is_new:
        courier = Courier.objects.get_or_create(name="Test courier")[0]
        Zone.objects.create(warehouse=warehouse, courier=courier, country="IN", transit_days=2)
    return warehouse


def make_stock(sku: str, quantity: int, *, warehouse: str = "main") -> StockItem:
    """Put units of a SKU into a warehouse, with the movement that explains them."""
    item = StockItem.objects.create(sku=sku, warehouse=make_warehouse(warehouse), on_hand=quantity, version=1)
    if quantity:
        StockMovement.objects.create(
            stock_item=item, delta=quantity, reason=StockMovement.Reason.RECEIVED, actor="system"
        )
    item.refresh_from_db()
    return item


def make_session(
    slug: str = "", *, host: User | None = None, skus: tuple[str, ...] = (), state: str = "live", **fields: Any
) -> StreamSession:
    """Make a show with the variants of `skus` (which must exist) on its run list."""
    session = StreamSession.objects.create(
        slug=slug or f"show-{next(_numbers)}",
        title=fields.pop("title", "A test show"),
        host=host or make_user(is_host=True),
        state=state,
        **fields,
    )
    for position, sku in enumerate(skus):
        RunListItem.objects.create(session=session, variant=Variant.objects.get(sku=sku), position=position)
    return session


def make_request(
    *lines: tuple[str, int],
    buyer: User | None = None,
    postal_code: str = "110001",
    session: str = "",
    placed_by: str = "",
    placed_from: str = "",
) -> OrderRequest:
    """Make what a buyer asks for: `make_request(("SKU-1", 2))`."""
    return OrderRequest(
        lines=lines,
        email=buyer.email if buyer else "guest@example.com",
        address=ShippingAddress("A Guest", "4 Example Lane", "New Delhi", postal_code, "IN"),
        buyer_id=buyer.pk if buyer else None,
        session=session,
        placed_by=placed_by,
        placed_from=placed_from,
    )
