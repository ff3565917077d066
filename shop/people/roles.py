"""What people may do, and the record of who changed it.

Roles are `is_staff`, `is_superuser`, `is_host`, whether an account is active, groups, single permissions, and what a
group may do. Whichever code changes one, the change is written into the audit log, in its transaction; only bulk
updates that bypass the models (`QuerySet.update`, `bulk_create`) don't say so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_save, pre_delete, pre_save
from django.dispatch import receiver

from shop import audit
from shop.models import User

FLAGS = ("is_active", "is_host", "is_staff", "is_superuser")

_actor: ContextVar[str] = ContextVar("actor", default="system")


@contextmanager
def changed_by(actor: str) -> Iterator[None]:
    """Name who changes roles within; outside it is `system` (a command, an erasure)."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def is_privileged(user: User) -> bool:
    """Whether a person may do more than a shopper, and so may be touched by admins only."""
    return user.is_staff or user.is_superuser or user.groups.exists() or user.user_permissions.exists()


@receiver(pre_save, sender=User, dispatch_uid="shop.people.roles")
def _remember_flags(*, instance: User, raw: bool = False, update_fields: frozenset[str] | None, **_: Any) -> None:
    is_concerned = update_fields is None or not set(FLAGS).isdisjoint(update_fields)
    before = User.objects.filter(pk=instance.pk).values(*FLAGS).first() if is_concerned and instance.pk else None
    instance._flags_before = before or ({"is_active": True} if is_concerned else None)  # type: ignore[attr-defined]


@receiver(post_save, sender=User, dispatch_uid="shop.people.roles")
def _record_flags(*, instance: User, **_: Any) -> None:
    before = instance.__dict__.pop("_flags_before", None)
    if before is None:
        return
    now = {name: getattr(instance, name) for name in FLAGS}
    changed = {name: value for name, value in now.items() if value != before.get(name, False)}
    if changed:
        _record(f"user:{instance.public_id}", **changed)


@receiver(m2m_changed, sender=User.groups.through, dispatch_uid="shop.people.roles.groups")
@receiver(m2m_changed, sender=User.user_permissions.through, dispatch_uid="shop.people.roles.permissions")
@receiver(m2m_changed, sender=Group.permissions.through, dispatch_uid="shop.people.roles.group_permissions")
def _record_links(
    *,
    sender: type[Model],
    instance: Any,
    action: str,
    reverse: bool,
    model: type[Model],
    pk_set: set[int] | None,
    **_: Any,
) -> None:
    """Write down what was added or removed; clearing is told before, while it can still be seen what was there."""
    if action == "pre_clear":
        links = sender._default_manager.filter(**{str(instance._meta.model_name): instance})
        pk_set = set(links.values_list(str(model._meta.model_name), flat=True))
    elif action not in ("post_add", "post_remove"):
        return
    linked = list(model._default_manager.filter(pk__in=pk_set or ()))
    owners, given = (linked, [instance]) if reverse else ([instance], linked)
    for owner in owners if given else ():
        _record(_subject(owner), **{"added" if action == "post_add" else "removed": sorted(map(_named, given))})


@receiver(pre_delete, sender=Group, dispatch_uid="shop.people.roles.group")
def _record_deleted_group(*, instance: Group, **_: Any) -> None:
    """Whoever was in it loses what it allowed."""
    for user in instance.user_set.all():
        _record(_subject(user), removed=[_named(instance)])


def _subject(owner: Any) -> str:
    return f"user:{owner.public_id}" if isinstance(owner, User) else f"group:{owner.pk}"


def _named(what: Any) -> str:
    return f"group {what.name}" if isinstance(what, Group) else f"{what.content_type.app_label}.{what.codename}"


def _record(subject: str, **changes: Any) -> None:
    audit.record(actor=_actor.get(), action="change_role", subject=subject, **changes)
