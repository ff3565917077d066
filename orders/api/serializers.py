"""What the calls about orders take and answer."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inventory import folding
from orders import access
from orders.models import Order, Refund
from shop.api.inputs import Body
from shop.api.serializers import EmailField, ProblemSerializer
from shop.cart import LINES_MAX, QUANTITY_MAX
from shop.people import addresses


class LineIn(Body[Any]):
    sku = serializers.CharField(max_length=64)
    quantity = serializers.IntegerField(min_value=1, max_value=QUANTITY_MAX)


class CountryField(serializers.CharField):
    """ISO 3166-1 alpha-2, however it was typed."""

    def to_internal_value(self, data: Any) -> str:
        code = folding.country(super().to_internal_value(data))
        if not (len(code) == 2 and code.isascii() and code.isalpha()):
            raise serializers.ValidationError(_("Two letters, such as IN."))
        return code


class AddressIn(Body[Any]):
    """What must be there besides name, street and country is for the country to say: some have no postal codes."""

    name = serializers.CharField(max_length=120)
    line1 = serializers.CharField(max_length=200)
    line2 = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    city = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    region = serializers.CharField(
        max_length=120, required=False, allow_blank=True, default="", help_text="state, province or emirate"
    )
    postal_code = serializers.CharField(max_length=32, required=False, allow_blank=True, default="")
    country = CountryField(help_text="ISO 3166-1 alpha-2")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        kept, errors = addresses.judge(attrs, attrs["country"])
        if errors:
            raise serializers.ValidationError(errors)
        return {"name": attrs["name"], "country": attrs["country"], **kept}


class OrderIn(Body[Any]):
    lines = LineIn(  # type: ignore[call-arg]
        many=True, required=False, allow_empty=False, max_length=LINES_MAX, help_text="default: the cart's"
    )
    email = EmailField()
    address = AddressIn()
    session = serializers.SlugField(
        required=False, allow_blank=True, default="", max_length=100, help_text="slug of the show it is bought in"
    )


class LineOut(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField(source="product_name")
    variant = serializers.CharField(source="variant_label")
    quantity = serializers.IntegerField()
    unit_price_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField()


class PaymentOut(serializers.Serializer[Any]):
    provider = serializers.CharField()
    url = serializers.URLField(help_text="where the buyer pays: opens the payment, and redirects to the provider")
    ref = serializers.CharField(allow_null=True, help_text="the provider's name for it; null until paying begins")


class PlacedOut(serializers.Serializer[Any]):
    """An order as it is answered to whoever has just made it."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    state = serializers.ChoiceField(choices=Order.State.choices)
    total_minor = serializers.IntegerField()
    currency = serializers.CharField()
    lines = LineOut(many=True)
    expires_at = serializers.DateTimeField()
    payment = serializers.SerializerMethodField()
    access = serializers.SerializerMethodField()

    @extend_schema_field(PaymentOut)
    def get_payment(self, order: Order) -> dict[str, Any]:
        payments = list(order.payments.all())
        pay = f"{settings.SITE_URL}{reverse('orders:pay', args=[order.id])}?access={access.token(order)}"
        return {
            "provider": payments[-1].provider if payments else settings.PAYMENT_PROVIDER,
            "url": pay,
            "ref": payments[-1].ref if payments else None,
        }

    @extend_schema_field(serializers.CharField(help_text="the word that opens the order: `Order-Access`"))
    def get_access(self, order: Order) -> str:
        return access.token(order)


class AddressOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    line1 = serializers.CharField()
    line2 = serializers.CharField(required=False, help_text="where there is one")
    city = serializers.CharField()
    region = serializers.CharField(required=False, help_text="where there is one")
    postal_code = serializers.CharField()
    country = serializers.CharField()

    def to_representation(self, order: Any) -> dict[str, Any]:
        parts = super().to_representation(order)
        return {name: part for name, part in parts.items() if part or name not in {"line2", "region"}}


class RefundOut(serializers.Serializer[Any]):
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    state = serializers.ChoiceField(choices=Refund.State.choices)


class OrderOut(PlacedOut):
    """An order in full. Needs `lines` and `payments__refunds` prefetched where there are many."""

    cancel_reason = serializers.ChoiceField(choices=[("", "Not cancelled"), *Order.CancelReason.choices])
    email = serializers.EmailField()
    address = AddressOut(source="*")
    session = serializers.CharField(help_text="slug of the show it was bought in, or empty")
    delivery_on = serializers.DateField(allow_null=True)
    created_at = serializers.DateTimeField()
    placed_at = serializers.DateTimeField(allow_null=True)
    refunds = serializers.SerializerMethodField()

    @extend_schema_field(RefundOut(many=True))
    def get_refunds(self, order: Order) -> list[dict[str, Any]]:
        refunds = [refund for payment in order.payments.all() for refund in payment.refunds.all()]
        return [
            {"amount_minor": refund.amount_minor, "currency": refund.currency, "state": refund.state}
            for refund in refunds
        ]


class ShortageOut(serializers.Serializer[Any]):
    sku = serializers.CharField()
    requested = serializers.IntegerField()
    available = serializers.IntegerField()


class ProblemOut(ProblemSerializer):
    """A problem of an order; `shortages` and others are there where they say something."""

    shortages = ShortageOut(many=True, required=False)
