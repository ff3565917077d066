"""What every page knows of the shopper's basket."""

from django.http import HttpRequest


def basket(request: HttpRequest) -> dict[str, object]:
    return {}
