"""One's API tokens on a page: seeing them, and ending them."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shop.models import User
from shop.people import tokens


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Show one's tokens; POST ends the one that `token` names, or without it all of them."""
    assert isinstance(request.user, User)  # noqa: S101 (login_required)
    if request.method != "POST":
        return render(request, "shop/tokens.html", {"tokens": tokens.list_good(request.user)})
    ending = request.user.api_tokens.all()
    if "token" in request.POST:
        try:
            ending = ending.filter(pk=uuid.UUID(request.POST["token"]))
        except ValueError as error:
            raise Http404 from error
    if tokens.revoke(ending):
        messages.success(request, _("Revoked: nothing opens your account with it any more."))
    return redirect("shop:tokens")
