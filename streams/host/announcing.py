"""A host announces over their own show. Staff do so over every page, in the admin."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shop import audit
from streams import announcements
from streams.host.forms import AnnouncementForm
from streams.host.pages import host_of, own_show
from streams.models import Announcement, StreamSession


@require_POST
@own_show
def announce(request: HttpRequest, session: StreamSession) -> HttpResponse:
    """Say something over the show's page, for some minutes or until it is ended."""
    form = AnnouncementForm(request.POST)
    if form.is_valid():
        minutes = form.cleaned_data["minutes"]
        announcements.make(
            form.cleaned_data["text"],
            kind=form.cleaned_data["kind"],
            session=session,
            until=timezone.now() + timedelta(minutes=minutes) if minutes else None,
            actor=audit.actor_of(host_of(request)),
        )
        messages.success(request, _("Everyone who watches reads it now."))
    else:
        messages.error(request, _("Write what to announce, in 280 characters at most."))
    return redirect("streams:studio", slug=session.slug)


@require_POST
@own_show
def end(request: HttpRequest, session: StreamSession, announcement_id: str) -> HttpResponse:
    """Take an announcement of this show off its page."""
    announcement = Announcement.objects.select_related("session").filter(session=session, pk=announcement_id).first()
    if announcement is not None:
        announcements.end(announcement, actor=audit.actor_of(host_of(request)))
    return redirect("streams:studio", slug=session.slug)
