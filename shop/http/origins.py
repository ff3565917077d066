"""Which pages may open a socket. A browser sends Origin with every handshake; another site's page is refused."""

from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host


def is_ours(origin: str, *, host: str) -> bool:
    """Whether an Origin is one of ours: named in the settings, or an allowed host at the port of the pages.

    Where any host is allowed, the page's must be the one that the socket was asked from.
    """
    if origin in _named():
        return True
    try:
        page = urlsplit(origin)
        port = page.port or {"http": 80, "https": 443}.get(page.scheme)
    except ValueError:
        return False
    if page.scheme not in {"http", "https"} or port not in _ports() or not page.hostname:
        return False
    patterns = [pattern for pattern in settings.ALLOWED_HOSTS if pattern != "*"]
    if "*" in settings.ALLOWED_HOSTS:
        patterns.append(_hostname(host))
    return validate_host(_bracketed(page.hostname), patterns)


def _hostname(host: str) -> str:
    """Return the name in a Host header, which anybody may have written; an empty word for what is none."""
    try:
        return _bracketed(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return ""


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


@cache
def _named() -> frozenset[str]:
    return frozenset({settings.SITE_URL, *settings.CSRF_TRUSTED_ORIGINS})


@cache
def _ports() -> frozenset[int]:
    site = urlsplit(settings.SITE_URL)
    return frozenset({settings.PORT, site.port or (443 if site.scheme == "https" else 80)})
