"""Products, and what people have in carts and on wishlists."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse

from inventory import sku as skus
from inventory.json_fields import ShapedJSONField, Words
from shop import currencies
from shop.currencies import CurrencyField
from shop.pictures import PictureField

ATTRIBUTES = Words(longest=250, numbers=True)


OPTIONS = Words(longest=80)


class Category(models.Model):
    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """What the shop sells; each of its variants has a SKU and a price."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=160)
    description = models.TextField(blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    attributes = ShapedJSONField(
        default=dict, blank=True, validators=[ATTRIBUTES], help_text='names and words, e.g. {"Material": "Stoneware"}'
    )
    cap_per_buyer = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="how many units one buyer may have; empty: any number"
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [ATTRIBUTES.constraint("attributes", name="product_attributes_are_words")]
        indexes = [models.Index(fields=["category", "name"], name="product_by_category")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:product", args=[self.slug])


class ProductPicture(models.Model):
    """A picture of a product, 4:5."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="pictures")
    image = PictureField(upload_to="pictures/")
    alt = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.alt


class Variant(models.Model):
    """One thing that can be bought: a SKU, what sets it apart, and its price."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=skus.LONGEST, unique=True, validators=[skus.validate_sku])
    label = models.CharField(max_length=80, blank=True, help_text='what sets it apart, e.g. "M"; empty for a sole one')
    options = ShapedJSONField(default=dict, blank=True, validators=[OPTIONS], help_text='e.g. {"Size": "M"}')
    price_minor = models.PositiveBigIntegerField(help_text="in minor units (cents)")
    currency = CurrencyField(default="USD")
    picture = models.ForeignKey(ProductPicture, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="variant_price_positive"),
            currencies.is_listed("currency", name="variant_currency_listed"),
            skus.constraint("sku", name="variant_sku_can_be_one"),
            OPTIONS.constraint("options", name="variant_options_are_words"),
        ]

    def __str__(self) -> str:
        return f"{self.product.name}, {self.label}" if self.label else self.product.name


class Cart(models.Model):
    """A person's cart, or a guest's (found by `key`, kept in the session).

    A person's knows the keys of guests' carts that were merged into it: what comes back to those finds the way.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="cart"
    )
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    former_keys = ArrayField(models.UUIDField(), blank=True, default=list, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [GinIndex(fields=["former_keys"], name="cart_by_former_key")]

    def __str__(self) -> str:
        return f"cart {self.key}"


class CartLine(models.Model):
    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveSmallIntegerField(default=1)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_line_unique"),
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=99), name="cart_line_quantity_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.variant_id}"


class WishlistItem(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="wishlist")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-added_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "variant"], name="wishlist_item_unique")]

    def __str__(self) -> str:
        return f"{self.variant_id} wished by {self.user_id}"
