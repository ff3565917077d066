"""{% announcements_now as list %}: what is said over this page."""

from collections.abc import Iterable

from django import template
from django.template import Context

from streams import announcements
from streams.models import Announcement, StreamSession

register = template.Library()


@register.simple_tag(takes_context=True)
def announcements_now(context: Context) -> Iterable[Announcement]:
    """Return what is said over every page, and over the show that this page is about, if it is about one."""
    session = context.get("session")
    return announcements.in_force(session if isinstance(session, StreamSession) else None)
