"""What a refused order is answered with."""

from dataclasses import asdict

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ValidationError

from orders.exceptions import (
    CartChanged,
    EmptyOrder,
    IdempotencyInProgress,
    IdempotencyMismatch,
    InsufficientStock,
    MixedCurrencies,
    OrderRefused,
    OverCap,
    TooManyOrders,
    TooManyUnpaid,
    Undeliverable,
    UnknownSku,
)
from shop.rest.problems import Problem

BUSY_RETRY_S = 1


def problem_of(refusal: OrderRefused) -> APIException:
    match refusal:
        case InsufficientStock(shortages):
            detail = _("Not enough is left. Nothing was ordered.")
            return Problem(409, "insufficient_stock", detail, shortages=[asdict(each) for each in shortages])
        case OverCap(sku, cap, already):
            detail = _("One buyer may not have so many of this product.")
            known = {} if already is None else {"already": already}
            return Problem(409, "over_cap", detail, sku=sku, cap=cap, **known)
        case TooManyUnpaid(sku, most, is_own):
            detail = (
                _("So many units can't be held unpaid at once. Pay for some, then order more.")
                if is_own
                else _("Too many units are held unpaid from your network. Try again in a few minutes.")
            )
            return Problem(409, "unpaid_limit", detail, sku=sku, limit=most)
        case TooManyOrders(retry_after_s):
            detail = _("Too many orders. Try again later.")
            return Problem(429, "rate_limited", detail, retry_after_s=retry_after_s)
        case CartChanged():
            return ValidationError({"lines": _("The cart has changed. Nothing was ordered.")})
        case IdempotencyInProgress():
            detail = _("The first request with this key still runs.")
            return Problem(409, "idempotency_in_progress", detail, retry_after_s=BUSY_RETRY_S)
        case IdempotencyMismatch():
            return Problem(422, "idempotency_mismatch", _("This key was used for another request."))
        case UnknownSku(skus):
            return ValidationError({"lines": [_("%(sku)s is not sold here.") % {"sku": sku} for sku in skus]})
        case MixedCurrencies(currencies):
            text = _("One order has one currency, not %(currencies)s.") % {"currencies": ", ".join(currencies)}
            return ValidationError({"lines": text})
        case EmptyOrder():
            return ValidationError({"lines": _("The cart is empty.")})
        case Undeliverable():
            return ValidationError({"address": {"postal_code": _("Nothing can be sent to this postal code.")}})
    raise refusal


def busy() -> Problem:
    detail = _("Very many people are buying this right now. Nothing was changed.")
    return Problem(503, "busy", detail, retry_after_s=BUSY_RETRY_S)
