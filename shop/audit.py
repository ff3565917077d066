"""Who did what, when and why; written in the transaction of the deed."""

from collections.abc import Mapping
from typing import Any

from shop.models import AuditEntry


def record(*, actor: str, action: str, subject: str, reason: str = "", **data: Any) -> AuditEntry:
    """Write one entry. `actor` and `subject` are opaque words such as `user:<uuid>` and `order:<uuid>`."""
    return AuditEntry.objects.create(actor=actor, action=action, subject=subject, reason=reason, data=data)


def record_all(*, actor: str, action: str, subjects: Mapping[str, Mapping[str, Any]], reason: str = "") -> None:
    """Write one entry for each subject, with its own data, in one statement."""
    AuditEntry.objects.bulk_create(
        AuditEntry(actor=actor, action=action, subject=subject, reason=reason, data=dict(data))
        for subject, data in subjects.items()
    )
