"""What the studio's forms do. Each answers by sending the browser back to the studio, so all work without script."""

from contextlib import suppress

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory import attempts
from shop import audit
from shop.text import is_text
from streams import broadcasts, captions, keys, pins, retention, run_list, shows
from streams.chat import messages as chat_messages
from streams.exceptions import ChatRefused, NotOnRunList, RunListFull, StateRefused, UnknownSkus
from streams.hls.exceptions import BadCaptions
from streams.host import texts
from streams.host.forms import RecordingForm, SlowModeForm, recording_of
from streams.host.pages import host_of, own_show
from streams.ingest.srt import slots
from streams.models import StreamSession
from streams.store.exceptions import StoreAway
from streams.texts import of_refusal

State = StreamSession.State


@require_POST
@own_show
def change_run_list(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Add, remove or move one SKU; `do` says which. Adding leads back to the search."""
    sku, deed, actor = _sku(request), request.POST.get("do", ""), _actor(request)
    try:
        if deed == "add":
            run_list.add(session, sku, actor=actor)
        elif deed == "remove":
            run_list.remove(session, sku, actor=actor)
        elif deed in {"up", "down"}:
            listed = run_list.skus(session)
            step = 1 if deed == "down" else -1
            run_list.move(session, sku, max(0, listed.index(sku) + step) if sku in listed else 0, actor=actor)
    except UnknownSkus:
        messages.error(request, _("The shop does not sell that any more."))
    except RunListFull as full:
        messages.error(request, _("A run list has room for %(most)d products.") % {"most": full.most})
    except NotOnRunList:
        messages.error(request, _("That is not on the run list any more."))
    except StateRefused:
        messages.error(request, _("The show has ended: its run list stays as it was."))
    words = request.POST.get("q", "")
    return _back(session, ask="add", q=words) if deed == "add" else _back(session)


@require_POST
@own_show
def pin(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Pin `sku`; an empty one unpins."""
    try:
        pins.pin(session, _sku(request) or None, actor=_actor(request))
    except NotOnRunList:
        messages.error(request, _("That is not on the run list any more."))
    except StateRefused:
        messages.error(request, _("The show has ended: nothing can be pinned now."))
    return _back(session)


@require_POST
@own_show
def go_live(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Let everyone see what the preview shows. Pressing it twice is fine."""
    if session.state == State.REHEARSAL:
        try:
            shows.go_live(session)
        except StateRefused:
            messages.error(request, _("The picture was lost just now. Start your encoder, then go live again."))
    elif not session.is_on_air:
        messages.error(request, _("There is no picture yet. Start your encoder first."))
    return _back(session)


@require_POST
@own_show
def end(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """End the show for good. Pressing it twice is fine."""
    with suppress(StateRefused):
        shows.end(session, actor=_actor(request))
    return _back(session)


@require_POST
@own_show
def rotate_key(request: HttpRequest, session: StreamSession) -> HttpResponse:
    try:
        keys.rotate(session, actor=_actor(request))
    except StateRefused:
        messages.error(request, _("The show has ended: its key opens nothing any more."))
    else:
        messages.success(request, _("There is a new key. Paste it into your encoder: the old one is refused."))
    return _back(session)


@require_POST
@own_show
def allow_takeover(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Decide whether a second publisher takes the first one's place, or is refused."""
    broadcasts.allow_takeover(session, "allowed" in request.POST, actor=_actor(request))
    return _back(session)


@require_POST
@own_show
def choose_recording(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Decide whether the show is recorded, and how long its replay is kept."""
    form = RecordingForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose how long the replay is kept."))
        return _back(session)
    is_recorded, replay_days = recording_of(form.cleaned_data["recording"])
    try:
        retention.choose(session, is_recorded=is_recorded, replay_days=replay_days, actor=_actor(request))
    except StateRefused:
        messages.error(request, _("The show has ended: what was not recorded, or is gone, can't be kept any more."))
    return _back(session)


@require_POST
@own_show
@attempts.several_transactions
def change_captions(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Give the replay the captions of a file, or take away those it has; `do` says which."""
    file = request.FILES.get("captions")
    try:
        if request.POST.get("do") == "remove":
            captions.remove(session, actor=_actor(request))
            messages.success(request, _("The captions are gone."))
        elif file is None:
            messages.error(request, _("Choose a WebVTT file first."))
        else:
            captions.give(session, file.read(captions.MOST_BYTES + 1), actor=_actor(request))
            messages.success(request, _("The replay has captions now. Viewers turn them on with a button."))
    except BadCaptions as bad:
        messages.error(request, texts.of_captions(bad))
    except StateRefused:
        messages.error(request, _("Captions belong to a replay, and there is none."))
    except StoreAway:
        messages.error(request, _("The captions could not be stored just now. Please try again."))
    return _back(session)


@require_POST
@own_show
def lease_port(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Get an SRT port for a show that had to give up its own."""
    if slots.lease(session) is None:
        messages.error(request, _("Every SRT port is in use just now. RTMP always works."))
    return _back(session)


@require_POST
@own_show
def set_slow_mode(request: HttpRequest, session: StreamSession) -> HttpResponse:
    form = SlowModeForm(request.POST)
    if form.is_valid():
        chat_messages.set_slow_mode(session, form.cleaned_data["seconds"], actor=_actor(request))
    else:
        messages.error(request, _("Choose one of the times for slow mode."))
    return _back(session)


@require_POST
@own_show
def say(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Say something in one's own show, without script."""
    try:
        chat_messages.post(session, author=host_of(request), text=request.POST.get("text", ""))
    except ChatRefused as refused:
        messages.error(request, of_refusal(refused))
    return _back(session)


def _sku(request: HttpRequest) -> str:
    """Return the SKU that a form names. Raises BadRequest for one that no database could know."""
    sku = request.POST.get("sku", "")
    if sku and not is_text(sku):
        raise BadRequest
    return sku


def _actor(request: HttpRequest) -> str:
    return audit.actor_of(host_of(request))


def _back(session: StreamSession, **query: str) -> HttpResponse:
    address = reverse("streams:studio", args=[session.slug])
    return redirect(f"{address}?{urlencode(query)}" if query else address)
