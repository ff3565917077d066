"""Making, finding and cancelling orders over REST."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils.cache import patch_vary_headers
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, generics, permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from inventory.exceptions import StockBusy
from orders import access, lifecycle, listing, placing, reading
from orders.api.refusals import busy, problem_of
from orders.api.serializers import OrderIn, OrderOut, PlacedOut, ProblemOut
from orders.checkout import ShippingAddress
from orders.exceptions import CursorRefused, OrderRefused, TransitionRefused
from orders.models import Order
from shop import audit
from shop.models import User
from shop.rest.pagination import Cursor
from shop.rest.problems import Problem

KEY_LEAST, KEY_MAX = 16, 64
# One of each for all requests: they keep nothing of them, and making their fields anew costs more than using them.
ORDER_IN, PLACED_OUT = OrderIn(), PlacedOut()

DAY_OR_TIME = {"anyOf": [{"type": "string", "format": kind} for kind in ("date", "date-time")]}
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": KEY_LEAST, "maxLength": KEY_MAX},
    OpenApiParameter.HEADER,
    required=True,
    description="16 to 64 characters; the same key and body again answer with the same order for 48 hours",
)
ORDER_ACCESS = OpenApiParameter(
    "Order-Access", OpenApiTypes.STR, OpenApiParameter.HEADER, description="a guest's word: `access` of the order"
)


class NewestFirst(Cursor):
    """Pages through the main database and the archive as one: takes `listing.Asked` where others take a queryset."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self._address = request.build_absolute_uri()
        limit = self.get_page_size(request) or self.page_size
        try:
            self._page = listing.read(queryset, limit=limit, cursor=request.query_params.get("cursor", ""))
        except CursorRefused as error:
            raise exceptions.NotFound(self.invalid_cursor_message) from error
        if not self._page.is_whole:
            raise busy()
        return self._page.orders

    def get_next_link(self) -> str | None:
        return self._link(self._page.older)

    def get_previous_link(self) -> str | None:
        return self._link(self._page.newer)

    def _link(self, cursor: str) -> str | None:
        return replace_query_param(self._address, "cursor", cursor) if cursor else None


class Orders(generics.GenericAPIView[Order]):
    """Orders of whoever is signed in; guests may make one, too."""

    pagination_class = NewestFirst
    serializer_class = OrderOut
    queryset = Order.objects.none()

    def get_permissions(self) -> list[Any]:
        return [permissions.IsAuthenticated()] if self.request.method == "GET" else [permissions.AllowAny()]

    @extend_schema(
        operation_id="orders_list",
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=Order.State.values),
            OpenApiParameter("from", DAY_OR_TIME, description="a day or a time (UTC), inclusive"),
            OpenApiParameter("to", DAY_OR_TIME, description="a day or a time (UTC), inclusive"),
        ],
        responses={200: OrderOut(many=True), 400: ProblemOut, 401: ProblemOut},
    )
    def get(self, request: Request) -> Response:
        assert isinstance(request.user, User)  # noqa: S101 (permission)
        page: Any = self.paginate_queryset(_asked_for(request))  # type: ignore[arg-type]
        reading.add_money(page)
        return self.get_paginated_response(OrderOut(page, many=True).data)

    @extend_schema(
        operation_id="orders_create",
        parameters=[IDEMPOTENCY_KEY],
        request=OrderIn,
        responses={
            201: PlacedOut,
            **dict.fromkeys((400, 409, 422, 429, 503), ProblemOut),
        },
    )
    def post(self, request: Request) -> Response:
        """Make an order and hold its units until `expires_at`; the buyer pays at `payment.url`.

        409 `insufficient_stock` names every short line in `shortages`; 409 `over_cap`; 409 `unpaid_limit` where too
        much of a SKU would be held unpaid by one buyer or one network; 409 `idempotency_in_progress` while the first
        request with this key still runs; 422 `idempotency_mismatch` for another body; 429 and 503 say in `Retry-After`
        when to try again. Nothing is held by an answer other than 201.
        """
        word = _idempotency_key(request)
        asked = ORDER_IN.run_validation(request.data)
        return Response(PLACED_OUT.to_representation(_place(request, asked, word)), status=201)


class OpenedByWord(APIView):
    """A call that a guest's word in a header opens: its answer is for that word alone."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(answer, ["Order-Access"])
        return answer


class OneOrder(OpenedByWord):
    @extend_schema(
        operation_id="orders_retrieve", parameters=[ORDER_ACCESS], responses={200: OrderOut, 404: ProblemOut}
    )
    def get(self, request: Request, order_id: uuid.UUID) -> Response:
        order = _find(request, order_id)
        reading.add_money([order])
        return Response(OrderOut(order).data)


class CancelOrder(OpenedByWord):
    @extend_schema(
        operation_id="orders_cancel",
        parameters=[ORDER_ACCESS],
        request=None,
        responses={200: OrderOut, 404: ProblemOut, 409: ProblemOut, 503: ProblemOut},
    )
    def post(self, request: Request, order_id: uuid.UUID) -> Response:
        """Cancel an order that was not sent yet: its units go back, and so does its money."""
        order = _find(request, order_id)
        try:
            order = lifecycle.cancel(order.id, actor=audit.actor_of(request.user))
        except TransitionRefused as refusal:
            detail = _("This order can't be cancelled any more.")
            raise Problem(409, "not_cancellable", detail, state=refusal.state) from refusal
        except StockBusy as error:
            raise busy() from error
        reading.add_money([order])
        return Response(OrderOut(order).data)


def _place(request: Request, asked: dict[str, Any], key: str) -> Order:
    intent = placing.Intent(
        lines=[(line["sku"], line["quantity"]) for line in asked.get("lines", [])],
        email=asked["email"],
        address=ShippingAddress(**asked["address"]),
        key=key,
        body=request.data,
        session=asked["session"],
        is_cart="lines" not in asked,
    )
    try:
        return placing.place_order(request._request, intent)
    except OrderRefused as refusal:
        raise problem_of(refusal) from refusal
    except StockBusy as error:
        raise busy() from error


def _find(request: Request, order_id: uuid.UUID) -> Order:
    word = request.headers.get("Order-Access", "")
    try:
        return access.find_order(order_id, user=request.user, session=request.session, access_token=word)
    except Order.DoesNotExist as error:
        raise exceptions.NotFound from error


def _idempotency_key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not KEY_LEAST <= len(key) <= KEY_MAX:
        raise exceptions.ValidationError({"Idempotency-Key": _("This header needs 16 to 64 characters.")})
    return key


def _asked_for(request: Request) -> listing.Asked:
    moments: dict[str, datetime | None] = {"from": None, "to": None}
    errors = {}
    state = request.query_params.get("state")
    if state is not None and state not in Order.State.values:
        errors["state"] = _("One of %(states)s.") % {"states": ", ".join(Order.State.values)}
    for name in moments:
        if (text := request.query_params.get(name)) is not None:
            moments[name] = _moment(text, is_end=name == "to")
            if moments[name] is None:
                errors[name] = _("A day such as 2026-11-21, or a time such as 2026-11-21T18:00:00Z.")
    if errors:
        raise exceptions.ValidationError(errors)
    return listing.Asked(buyer_id=request.user.pk, state=state or "", since=moments["from"], until=moments["to"])


def _moment(text: str, *, is_end: bool) -> datetime | None:
    """Read a day or a time; the end of a range is the first moment after it."""
    try:
        moment, day = parse_datetime(text), parse_date(text)
    except ValueError:
        return None
    if isinstance(day, date) and len(text) <= len("2026-11-21"):
        moment, step = datetime(day.year, day.month, day.day, tzinfo=UTC), timedelta(days=1)
    elif moment is None:
        return None
    else:
        moment, step = moment if moment.tzinfo else moment.replace(tzinfo=UTC), timedelta(microseconds=1)
    try:
        return moment + step if is_end else moment
    except OverflowError:  # nothing is ordered after the end of time
        return moment
