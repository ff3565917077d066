"""Cart and wishlist."""

from contextlib import suppress
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inventory import delivery
from shop import cart, wishlist
from shop.exceptions import CartFull, QuantityRefused, ShopError, UnknownSku
from shop.http.redirects import back, safe_next
from shop.models import User
from shop.people import postal_code


@require_GET
def cart_page(request: HttpRequest) -> HttpResponse:
    """Show the cart, with what is gone or short said beside each line."""
    kept = cart.entries(cart.find(request))
    code = postal_code.postal_code(request)
    days = delivery.estimate([entry.line.variant.sku for entry in kept], postal_code=code) if kept else {}
    rows = [(entry, days[sku].delivery_on if (sku := entry.line.variant.sku) in days else None) for entry in kept]
    undelivered = [entry for entry, day in rows if day is None and not entry.is_gone]
    return render(
        request,
        "shop/cart.html",
        {
            "rows": rows,
            "totals": cart.totals(kept),
            "postal_code": code,
            "quantity_most": cart.QUANTITY_MAX,
            "problems": [entry for entry in kept if entry.is_gone or entry.is_short] + undelivered,
            "can_check_out": bool(kept) and not any(e.is_gone or e.is_short for e in kept) and not undelivered,
        },
    )


@require_POST
def change_line(request: HttpRequest) -> HttpResponse:
    """Change one line: `action` is add (unless said), set or remove; `then` is cart, checkout, or empty for `next`.

    A script that says `Accept: application/json` gets `{count}`, or `{detail}` with status 400.
    """
    sku = request.POST.get("sku", "")
    action = request.POST.get("action", "add")
    then = request.POST.get("then", "")
    quantity = _number(request.POST.get("quantity", "1"))
    try:
        if action == "remove" or (action == "set" and quantity == 0):
            kept = cart.find(request)
            if kept:
                cart.remove(kept, [sku])
            said = _("Taken out of your cart.")
        elif then == "checkout":
            cart.get_variant(sku)
            query = urlencode({"sku": sku, "quantity": max(1, min(quantity, cart.QUANTITY_MAX))})
            return redirect(f"{reverse('orders:checkout')}?{query}")
        elif action == "set":
            cart.change(request, cart.set_line, sku=sku, quantity=quantity)
            said = ""  # the cart shows it
        else:
            line = cart.change(request, cart.add, sku=sku, quantity=quantity)
            said = _("%(name)s is in your cart.") % {"name": line.variant}
    except ShopError as error:
        return _refuse(request, _words(error))
    if _wants_json(request):
        return JsonResponse({"count": cart.count(request), "said": said})
    if said:
        messages.success(request, said)
    return redirect("shop:cart") if then == "cart" else back(request, reverse("shop:cart"))


@require_GET
def wishlist_page(request: HttpRequest) -> HttpResponse:
    """Show the wishlist; a guest is told what it is for."""
    wishes = wishlist.wishes(request.user) if isinstance(request.user, User) else []
    code = postal_code.postal_code(request)
    days = delivery.estimate([wish.item.variant.sku for wish in wishes], postal_code=code) if wishes else {}
    rows = [(wish, days[sku].delivery_on if (sku := wish.item.variant.sku) in days else None) for wish in wishes]
    return render(request, "shop/wishlist.html", {"rows": rows, "postal_code": code})


@require_POST
def wish(request: HttpRequest) -> HttpResponse:
    """Wish for a SKU, or with `action` remove, stop.

    A guest signs in first, then the thing is on their list and they are back on the page.
    """
    if not isinstance(request.user, User):
        if request.POST.get("action", "add") != "remove":
            with suppress(UnknownSku):
                wishlist.keep(request.session, sku=request.POST.get("sku", ""))
        login = redirect_to_login(safe_next(request) or reverse("shop:wishlist"))
        if _wants_json(request):
            return JsonResponse({"login": login.url}, status=401)
        return login
    sku = request.POST.get("sku", "")
    is_wish = request.POST.get("action", "add") != "remove"
    try:
        if is_wish:
            wishlist.add(request.user, sku=sku)
        else:
            wishlist.remove(request.user, sku=sku)
    except UnknownSku as error:
        return _refuse(request, _words(error))
    if _wants_json(request):
        return JsonResponse({"wished": is_wish})
    messages.success(request, _("It is on your wishlist.") if is_wish else _("Taken off your wishlist."))
    return back(request, reverse("shop:wishlist"))


def _refuse(request: HttpRequest, words: str) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"detail": words}, status=400)
    messages.error(request, words)
    return back(request, reverse("shop:cart"))


def _words(error: ShopError) -> str:
    if isinstance(error, QuantityRefused):
        return _("A cart takes 1 to %(most)d of one thing.") % {"most": cart.QUANTITY_MAX}
    if isinstance(error, CartFull):
        return _("Your cart is full: it has room for %(most)d different things.") % {"most": error.most}
    return _("That is no longer for sale.")


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"


def _number(text: str) -> int:
    """Read a quantity; what is none is refused like -1."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
