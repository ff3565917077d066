"""Payment providers behind one small interface. None of its calls may be made inside a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from orders.models import Payment

PROVIDERS = {"sandbox": "orders.providers.sandbox.Sandbox"}


@dataclass(frozen=True)
class Opened:
    """A payment that the provider has opened: its name for it, and the page where the buyer pays."""

    ref: str
    url: str


@dataclass(frozen=True)
class Fetched:
    """What the provider says of a payment now."""

    state: Payment.State
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class ProviderEvent:
    """A signed message: which payment to look at. What happened is fetched, not believed."""

    event_id: str
    kind: str
    ref: str


class Provider(Protocol):
    """Every call may raise ProviderAway (try again); each can be made twice with one effect."""

    def open(self, *, key: str, amount_minor: int, currency: str, description: str, return_url: str) -> Opened: ...

    def close(self, ref: str) -> None: ...

    def fetch(self, ref: str) -> Fetched: ...

    def refund(self, ref: str, *, key: str, amount_minor: int) -> None: ...

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        """Raises BadSignature."""
        ...


def get_provider(name: str = "") -> Provider:
    """Return a provider by name (default: PAYMENT_PROVIDER). Raises KeyError for an unknown one."""
    provider: Provider = import_string(PROVIDERS[name or settings.PAYMENT_PROVIDER])()
    return provider
