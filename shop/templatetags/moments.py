"""{% moment at "when" %}: a moment in the shop's time zone, which a script turns into the reader's (moments.js)."""

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
    """Write a moment: "when" (day and hour), "day", or "hour". What has an hour names its zone. None is nothing."""
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
