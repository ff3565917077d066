"""What `manage.py check --deploy` says about streams."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def open_stream_limit(**_: Any) -> list[CheckMessage]:
    """Warn of a stream-limit API that takes streams from anybody in the world."""
    if settings.STREAM_LIMIT_TOKEN or settings.DEBUG or not settings.SITE_URL.startswith("https:"):
        return []
    return [
        Warning(
            "The stream-limit API asks nobody who they are: anybody can take and give back everybody's streams.",
            hint="Set STREAM_LIMIT_TOKEN (docs/stream-limit.md), or keep /video-streams/ from the outside.",
            id="streams.W001",
        )
    ]
