"""What `manage.py check --deploy` says about orders."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def play_money(**_: Any) -> list[CheckMessage]:
    """Warn of a shop that the world can reach and that gives its goods away."""
    if settings.PAYMENT_PROVIDER != "sandbox" or settings.DEBUG or not settings.SITE_URL.startswith("https:"):
        return []
    return [
        Warning(
            "The sandbox takes the orders: nobody pays real money.",
            hint="Set PAYMENT_PROVIDER=stripe and its keys (docs/settings.md).",
            id="orders.W001",
        )
    ]
