"""Payment providers behind one small interface. None of its calls may be made inside a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from orders.models import Payment, Refund

PROVIDERS = {"sandbox": "orders.providers.sandbox.Sandbox", "stripe": "orders.providers.stripe.Stripe"}

CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 6.0
SIGNATURE_TOLERANCE_S = 300


@dataclass(frozen=True)
class Opened:
    """A payment that the provider has opened: its name for it, and the page where the buyer pays."""

    ref: str
    url: str


@dataclass(frozen=True)
class Fetched:
    """What the provider says of a payment now. `amount_minor` and `currency` are what it took, once it succeeded."""

    state: Payment.State
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class Refunded:
    """What became of a refund: taken (DONE), under way (PENDING), or refused for good (FAILED) with the reason."""

    state: Refund.State
    why: str = ""


@dataclass(frozen=True)
class ProviderEvent:
    """A signed message: which payment to look at. What happened is fetched, not believed.

    `ref` is empty for a message about something else than a payment.
    """

    event_id: str
    kind: str
    ref: str


class Provider(Protocol):
    """Every call may raise ProviderAway (try again); each can be made twice with one effect."""

    def open(
        self, *, key: str, amount_minor: int, currency: str, description: str, return_url: str, form_url: str
    ) -> Opened:
        """Open a payment; the same key again is the same payment. Raises ProviderRefused (trying again is no help).

        `form_url` is a page of ours that shows the provider's card form, for one that has no page of its own.
        """
        ...

    def close(self, ref: str) -> None:
        """Have nobody pay any more. One that was paid meanwhile stays so: fetch it."""
        ...

    def fetch(self, ref: str) -> Fetched: ...

    def refund(self, ref: str, *, key: str, amount_minor: int, currency: str) -> Refunded:
        """Send money back, in the currency it came in.

        The same key again sends nothing, and tells how the first one stands.
        """
        ...

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        """Raises BadSignature."""
        ...


def get_provider(name: str = "") -> Provider:
    """Return a provider by name (default: PAYMENT_PROVIDER). Raises KeyError for an unknown one."""
    provider: Provider = import_string(PROVIDERS[name or settings.PAYMENT_PROVIDER])()
    return provider
