"""One page from wanting things to having them held."""

import uuid
from dataclasses import dataclass
from datetime import date

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from inventory import delivery
from inventory.exceptions import StockBusy
from orders import checkout, fingerprint, guests, idempotency, limits, wanted
from orders.exceptions import (
    IdempotencyInProgress,
    IdempotencyMismatch,
    InsufficientStock,
    MixedCurrencies,
    OrderRefused,
    OverCap,
    Undeliverable,
    UnknownSku,
)
from orders.forms import QUANTITY_MOST, CheckoutForm, postal_code_error
from orders.models import Order
from orders.wanted import Wanted
from shop import addresses, place
from shop.models import User
from shop.text import is_text

BUSY_RETRY_S = 2


@dataclass(frozen=True)
class Notice:
    """What stands in the way, above the form. `retries`: the page may press the button again by itself."""

    text: str | Promise
    status: int = 409
    retry_after_s: int = 0
    retries: bool = False


# Paying may lead from this page's form to the provider's page, through our own redirect.
@csp_update({"form-action": [settings.SITE_URL]})
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show what is about to be ordered, and order it."""
    if request.method != "POST":
        return _fresh(request)
    form = CheckoutForm(request.POST)
    form.is_valid()
    prefix = "left_" if "take_left" in request.POST else ""
    units, total_minor = (form.cleaned_data.get(prefix + name) for name in ("lines", "total_minor"))
    if not units:
        return redirect("orders:checkout")
    things = wanted.read(units)
    if not form.is_valid():
        return _render(request, form, things, status=400)
    if things.missing or things.total_minor != total_minor:
        text = _("Something changed while you were here. Please look at the new total.")
        return _render(request, _renewed(form), things, None if things.shortages else Notice(text), status=409)
    return _order(request, form, things)


@require_safe
def delivery_fragment(request: HttpRequest) -> JsonResponse:
    """Answer the day for a postal code, for a page whose shopper is still typing."""
    code, country = request.GET.get("postal_code", "")[:16], request.GET.get("country", "")[:2]
    error = postal_code_error(code, country)
    day = None if error else _day(list(filter(is_text, request.GET.getlist("sku")[:100])), code, country)
    html = render_to_string("orders/_delivery.html", {"day": day, "postal_code": code}, request)
    return JsonResponse({"error": error, "html": html})


def _fresh(request: HttpRequest) -> HttpResponse:
    earlier = _earlier_order(request)
    if sku := request.GET.get("sku", ""):
        source, units = "direct", {sku: _quantity(request.GET.get("quantity", ""))}
    elif earlier:
        source, units = "again", wanted.of_order(earlier)
    else:
        source, units = "cart", wanted.of_cart(request)
    things = wanted.read(units)
    if not things.left.lines:
        status = 404 if source == "direct" and things.missing else 200
        context = {"gone": things.lines, "source": source}
        return render(request, "orders/checkout_empty.html", context, status=status)
    session = request.GET.get("session", "")[:100] or (earlier.session if earlier else "")
    form = CheckoutForm(initial={**_known_address(request, earlier), "session": session, "source": source})
    missed = _missed(things)
    return _render(request, form, things.left, Notice(missed, status=200) if missed else None, status=200)


def _missed(things: Wanted) -> str:
    """Say what can't be had, before anything is entered; the page then offers the rest."""
    few = [
        _("%(name)s: only %(n)d left.") % {"name": line.variant, "n": line.available}
        for line in things.shortages
        if line.available
    ]
    gone = sum(not line.available for line in things.lines) + len(things.missing)
    if gone:
        text = ngettext("%(n)d thing is sold out.", "%(n)d things are sold out.", gone)
        few.append(text % {"n": gone})
    return " ".join(few)


def _order(request: HttpRequest, form: CheckoutForm, things: Wanted) -> HttpResponse:
    entered = form.cleaned_data
    key = fingerprint.take(
        request.user,
        key=entered["key"].hex,
        body=[things.pairs, entered["email"], vars(form.address()), entered["session"]],
    )
    if (retry_after_s := limits.take(request, email=entered["email"])) and not idempotency.is_known(key):
        text = _("That was a lot of orders in a short time. Please wait a moment, then press Pay again.")
        return _render(request, form, things, Notice(text, status=429, retry_after_s=retry_after_s))
    user = request.user if isinstance(request.user, User) else None
    wish = checkout.OrderRequest(
        lines=things.pairs,
        email=entered["email"],
        address=form.address(),
        buyer_id=user.pk if user else None,
        session=entered["session"],
    )
    try:
        order = checkout.place_order(wish, key=key)
    except InsufficientStock as refusal:
        return _render(request, form, things.with_shortages(refusal.shortages), status=409)
    except (OrderRefused, StockBusy) as refusal:
        return _refuse(request, form, things, refusal)
    return _placed(request, form, order)


def _placed(request: HttpRequest, form: CheckoutForm, order: Order) -> HttpResponse:
    entered = form.cleaned_data
    if isinstance(request.user, User):
        addresses.remember(request.user, **vars(form.address()))
    else:
        guests.remember(request.session, order)
    place.remember(request, entered["postal_code"])
    if entered["source"] == "cart":
        wanted.empty_cart(request, order)
    return redirect("orders:pay", order.id)


def _refuse(
    request: HttpRequest, form: CheckoutForm, things: Wanted, refusal: OrderRefused | StockBusy
) -> HttpResponse:
    match refusal:
        case Undeliverable():
            form.add_error("postal_code", _("We can't send anything to this postal code yet."))
            return _render(request, form, things, status=400)
        case IdempotencyMismatch():
            # The key has made an order already, and the page was changed and sent again: that is a new order.
            text = _("You already ordered from this page. Press Pay if you want to order again.")
            return _render(request, _renewed(form), things, Notice(text))
        case IdempotencyInProgress():
            text = _("Your order is being made.")
            return _render(request, form, things, Notice(text, retry_after_s=1, retries=True))
        case StockBusy():
            text = _("Very many people are buying this right now. Nothing was taken; please press Pay again.")
            return _render(request, form, things, Notice(text, status=503, retry_after_s=BUSY_RETRY_S))
        case OverCap(sku, cap, already):
            name = next(str(line.variant) for line in things.lines if line.variant.sku == sku)
            text = ngettext(
                "One person can have %(cap)d of %(name)s. You have %(already)d already.",
                "One person can have %(cap)d of %(name)s. You have %(already)d already.",
                cap,
            ) % {"cap": cap, "name": name, "already": already}
        case MixedCurrencies():
            text = _("These things are sold in different currencies. Please order them one by one.")
        case UnknownSku():
            text = _("Something changed while you were here. Please look at the new total.")
        case _:
            text = _("This could not be ordered. Nothing was taken.")
    return _render(request, form, wanted.read(dict(things.pairs)), Notice(text))


def _render(
    request: HttpRequest, form: CheckoutForm, things: Wanted, notice: Notice | None = None, *, status: int = 0
) -> HttpResponse:
    if not things.lines:
        return render(request, "orders/checkout_empty.html", {"gone": [], "source": "cart"}, status=409)
    code, country = str(form["postal_code"].value() or ""), str(form["country"].value() or "")
    day = None if postal_code_error(code, country) else _day(things.skus, code, country)
    context = {
        "form": form,
        "things": things,
        "left": things.left if things.shortages else None,
        "notice": notice,
        "day": day,
        "postal_code": code,
        "window_minutes": max(1, settings.PAYMENT_WINDOW_S // 60),
        "is_test": settings.PAYMENT_PROVIDER == "sandbox",
        "delivery_url": reverse("orders:checkout-delivery"),
    }
    response = render(request, "orders/checkout.html", context, status=status or (notice.status if notice else 200))
    if notice and notice.retry_after_s:
        response["Retry-After"] = str(notice.retry_after_s)
    return response


def _renewed(form: CheckoutForm) -> CheckoutForm:
    """Return the same form with a new key, for another order."""
    return CheckoutForm(dict(form.data.items()) | {"key": str(uuid.uuid4())})


def _day(skus: list[str], postal_code: str, country: str) -> date | None:
    """Return when the last of these arrives."""
    estimates = delivery.estimate(skus, postal_code=postal_code, country=country)
    return max((estimate.delivery_on for estimate in estimates.values()), default=None)


def _known_address(request: HttpRequest, earlier: Order | None) -> dict[str, str]:
    """Return what this person need not type again."""
    names = ("name", "line1", "city", "postal_code", "country")
    if earlier:
        return {"email": earlier.email} | {name: getattr(earlier, name) for name in names}
    if isinstance(request.user, User):
        known = addresses.find_newest(request.user)
        if known:
            return {"email": request.user.email} | {name: getattr(known, name) for name in names}
        return {"email": request.user.email, "name": request.user.display_name}
    return {"postal_code": request.session.get(place.SESSION_KEY, "")}


def _earlier_order(request: HttpRequest) -> Order | None:
    """Return the order named by `?again=`, if it may be seen."""
    try:
        return guests.find_order(uuid.UUID(request.GET.get("again", "")), user=request.user, session=request.session)
    except (ValueError, Order.DoesNotExist):
        return None


def _quantity(text: str) -> int:
    return min(max(1, int(text[:18])), QUANTITY_MOST) if text.isascii() and text.isdigit() else 1
