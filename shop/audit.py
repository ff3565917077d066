"""Who did what, when and why; written in the transaction of the deed."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser

from shop.models import AuditEntry, User

GUEST = "guest"


def actor_of(user: User | AnonymousUser) -> str:
    """Return the opaque name of a person in the audit log, and in what else is kept of who did something."""
    return f"user:{user.public_id}" if isinstance(user, User) else GUEST


def record(*, actor: str, action: str, subject: str, reason: str = "", **data: Any) -> AuditEntry:
    """Write one entry. `actor` and `subject` are opaque names such as `user:<uuid>` and `order:<uuid>`."""
    return AuditEntry.objects.create(actor=actor, action=action, subject=subject, reason=reason, data=data)


def forget_reasons(subjects: Iterable[str]) -> int:
    """Take out what staff typed as the reason of deeds on these; the deeds stay. Return of how many entries."""
    return AuditEntry.objects.filter(subject__in=list(subjects)).exclude(reason="").update(reason="")


def make_all(
    *, actor: str, action: str, subjects: Mapping[str, Mapping[str, Any]], reason: str = ""
) -> list[AuditEntry]:
    """Make an entry for each subject, with its data, to be written with the rows that it tells of (`bulk_insert`)."""
    return [
        AuditEntry(actor=actor, action=action, subject=subject, reason=reason, data=dict(data))
        for subject, data in subjects.items()
    ]
