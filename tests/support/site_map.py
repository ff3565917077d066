"""Which pages there are, read from the addresses themselves, so that a new one is not forgotten."""

from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver

# The operators' and the machines'; and parts of pages, which stand in no page of their own.
NO_PAGES = ("admin/", "api/", "health", "ready", "metrics", "video-streams/", "media", "static/")
PARTS = {"orders:checkout-delivery", "shop:address-fields", "streams:run-list"}


def addresses() -> dict[str, str]:
    """Return the address patterns of all pages by name. Some of them only take forms."""
    found = dict(_walk(get_resolver()))
    return {name: route for name, route in found.items() if not route.startswith(NO_PAGES) and name not in PARTS}


def plain_addresses() -> list[str]:
    """Return the addresses that name nothing. Signing out comes last."""
    plain = [f"/{route}" for route in addresses().values() if "<" not in route]
    return sorted(plain, key=lambda path: ("logout" in path, path))


def _walk(resolver: Any, route: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern, route + str(pattern.pattern), inner)
        else:
            yield f"{space}{pattern.name}", route + str(pattern.pattern)
