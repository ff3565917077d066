"""Cart and wishlist over REST; each call answers with the whole of it."""

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop import cart, wishlist
from shop.api.persons import person
from shop.api.serializers import CartSerializer, ProblemSerializer, QuantitySerializer, WishlistSerializer
from shop.exceptions import CartFull, UnknownSku
from shop.models import Cart
from shop.rest.problems import Problem


class CartView(APIView):
    """The cart of whoever asks: the account's, or for a guest the session's."""

    @extend_schema(operation_id="cart_retrieve", responses=CartSerializer)
    def get(self, request: Request) -> Response:
        return _cart(request, cart.find(request._request))


class CartLineView(APIView):
    """One line of the cart, by SKU."""

    @extend_schema(
        operation_id="cart_line_set",
        request=QuantitySerializer,
        responses={200: CartSerializer, **dict.fromkeys((400, 404, 409), ProblemSerializer)},
    )
    def put(self, request: Request, sku: str) -> Response:
        asked = QuantitySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            cart.get_variant(sku)
            quantity = asked.validated_data["quantity"]
            line = cart.change(request._request, cart.set_line, sku=sku, quantity=quantity)
        except UnknownSku:
            raise _unknown() from None
        except CartFull as error:
            raise Problem(409, "cart_full", _("The cart is full."), most=error.most) from error
        return _cart(request, line.cart)

    @extend_schema(operation_id="cart_line_remove", responses={200: CartSerializer})
    def delete(self, request: Request, sku: str) -> Response:
        kept = cart.find(request._request)
        if kept:
            cart.remove(kept, [sku])
        return _cart(request, kept)


class WishlistView(APIView):
    """What the account wishes for, newest first."""

    permission_classes = [permissions.IsAuthenticated]

    @extend_schema(operation_id="wishlist_retrieve", responses={200: WishlistSerializer, 401: ProblemSerializer})
    def get(self, request: Request) -> Response:
        return _wishlist(request)


class WishView(APIView):
    """One wish, by SKU."""

    permission_classes = [permissions.IsAuthenticated]

    @extend_schema(
        operation_id="wishlist_item_set",
        request=None,
        responses={200: WishlistSerializer, **dict.fromkeys((401, 404), ProblemSerializer)},
    )
    def put(self, request: Request, sku: str) -> Response:
        try:
            wishlist.add(person(request), sku=sku)
        except UnknownSku:
            raise _unknown() from None
        return _wishlist(request)

    @extend_schema(operation_id="wishlist_item_remove", responses={200: WishlistSerializer, 401: ProblemSerializer})
    def delete(self, request: Request, sku: str) -> Response:
        wishlist.remove(person(request), sku=sku)
        return _wishlist(request)


def _cart(request: Request, kept: Cart | None) -> Response:
    entries = cart.entries(kept)
    totals = cart.totals(entries)
    currency = next(iter(totals), settings.DEFAULT_CURRENCY)
    answer = {
        "lines": entries,
        "total_minor": totals.get(currency, 0),
        "currency": currency,
        "totals": [{"currency": each, "total_minor": total} for each, total in totals.items()],
    }
    return Response(CartSerializer(answer, context={"request": request}).data)


def _wishlist(request: Request) -> Response:
    answer = {"items": wishlist.wishes(person(request))}
    return Response(WishlistSerializer(answer, context={"request": request}).data)


def _unknown() -> Problem:
    return Problem(404, "unknown_sku", _("Nothing is for sale under this SKU."))
