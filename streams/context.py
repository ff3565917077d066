"""What every page knows of the shows."""

from django.http import HttpRequest


def on_air(request: HttpRequest) -> dict[str, object]:
    return {}
