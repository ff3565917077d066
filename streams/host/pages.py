"""The host's pages: their shows, and the studio. What a form does is in `actions`."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from inventory import attempts
from inventory.exceptions import StockBusy
from shop.models import User
from streams import access, addresses, announcements, captions, programme, shows
from streams.chat import screening
from streams.host import chat_panel, studio_page, texts
from streams.host.forms import REPLAY_DAYS, SLOW_MODES, PlanForm, recording_of
from streams.models import StreamSession

State = StreamSession.State
SHOWS_A_PAGE = 20
DIALOGS = frozenset({"end", "key", "keys", "add", "encoder", "chat", "announce"})

P = ParamSpec("P")


def host_of(request: HttpRequest) -> User:
    """Return the host who asks. Raises PermissionDenied for anyone else."""
    if not isinstance(request.user, User) or not request.user.is_host:
        raise PermissionDenied
    return request.user


def own_show(
    view: Callable[Concatenate[HttpRequest, StreamSession, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Give a view the show that its address names, if the host who asks owns it; others' are not found.

    A change that waited too long for another one leads back to the studio. A form sent again does nothing more.
    """

    @wraps(view)
    def with_show(request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            session = access.get_own(slug, host_of(request))
        except StreamSession.DoesNotExist:
            raise Http404 from None
        try:
            return view(request, session, *args, **kwargs)
        except StockBusy:
            messages.error(request, _("That did not work just now, and nothing was changed. Please try again."))
            return redirect("streams:studio", slug=slug)

    return login_required(never_cache(attempts.once(with_show)))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@attempts.once
def my_shows(request: HttpRequest) -> HttpResponse:
    """List a host's shows and plan a new one; tell others how one becomes a host."""
    assert isinstance(request.user, User)  # noqa: S101 (login_required)
    if not request.user.is_host:
        if request.method == "POST":
            raise PermissionDenied
        return render(request, "streams/host/become.html")
    form = PlanForm(request.POST or None, initial={"preview": True})
    if request.method == "POST" and form.is_valid():
        plan = form.cleaned_data
        is_recorded, replay_days = recording_of(plan["recording"])
        session = shows.create(
            host=request.user,
            title=plan["title"],
            description=plan["description"],
            starts_at=plan["starts_at"],
            has_preview=plan["preview"],
            is_recorded=is_recorded,
            replay_days=replay_days,
            blocked_words=screening.words_of(plan["blocked_words"]),
        )
        messages.success(request, _("Your show is planned. Next: what it presents, and how you send it."))
        return redirect("streams:studio", slug=session.slug)
    page = Paginator(access.list_own(request.user), SHOWS_A_PAGE).get_page(request.GET.get("page"))
    rows = programme.rows(page.object_list)[0]
    return render(
        request,
        "streams/host/shows.html",
        {
            "form": form,
            "replay_days": REPLAY_DAYS,
            "page": page,
            "running": [row for row in rows if row.session.is_on_air or row.session.state == State.REHEARSAL],
            "planned": sorted((row for row in rows if row.session.state == State.SCHEDULED), key=_soonest_first),
            "past": [row for row in rows if row.session.state == State.ENDED],
        },
        status=400 if form.errors else 200,
    )


def _soonest_first(row: programme.Row) -> tuple[bool, datetime]:
    """Order planned shows by their time; those without one come last."""
    starts_at = row.session.starts_at
    return starts_at is None, starts_at or row.session.created_at


@require_safe
@own_show
def studio(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Show the studio. `?ask=` opens one of its dialogs without script; `?q=` searches the shop in one of them."""
    asked = request.GET.get("ask", "")
    sought = request.GET.get("q", "").replace("\x00", "")[:100].strip()
    return render(
        request,
        "streams/host/studio.html",
        {
            "desk": studio_page.read(session),
            "talk": chat_panel.read(session),
            "is_host": True,
            "own_announcements": list(announcements.in_force(session).filter(session=session)),
            "session": session,
            "ask": asked if asked in DIALOGS else "",
            "words": sought,
            "found": studio_page.find_products(session, sought) if asked == "add" else [],
            "encoder": addresses.of_session(session, host=addresses.hostname(request.get_host())),
            "sentences": texts.of_studio(),
            "slow_modes": sorted({*SLOW_MODES, session.slow_mode_s}),
            "replay_days": sorted({*REPLAY_DAYS, session.replay_days or REPLAY_DAYS[0]}),
            "has_captions": captions.has_captions(session),
        },
    )
