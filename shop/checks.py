"""What `manage.py check --deploy` says about accounts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def staff_by_password_alone(**_: Any) -> list[CheckMessage]:
    """Warn of a shop that the world can reach and whose admin opens by a password alone."""
    if settings.STAFF_SECOND_FACTOR or settings.DEBUG or not settings.SITE_URL.startswith("https:"):
        return []
    return [
        Warning(
            "Staff may sign in without a second factor.",
            hint="Set STAFF_SECOND_FACTOR=1 (docs/settings.md).",
            id="shop.W001",
        )
    ]
