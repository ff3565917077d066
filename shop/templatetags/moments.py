"""Moments in every page: `{% moment at "when" %}` for people, and the filter `|moment` for attributes."""

from datetime import datetime

from django import template
from django.template.defaultfilters import date as format_date
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

FORMATS = {"when": "j M, H:i e", "day": "j F Y", "hour": "H:i e"}


@register.simple_tag
def moment(at: datetime | None, kind: str = "when", css: str = "") -> SafeString | str:
    """Write a moment in the shop's time zone, which a script turns into the reader's (moments.js).

    It is written as "when" (day and hour), "day", or "hour"; what has an hour names its zone. None is nothing.
    """
    if at is None:
        return ""
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" data-local="{}"{}>{}</time>',
        local.isoformat(timespec="seconds"),
        kind,
        format_html(' class="{}"', css) if css else "",
        format_date(local, FORMATS[kind]),
    )


@register.filter(name="moment")
def moment_attribute(at: datetime | None) -> str:
    """Write a moment for `datetime=`: HTML takes three digits of a second and no more. Nothing for none."""
    return timezone.localtime(at).isoformat(timespec="milliseconds") if at else ""
