"""Puts the catalogue into the shop: categories, products, pictures, variants."""

import hashlib

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from config.demo.catalogue import SHELVES
from config.demo.catalogue.goods import Item
from shop.models import Category, Product, ProductPicture, Variant


def seed() -> None:
    """Make every category, product, picture and variant. Needs an open transaction."""
    # The first of the first shelf comes last: what is newest is shown first where nothing has been sold yet.
    for position, shelf in reversed(list(enumerate(SHELVES))):
        on_shelf = list(reversed(shelf.items))
        category = Category.objects.create(slug=shelf.slug, name=shelf.name, position=position)
        products = Product.objects.bulk_create(
            [
                Product(
                    slug=item.slug,
                    name=item.name,
                    description=item.text,
                    category=category,
                    attributes=dict(item.facts),
                )
                for item in on_shelf
            ]
        )
        pairs = list(zip(on_shelf, products, strict=True))
        pictures = ProductPicture.objects.bulk_create(
            [picture for item, product in pairs for picture in _pictures(item, product)]
        )
        by_colour = {(picture.product_id, picture.position): picture for picture in pictures}
        Variant.objects.bulk_create(
            [
                Variant(
                    product=product,
                    sku=choice.code,
                    label=choice.label,
                    options=dict(choice.options),
                    price_minor=choice.price_minor,
                    currency=settings.DEFAULT_CURRENCY,
                    picture=by_colour[product.pk, list(item.colours).index(choice.colour)],
                    position=place,
                )
                for item, product in pairs
                for place, choice in enumerate(item.choices())
            ]
        )


def keep(folder: str, name: str, markup: str) -> str:
    """Store a drawing under a name with its digest, once; return where. So a name never changes what it shows."""
    content = markup.encode()
    digest = hashlib.sha256(content).hexdigest()[:8]
    path = f"{folder}/{name}-{digest}.svg"
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(content))
    return path


def _pictures(item: Item, product: Product) -> list[ProductPicture]:
    pictures = []
    for position, (colour, art) in enumerate(item.colours.items()):
        name = f"{item.slug}-{colour.lower().replace(' ', '-')}" if colour else item.slug
        alt = f"{item.name}, {colour.lower()}" if colour else item.name
        path = keep("pictures", name, art.markup())
        pictures.append(ProductPicture(product=product, image=path, alt=alt, position=position))
    return pictures
