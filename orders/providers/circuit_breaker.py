"""How long we wait for a provider that answers nobody: once, not once a caller.

A buyer's click waits in a web thread. When a provider hangs during a rush, every thread would wait for it, and orders
with them. So only a few threads of a process ask at once, and the first call that gets no answer says so to all
processes: until one gets through again only one call every PROBE_EVERY_S is let out; the others are told at once to
try again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.core.cache import cache

from orders.exceptions import ProviderSilent

ASKING_MAX = 8  # of web's 32 threads
TURN_WITHIN_S = 0.5
SILENT_FOR_S = 30
PROBE_EVERY_S = 2

_turns = BoundedSemaphore(ASKING_MAX)


@contextmanager
def answering(provider: str) -> Iterator[None]:
    """Make one call to a provider.

    Raises ProviderSilent without making it while the provider answers nobody, or while so many wait for its answer
    that another would take a thread from the pages.
    """
    silent, probe = keys(provider)
    was_silent = cache.get(silent)
    if was_silent and not cache.add(probe, True, PROBE_EVERY_S):
        raise ProviderSilent(f"{provider} answered nobody a moment ago")
    if not _turns.acquire(timeout=TURN_WITHIN_S):
        raise ProviderSilent(f"{provider} has not answered {ASKING_MAX} others yet")
    try:
        yield
    except ProviderSilent:
        cache.set(silent, True, SILENT_FOR_S)
        raise
    finally:
        _turns.release()
    if was_silent:
        cache.delete(silent)


def keys(provider: str) -> tuple[str, str]:
    """Return where the cache says that a provider is silent, and that one call is out to see."""
    return f"provider-silent:{provider}", f"provider-silent:{provider}:probe"
