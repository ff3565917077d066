"""What somebody was told, newest first, and what of it they have read."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from shop.models import Notice, User
from shop.notifications import notices


@login_required
@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show one's notices, a page at a time: `before` names the last one of the page before."""
    assert isinstance(request.user, User)  # noqa: S101 (login_required)
    try:
        before = uuid.UUID(request.GET["before"]) if "before" in request.GET else None
        page = notices.page(request.user, before=before)
    except (ValueError, Notice.DoesNotExist) as error:
        raise Http404 from error
    return render(request, "shop/notices.html", {"page": page, "is_first": before is None})


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one notice as read and go to what it is about; without `notice`, mark all and stay."""
    assert isinstance(request.user, User)  # noqa: S101 (login_required)
    if "notice" not in request.POST:
        notices.read_all(request.user)
        return redirect("shop:notices")
    try:
        notice = notices.read(request.user, uuid.UUID(request.POST["notice"]))
    except (ValueError, Notice.DoesNotExist) as error:
        raise Http404 from error
    return redirect(notice.url or "shop:notices")
