"""What every page knows of its socket."""

from django.http import HttpRequest


def socket(request: HttpRequest) -> dict[str, object]:
    return {}
