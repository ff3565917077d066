"""A person's own page: name, addresses, and the way to everything else of theirs."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from inventory import folding
from shop.models import Address, User
from shop.people import addresses, second_factor
from shop.people.accounts import ProfileForm
from shop.people.address_forms import AddressForm, describe, initial_of
from shop.people.addresses import KEPT_MAX


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show the account; POST changes the name in chat."""
    assert isinstance(request.user, User)  # noqa: S101 (login_required)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your name is changed."))
        return redirect("shop:account")
    return render(
        request,
        "shop/account.html",
        {
            "form": form,
            "addresses": request.user.addresses.all(),
            "may_add": request.user.addresses.count() < KEPT_MAX,
            "offers_second_factor": (request.user.is_host or request.user.is_staff)
            and not second_factor.is_set_up(request.user),
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add an address, or change or (POST with `action` remove) delete one of one's own."""
    assert isinstance(request.user, User)  # noqa: S101 (login_required)
    mine = request.user.addresses.all()
    kept = None if pk is None else get_object_or_404(mine, pk=pk)
    if pk is None and mine.count() >= KEPT_MAX:
        messages.error(request, _("You can keep %(most)d addresses.") % {"most": KEPT_MAX})
        return redirect("shop:account")
    if request.method == "POST" and kept and request.POST.get("action") == "remove":
        kept.delete()
        messages.success(request, _("The address is removed."))
        return redirect("shop:account")
    initial = initial_of(kept) if kept else {}
    if "change_country" in request.POST:
        form = AddressForm(initial=initial | dict(request.POST.items()))
    else:
        form = AddressForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_bound and form.is_valid():
        if kept:
            Address.objects.filter(pk=kept.pk).update(**form.address())
        else:
            addresses.remember(request.user, **form.address())
        messages.success(request, _("The address is kept."))
        return redirect("shop:account")
    return render(request, "shop/address.html", {"form": form, "address": kept})


@require_safe
def address_fields(request: HttpRequest) -> JsonResponse:
    """Describe what the addresses of a country have (`?country=`), for the scripts of forms that ask for one."""
    asked = folding.country(request.GET.get("country", ""))
    known = {code for code, _name in addresses.countries()}
    answer = JsonResponse(describe(asked if asked in known else settings.DEFAULT_COUNTRY))
    answer["Cache-Control"] = "public, max-age=300"
    return answer
