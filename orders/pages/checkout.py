"""One page from wanting things to having them held."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from inventory import delivery, folding, postal
from inventory.exceptions import StockBusy
from orders import access, placing, preview
from orders.exceptions import (
    CartChanged,
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
from orders.forms import CheckoutForm, postal_code_error, unserved
from orders.models import Order
from orders.notices.texts import name
from orders.preview import OrderPreview
from shop import cart
from shop.cart import QUANTITY_MAX
from shop.exceptions import UnknownSku as NotForSale
from shop.models import User
from shop.people import addresses, postal_code
from shop.people.address_forms import initial_of
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
    things = preview.read(units, names=form.cleaned_data.get("names"))
    if "change_country" in request.POST:
        return _render(request, CheckoutForm(initial=dict(request.POST.items())), things, status=200)
    if things.is_mixed:
        return _render_currencies(request, things, status=409)
    if not form.is_valid():
        return _render(request, form, things, status=400)
    if things.missing or things.total_minor != total_minor:
        text = _withdrawn(things) or _("Something changed while you were here. Please look at the new total.")
        return _render(request, _renewed(form), things, None if things.shortages else Notice(text), status=409)
    return _order(request, form, things)


@require_safe
def delivery_fragment(request: HttpRequest) -> JsonResponse:
    """Answer the day for a postal code, for a page whose shopper is still typing."""
    code, country = request.GET.get("postal_code", "")[:32], folding.country(request.GET.get("country", "")[:8])
    error = postal_code_error(code, country)
    day = None if error else _day(list(filter(is_text, request.GET.getlist("sku")[:100])), code, country)
    context = {"day": day, "place": _place_name(code, country)}
    return JsonResponse({"error": error, "html": render_to_string("orders/_delivery.html", context, request)})


def _fresh(request: HttpRequest) -> HttpResponse:
    earlier = _earlier_order(request)
    if sku := request.GET.get("sku", ""):
        source, things = "direct", _direct(sku, _quantity(request.GET.get("quantity", "")))
    elif earlier:
        source, things = "again", preview.read(preview.of_order(earlier), names=_names_in(earlier))
    else:
        source, things = "cart", preview.read_cart(request, currency=request.GET.get("currency", "")[:3])
    if things.is_mixed:
        return _render_currencies(request, things, status=200)
    if not things.left.lines:
        status = 404 if source == "direct" and things.missing else 200
        context = {"gone": things.lines, "source": source, "withdrawn": _withdrawn(things)}
        return render(request, "orders/checkout_empty.html", context, status=status)
    session = request.GET.get("session", "")[:100] or (earlier.session if earlier else "")
    form = CheckoutForm(initial={**_known_address(request, earlier), "session": session, "source": source})
    missed = _missed(things)
    return _render(request, form, things.left, Notice(missed, status=200) if missed else None, status=200)


def _direct(sku: str, quantity: int) -> OrderPreview:
    """Look up what a link names, or what somebody typed into one in another case."""
    found = preview.read({sku: quantity})
    if not found.missing:
        return found
    try:
        return preview.read({cart.get_variant(sku).sku: quantity})
    except NotForSale:
        return found


def _render_currencies(request: HttpRequest, things: OrderPreview, *, status: int) -> HttpResponse:
    """Offer one order for each currency: sums of two can't be added up, nor paid at once."""
    groups = [
        (currency, total, [line for line in things.lines if line.variant.currency == currency])
        for currency, total in things.totals.items()
    ]
    return render(request, "orders/checkout_currencies.html", {"groups": groups}, status=status)


def _missed(things: OrderPreview) -> str:
    """Say what can't be had, before anything is entered; the page then offers the rest."""
    few = [
        _("%(name)s: only %(n)d left.") % {"name": line.variant, "n": line.available}
        for line in things.shortages
        if line.available
    ]
    gone = [str(line.variant) for line in things.lines if not line.available]
    if gone:
        text = ngettext("%(names)s is sold out.", "%(names)s are sold out.", len(gone))
        few.append(text % {"names": _listed(gone)})
    return " ".join(filter(None, [*few, _withdrawn(things)]))


def _withdrawn(things: OrderPreview) -> str:
    """Say what is not sold any more, by its name where the shopper knows it."""
    names = [missing.name for missing in things.missing if missing.name]
    nameless = len(things.missing) - len(names)
    if nameless:
        names.append(ngettext("one thing", "%(n)d things", nameless) % {"n": nameless})
    text = ngettext("%(names)s is no longer for sale.", "%(names)s are no longer for sale.", len(things.missing))
    return capfirst(text % {"names": _listed(names)}) if names else ""


def _listed(names: Sequence[str]) -> str:
    """Join names for a sentence: "Vase, M; Mug and Bowl"."""
    return _(" and ").join(filter(None, ["; ".join(names[:-1]), names[-1]]))


def _order(request: HttpRequest, form: CheckoutForm, things: OrderPreview) -> HttpResponse:
    entered = form.cleaned_data
    address = form.shipping_address()
    intent = placing.Intent(
        lines=things.pairs,
        email=entered["email"],
        address=address,
        key=entered["key"].hex,
        body=[things.pairs, entered["email"], vars(address), entered["session"]],
        session=entered["session"],
        is_cart=entered["source"] == "cart",
    )
    try:
        order = placing.place_order(request, intent)
    except InsufficientStock as refusal:
        return _render(request, form, things.with_shortages(refusal.shortages), status=409)
    except (OrderRefused, StockBusy) as refusal:
        return _refuse(request, form, things, refusal)
    return redirect("orders:pay", order.id)


def _refuse(
    request: HttpRequest, form: CheckoutForm, things: OrderPreview, refusal: OrderRefused | StockBusy
) -> HttpResponse:
    match refusal:
        case Undeliverable():
            form.add_error("postal_code", unserved())
            return _render(request, form, things, status=400)
        case IdempotencyMismatch():
            # The key has made an order already, and the page was changed and sent again: that is a new order.
            text = _("You already ordered from this page. Press Pay if you want to order again.")
            return _render(request, _renewed(form), things, Notice(text))
        case CartChanged():
            # Pressed again, it is an order of what the page shows, wherever that has gone.
            text = _(
                "These are not in your cart any more: you ordered them already, or took them out. "
                "Press Pay if you want them all the same."
            )
            return _render(request, _renewed(form, source="direct"), things, Notice(text))
        case TooManyOrders(retry_after_s):
            text = _("That was a lot of orders in a short time. Please wait a moment, then press Pay again.")
            return _render(request, form, things, Notice(text, status=429, retry_after_s=retry_after_s))
        case IdempotencyInProgress():
            text = _("Your order is being made.")
            return _render(request, form, things, Notice(text, retry_after_s=1, retries=True))
        case StockBusy():
            text = _("Very many people are buying this right now. Nothing was taken; please press Pay again.")
            return _render(request, form, things, Notice(text, status=503, retry_after_s=BUSY_RETRY_S))
        case OverCap(sku, cap, already):
            text = _("One person can have %(cap)d of %(name)s.") % {"cap": cap, "name": _name_of(things, sku)}
            text += " " + (
                _("Sign in with an address that you have confirmed, so that we know what is yours.")
                if already is None
                else _("You have %(already)d already.") % {"already": already}
            )
        case TooManyUnpaid(sku, most, is_own):
            text = (
                _("At most %(most)d of %(name)s can be held before they are paid. Take fewer, or pay for some first.")
                if is_own
                else _("Very many of %(name)s are held for people in your network. Please try again in some minutes.")
            ) % {"most": most, "name": _name_of(things, sku)}
        case MixedCurrencies():
            return _render_currencies(request, things, status=409)
        case UnknownSku():
            again = preview.read(dict(things.pairs), names=form.cleaned_data["names"])
            text = _withdrawn(again) or _("Something changed while you were here. Please look at the new total.")
        case _:
            text = _("This could not be ordered. Nothing was taken.")
    things = preview.read(dict(things.pairs), names=form.cleaned_data["names"])
    return _render(request, form, things, Notice(text))


def _name_of(things: OrderPreview, sku: str) -> str:
    return next(str(line.variant) for line in things.lines if line.variant.sku == sku)


def _render(
    request: HttpRequest, form: CheckoutForm, things: OrderPreview, notice: Notice | None = None, *, status: int = 0
) -> HttpResponse:
    if not things.lines:
        nothing = {"gone": [], "source": "cart", "withdrawn": _withdrawn(things)}
        return render(request, "orders/checkout_empty.html", nothing, status=409)
    code, country = str(form["postal_code"].value() or ""), form.rules.country
    day = None if postal_code_error(code, country) else _day(things.skus, code, country)
    context = {
        "form": form,
        "things": things,
        "left": things.left if things.shortages else None,
        "notice": notice,
        "day": day,
        "place": _place_name(code, country),
        "window_minutes": max(1, settings.PAYMENT_WINDOW_S // 60),
        "is_test": settings.PAYMENT_PROVIDER == "sandbox",
        "delivery_url": reverse("orders:checkout-delivery"),
    }
    response = render(request, "orders/checkout.html", context, status=status or (notice.status if notice else 200))
    if notice and notice.retry_after_s:
        response["Retry-After"] = str(notice.retry_after_s)
    return response


def _renewed(form: CheckoutForm, **changed: str) -> CheckoutForm:
    """Return the same form with a new key, for another order."""
    return CheckoutForm(dict(form.data.items()) | {"key": str(uuid.uuid4())} | changed)


def _place_name(code: str, country: str) -> str:
    """Return what is said for a place that something is sent to: its code, or its country where there are none."""
    return postal.write_code(code, country) or addresses.country_name(country)


def _day(skus: list[str], postal_code: str, country: str) -> date | None:
    """Return when the last of these arrives."""
    estimates = delivery.estimate(skus, postal_code=postal_code, country=country)
    return max((estimate.delivery_on for estimate in estimates.values()), default=None)


def _known_address(request: HttpRequest, earlier: Order | None) -> dict[str, str]:
    """Return what this person need not type again."""
    if earlier:
        return {"email": earlier.email} | initial_of(earlier)
    if isinstance(request.user, User):
        known = addresses.find_newest(request.user)
        if known:
            return {"email": request.user.email} | initial_of(known)
        return {"email": request.user.email, "name": request.user.display_name}
    return {"postal_code": request.session.get(postal_code.SESSION_KEY, "")}


def _earlier_order(request: HttpRequest) -> Order | None:
    """Return the order named by `?again=`, if it may be seen."""
    try:
        return access.find_order(uuid.UUID(request.GET.get("again", "")), user=request.user, session=request.session)
    except (ValueError, Order.DoesNotExist):
        return None


def _names_in(order: Order) -> dict[str, str]:
    return {line.sku: name(line) for line in order.lines.all()}


def _quantity(text: str) -> int:
    return min(max(1, folding.number(text) or 1), QUANTITY_MAX)
