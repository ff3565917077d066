"""Who did what, when and why; written in the transaction of the deed."""

from typing import Any

from shop.models import AuditEntry


def record(*, actor: str, action: str, subject: str, reason: str = "", **data: Any) -> AuditEntry:
    """Write one entry. `actor` and `subject` are opaque words such as `user:<uuid>` and `order:<uuid>`."""
    return AuditEntry.objects.create(actor=actor, action=action, subject=subject, reason=reason, data=data)
