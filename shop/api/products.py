"""Finding products over REST."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory import availability, delivery
from inventory.models import StockItem
from shop.api.serializers import (
    DeliverySerializer,
    FoundProductSerializer,
    ProblemSerializer,
    ProductQuery,
    ProductSerializer,
)
from shop.catalogue import search
from shop.catalogue.query_string import attributes, categories
from shop.models import Product
from shop.rest.pagination import Cursor
from shop.rest.problems import Problem


class InAskedOrder(Cursor):
    """Pages in the order of the search."""

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        return search.SORTS[view.filters.order]


class Products(generics.GenericAPIView[Product]):
    """Products that are for sale, found and sorted."""

    pagination_class = InAskedOrder
    serializer_class = FoundProductSerializer
    queryset = Product.objects.none()
    filters = search.Filters()

    @extend_schema(
        operation_id="products_list",
        parameters=[ProductQuery],
        responses={200: FoundProductSerializer(many=True), 400: ProblemSerializer},
    )
    def get(self, request: Request) -> Response:
        asked = ProductQuery.read(request)
        code = asked.get("postal_code", "")
        if code and not delivery.is_known(code, asked["country"]):
            raise serializers.ValidationError({"postal_code": [_("That is not a postal code we know.")]})
        self.filters = search.Filters(
            q=asked.get("q", "").replace("\x00", ""),
            categories=categories(request.query_params),
            min_minor=asked.get("min_minor"),
            max_minor=asked.get("max_minor"),
            in_stock=asked["in_stock"] in {"1", "true"},
            attributes=attributes(request.query_params),
            postal_code=code,
            country=asked["country"],
            sort=asked.get("sort", ""),
        )
        page = self.paginate_queryset(search.find(self.filters))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class OneProduct(APIView):
    @extend_schema(operation_id="products_retrieve", responses={200: ProductSerializer, 404: ProblemSerializer})
    def get(self, request: Request, slug: str) -> Response:
        product = get_product(slug)
        units = availability.read(variant.sku for variant in product.variants.all())
        return Response(ProductSerializer(product, context={"request": request, "units": units}).data)


class ProductDelivery(APIView):
    @extend_schema(
        operation_id="products_delivery",
        parameters=[
            OpenApiParameter("postal_code", {"type": "string", "minLength": 1, "maxLength": 16}, required=True),
            OpenApiParameter("country", OpenApiTypes.STR, description="IN unless said"),
        ],
        responses={200: DeliverySerializer, 400: ProblemSerializer, 404: ProblemSerializer},
    )
    def get(self, request: Request, slug: str) -> Response:
        asked = ProductQuery.read(request)
        code, country = asked.get("postal_code", ""), asked["country"]
        if not code:
            raise serializers.ValidationError({"postal_code": [_("Say where to: ?postal_code=110001.")]})
        product = get_product(slug)
        if not delivery.is_known(code, country):
            raise Problem(404, "unknown_postal_code", _("There is no such postal code."))
        skus = [variant.sku for variant in product.variants.all()]
        days = delivery.estimate(skus, postal_code=code, country=country)
        if days:
            first = min(days.values(), key=lambda day: (day.delivery_on, day.warehouse))
            answer = {"serviceable": True, "delivery_on": first.delivery_on, "warehouse": first.warehouse}
        else:
            is_sold_out = not StockItem.objects.filter(sku__in=skus, available__gt=0).exists()
            is_served = is_sold_out and bool(delivery.routes(postal_code=code, country=country))
            answer = {"serviceable": is_served, "delivery_on": None, "warehouse": None}
        return Response(DeliverySerializer(answer).data)


def get_product(slug: str) -> Product:
    """Return a product for sale, or answer 404."""
    try:
        return search.get_product(slug)
    except Product.DoesNotExist:
        raise exceptions.NotFound(_("There is no such product.")) from None
