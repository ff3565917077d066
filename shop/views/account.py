"""A person's own page: name, addresses, and the way to everything else of theirs."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from shop.accounts import AddressForm, ProfileForm
from shop.models import Address, User

ADDRESSES_MOST = 20


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
            "may_add": request.user.addresses.count() < ADDRESSES_MOST,
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add an address, or change or (POST with `action` remove) delete one of one's own."""
    assert isinstance(request.user, User)  # noqa: S101 (login_required)
    mine = request.user.addresses.all()
    kept = get_object_or_404(mine, pk=pk) if pk else Address(user=request.user)
    if pk is None and mine.count() >= ADDRESSES_MOST:
        messages.error(request, _("You can keep %(most)d addresses.") % {"most": ADDRESSES_MOST})
        return redirect("shop:account")
    if request.method == "POST" and pk and request.POST.get("action") == "remove":
        kept.delete()
        messages.success(request, _("The address is removed."))
        return redirect("shop:account")
    form = AddressForm(request.POST or None, instance=kept)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("The address is kept."))
        return redirect("shop:account")
    return render(request, "shop/address.html", {"form": form, "address": kept if pk else None})
