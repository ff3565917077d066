"""The moderators' page of a show, and what moderating does. Hosts do the same in their studio; all works by forms."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inventory import attempts
from inventory.exceptions import StockBusy
from shop import audit
from shop.models import User
from streams.chat import messages as chat_messages
from streams.chat import moderators, partitions, pinned, review, screening, silences
from streams.exceptions import CantModerate
from streams.host import chat_panel, texts
from streams.host.forms import BLOCKED_WORDS_MAX, SLOW_MODES, RulesForm
from streams.host.pages import own_show
from streams.models import ChatMessage, Silence, StreamSession

P = ParamSpec("P")


def moderated_show(
    view: Callable[Concatenate[HttpRequest, StreamSession, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Give a view the show that its address names, if the person may moderate it; others' are not found.

    What can't be done leads back with a word. A form that is sent again does nothing more.
    """

    @wraps(view)
    def with_show(request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            session = moderators.list_moderated(_person(request)).get(slug=slug)
        except StreamSession.DoesNotExist:
            raise Http404 from None
        try:
            return view(request, session, *args, **kwargs)
        except StockBusy:
            messages.error(request, _("That did not work just now, and nothing was changed. Please try again."))
        except CantModerate as cant:
            messages.error(request, texts.of_cant_moderate(cant))
        return _back(request, session)

    return login_required(never_cache(attempts.once(with_show)))


@require_safe
@moderated_show
def page(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Show a show's chat to those who keep it kind."""
    person = _person(request)
    return render(
        request,
        "streams/host/moderation.html",
        {
            "session": session,
            "talk": chat_panel.read(session),
            "slow_modes": sorted({*SLOW_MODES, session.slow_mode_s}),
            "is_host": person.pk == session.host_id,
            "me": {"name": person.public_name, "role": moderators.role_of(session, person)},
            "sentences": texts.of_studio(),
        },
    )


@require_POST
@moderated_show
def act(request: HttpRequest, session: StreamSession, message_id: str) -> HttpResponse:
    """Do something about a message, or about who wrote it; `do` says what (`time_out:600`)."""
    message = partitions.find(session, message_id)
    if message is None:
        raise Http404
    actor = _actor(request)
    do, _colon, length = request.POST.get("do", "").partition(":")
    match do:
        case "remove":
            chat_messages.remove(message, actor=actor)
        case "approve":
            review.approve(message, actor=actor)
        case "pin":
            pinned.pin(session, message, actor=actor)
        case "time_out":
            seconds = _seconds(length)
            until = silences.time_out(session, _author(message), seconds, actor=actor)
            messages.success(request, texts.of_time_out(message.author_name, seconds, until))
        case "ban":
            network = message.network if settings.CHAT_BANS_NETWORKS else ""
            with transaction.atomic():
                silences.ban(session, _author(message), actor=actor, network=network)
                chat_messages.remove_all(session, _author(message), actor=actor)
            messages.success(request, _("%(name)s can't write here any more.") % {"name": message.author_name})
        case _:
            raise BadRequest
    return _back(request, session)


@require_POST
@moderated_show
def unpin(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Take the pinned message off."""
    pinned.pin(session, None, actor=_actor(request))
    return _back(request, session)


@require_POST
@moderated_show
def lift(request: HttpRequest, session: StreamSession, silence_id: int) -> HttpResponse:
    """Let somebody write again."""
    silence = Silence.objects.select_related("user").filter(host=session.host_id, pk=silence_id).first()
    if silence is not None:
        silences.lift(session, silence.user, actor=_actor(request))
    return _back(request, session)


@require_POST
@own_show
def name(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Trust somebody with this show's chat: hosts only."""
    try:
        user = moderators.name(session, request.POST.get("email", "").replace("\x00", ""), actor=_actor(request))
    except CantModerate as cant:
        messages.error(request, texts.of_cant_name(cant))
    else:
        messages.success(request, _("%(name)s moderates this show now.") % {"name": user.public_name})
    return _back(request, session)


@require_POST
@own_show
def dismiss(request: HttpRequest, session: StreamSession, moderator_id: int) -> HttpResponse:
    """Have a moderator be a viewer again: hosts only."""
    moderator = session.moderators.select_related("user").filter(pk=moderator_id).first()
    if moderator is not None:
        moderators.dismiss(session, moderator.user, actor=_actor(request))
    return _back(request, session)


@require_POST
@own_show
def set_rules(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Decide what is looked at first: hosts only."""
    form = RulesForm(request.POST)
    if form.is_valid():
        chosen = form.cleaned_data
        blocked = screening.words_of(chosen["blocked_words"])
        chat_messages.set_rules(
            session, review=chosen["review"], links=chosen["links"], blocked_words=blocked, actor=_actor(request)
        )
        messages.success(request, _("The chat follows these rules from now on."))
    else:
        too_long = {"most": BLOCKED_WORDS_MAX}
        messages.error(
            request,
            _("Blocked words may be %(most)d characters in all. Nothing was changed.") % too_long
            if "blocked_words" in form.errors
            else _("Those rules could not be read. Nothing was changed."),
        )
    return _back(request, session)


def _seconds(chosen: str) -> int:
    """Raises BadRequest for a length that is not offered."""
    offered = {str(seconds): seconds for seconds in silences.TIME_OUTS_S}
    if chosen not in offered:
        raise BadRequest
    return offered[chosen]


def _author(message: ChatMessage) -> User:
    """Raises CantModerate for what nobody in particular said."""
    if message.author is None:
        raise CantModerate("unknown")
    return message.author


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 (login_required)
    return request.user


def _actor(request: HttpRequest) -> str:
    return audit.actor_of(_person(request))


def _back(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Lead back to the page that the form stood on: the host's studio, or the moderators' page."""
    is_studio = request.POST.get("back") == "studio" and session.host_id == _person(request).pk
    return redirect("streams:studio" if is_studio else "streams:moderation", slug=session.slug)
