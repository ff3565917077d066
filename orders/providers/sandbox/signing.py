"""How the sandbox signs its webhooks. Its scheme is Stripe's: HMAC-SHA256 over `<time>.<body>`."""

import hmac
import time

from django.utils.crypto import salted_hmac

from orders.exceptions import BadSignature
from orders.providers import SIGNATURE_TOLERANCE_S

SIGNATURE_HEADER = "Sandbox-Signature"


def sign(body: bytes, *, at: int | None = None, signer: str = "webhooks") -> str:
    """Return the signature header of a webhook's body; `at` is Unix time in seconds. A forger is another `signer`."""
    at = int(time.time()) if at is None else at
    return f"t={at},v1={_digest(at, body, signer)}"


def check_signature(header: str, body: bytes) -> None:
    """Raises BadSignature for a wrong signature, or one older than the tolerance."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    try:
        at = int(parts.get("t", ""))
    except ValueError as error:
        raise BadSignature("no time in the signature") from error
    if not hmac.compare_digest(_digest(at, body, "webhooks").encode(), parts.get("v1", "").encode()):
        raise BadSignature("wrong signature")
    if abs(time.time() - at) > SIGNATURE_TOLERANCE_S:
        raise BadSignature("signature too old")


def _digest(at: int, body: bytes, signer: str) -> str:
    message = f"{at}.".encode() + body
    return hmac.new(salted_hmac("orders.sandbox", signer).digest(), message, "sha256").hexdigest()
