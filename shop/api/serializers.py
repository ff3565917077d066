"""What the shop's REST calls take and answer."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request

from inventory import availability, folding
from shop import pictures
from shop.api.inputs import Body, Query
from shop.cart import QUANTITY_MAX, Entry
from shop.catalogue.search import SORTS
from shop.models import Product, ProductPicture, User, Variant
from shop.people.accounts import WORDS, checked_name
from shop.text import NAME_MAX, NameRefused, NameTooLong
from shop.wishlist import Wish


class ProblemSerializer(serializers.Serializer[Any]):
    """application/problem+json; `errors` names the fields of bad input."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


class ProductQuery(Query):
    """What a search may ask for. Attributes are asked for as `a.<name>=<value>`, repeated for any of several."""

    q = serializers.CharField(required=False, allow_blank=True, max_length=100)
    category = serializers.CharField(required=False, allow_blank=True, help_text="a category's slug; may be repeated")
    min_minor = serializers.IntegerField(required=False, min_value=0, max_value=10**15)
    max_minor = serializers.IntegerField(required=False, min_value=0, max_value=10**15)
    in_stock = serializers.ChoiceField(
        choices=["1", "0", "true", "false"],
        required=False,
        default="1",
        help_text="sold-out products leave the results unless this is 0 or false",
    )
    sort = serializers.ChoiceField(choices=list(SORTS), required=False, allow_blank=True)
    postal_code = serializers.CharField(
        required=False, allow_blank=True, max_length=16, help_text="leaves out what can't be delivered there"
    )
    country = serializers.CharField(required=False, default=settings.DEFAULT_COUNTRY, min_length=2, max_length=2)


class FoundProductSerializer(serializers.Serializer[Product]):
    """A product among the results. `price_minor` is its cheapest variant's; `available` counts all of them."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    category = serializers.SlugField(source="category.slug")
    price_minor = serializers.IntegerField()
    currency = serializers.CharField()
    available = serializers.IntegerField()
    delivery_on = serializers.DateField(
        allow_null=True, help_text="the earliest day; null without a postal code, or when sold out"
    )
    picture = serializers.SerializerMethodField(help_text="an address, or empty")
    url = serializers.SerializerMethodField(help_text="the product's page")

    def get_picture(self, product: Product) -> str:
        first = next(iter(product.pictures.all()), None)
        return absolute(self, first.image.at(pictures.MIDDLE)) if first else ""

    def get_url(self, product: Product) -> str:
        return absolute(self, product.get_absolute_url())


class PictureSerializer(serializers.Serializer[ProductPicture]):
    url = serializers.SerializerMethodField(help_text="the widest")
    alt = serializers.CharField()

    def get_url(self, picture: ProductPicture) -> str:
        return absolute(self, picture.image.url)


class VariantSerializer(serializers.Serializer[Variant]):
    """One thing that can be bought. Of two numbers for one SKU, the one with the higher version is newer."""

    sku = serializers.CharField()
    label = serializers.CharField(help_text="what sets it apart; may be empty")  # type: ignore[assignment]
    options = serializers.DictField(child=serializers.CharField())
    price_minor = serializers.IntegerField()
    currency = serializers.CharField()
    available = serializers.SerializerMethodField()
    version = serializers.SerializerMethodField()

    def get_available(self, variant: Variant) -> int:
        news = self._units().get(variant.sku)
        return news.available if news else 0

    def get_version(self, variant: Variant) -> int:
        news = self._units().get(variant.sku)
        return news.version if news else 0

    def _units(self) -> dict[str, availability.Availability]:
        return self.context["units"]


class ProductSerializer(serializers.Serializer[Product]):
    slug = serializers.SlugField()
    name = serializers.CharField()
    description = serializers.CharField()
    category = serializers.SlugField(source="category.slug")
    attributes = serializers.DictField()
    pictures = PictureSerializer(many=True)
    variants = VariantSerializer(many=True)


class DeliverySerializer(serializers.Serializer[Any]):
    """The earliest delivery of any variant. In a place that is served, what is sold out has no day."""

    serviceable = serializers.BooleanField()
    delivery_on = serializers.DateField(allow_null=True)
    warehouse = serializers.CharField(allow_null=True)


class QuantitySerializer(Body[Any]):
    quantity = serializers.IntegerField(min_value=1, max_value=QUANTITY_MAX)


class CartLineSerializer(serializers.Serializer[Entry]):
    """`available` is 0 for what is no longer for sale."""

    sku = serializers.CharField(source="line.variant.sku")
    slug = serializers.SlugField(source="line.variant.product.slug")
    name = serializers.CharField(source="line.variant.product.name")
    label = serializers.CharField(source="line.variant.label")  # type: ignore[assignment]
    quantity = serializers.IntegerField(source="line.quantity")
    price_minor = serializers.IntegerField(source="line.variant.price_minor")
    currency = serializers.CharField(source="line.variant.currency")
    available = serializers.SerializerMethodField()

    def get_available(self, entry: Entry) -> int:
        return entry.available if entry.is_for_sale else 0


class TotalSerializer(serializers.Serializer[Any]):
    currency = serializers.CharField()
    total_minor = serializers.IntegerField()


class CartSerializer(serializers.Serializer[Any]):
    """The totals count what can be bought; sold-out lines stand beside them."""

    lines = CartLineSerializer(many=True)
    total_minor = serializers.IntegerField(help_text="of the first currency; `totals` has all of them")
    currency = serializers.CharField()
    totals = TotalSerializer(many=True, help_text="each currency is an order of its own")


class WishSerializer(serializers.Serializer[Wish]):
    """`available` is 0 for what is no longer for sale."""

    sku = serializers.CharField(source="item.variant.sku")
    slug = serializers.SlugField(source="item.variant.product.slug")
    name = serializers.CharField(source="item.variant.product.name")
    label = serializers.CharField(source="item.variant.label")  # type: ignore[assignment]
    price_minor = serializers.IntegerField(source="item.variant.price_minor")
    currency = serializers.CharField(source="item.variant.currency")
    available = serializers.SerializerMethodField()
    added_at = serializers.DateTimeField(source="item.added_at")

    def get_available(self, wish: Wish) -> int:
        return wish.available if wish.is_for_sale else 0


class WishlistSerializer(serializers.Serializer[Any]):
    items = WishSerializer(many=True)


class EmailField(serializers.EmailField):
    """An e-mail address, however it was typed."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(folding.email(data) if isinstance(data, str) else data)


class SignInSerializer(Body[Any]):
    email = EmailField()
    password = serializers.CharField(trim_whitespace=False, max_length=500)
    code = serializers.CharField(
        default="", allow_blank=True, max_length=40, help_text="of an authenticator app, or a recovery code"
    )
    name = serializers.CharField(
        default="", allow_blank=True, max_length=80, help_text="what the token is for; else the User-Agent"
    )


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="for the header `Authorization: Token …`")


class MeSerializer(Body[User], serializers.ModelSerializer[User]):
    """The account. Others see `public_name`, never the e-mail address."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    public_name = serializers.CharField(read_only=True)

    class Meta:
        model = User
        fields = ["id", "email", "display_name", "public_name", "is_host", "date_joined"]
        read_only_fields = ["email", "is_host", "date_joined"]

    def validate_display_name(self, name: str) -> str:
        try:
            return checked_name(name, user=self.instance)
        except NameRefused as refused:
            raise serializers.ValidationError(WORDS[refused.reason]) from None
        except NameTooLong:
            raise serializers.ValidationError(f"Choose a name of {NAME_MAX} characters at most.") from None


def absolute(serializer: serializers.BaseSerializer[Any], address: str) -> str:
    """Return an address with its host."""
    request: Request = serializer.context["request"]
    return request.build_absolute_uri(address)
