"""How long we wait for a provider that answers nobody: once, not once a caller.

A buyer's click waits in a web thread. When a provider hangs during a rush, every thread would wait for it, and orders
with them. So the first call that gets no answer says so to all processes, and until one gets through again only one
call every PROBE_EVERY_S is let out; the others are told at once to try again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache

from orders.exceptions import ProviderSilent

SILENT_FOR_S = 30
PROBE_EVERY_S = 2


@contextmanager
def answering(provider: str) -> Iterator[None]:
    """Make one call to a provider. Raises ProviderSilent without making it while the provider answers nobody."""
    silent, probe = keys(provider)
    was_silent = cache.get(silent)
    if was_silent and not cache.add(probe, True, PROBE_EVERY_S):
        raise ProviderSilent(f"{provider} answered nobody a moment ago")
    try:
        yield
    except ProviderSilent:
        cache.set(silent, True, SILENT_FOR_S)
        raise
    if was_silent:
        cache.delete(silent)


def keys(provider: str) -> tuple[str, str]:
    """Return where the cache says that a provider is silent, and that one call is out to see."""
    return f"provider-silent:{provider}", f"provider-silent:{provider}:probe"
