"""Roles are granted by admins alone, and the audit log knows every change of one."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from shop.models import AuditEntry, User
from shop.people import erasure, roles
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db

SUBMITTED = {"_form_submitted": "True"}


def permission(name: str) -> Permission:
    label, _, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=label, codename=codename)


def staff_who_may(*names: str) -> User:
    staff = make_user(is_staff=True)
    staff.user_permissions.set([permission(name) for name in names])
    AuditEntry.objects.all().delete()
    return staff


PEOPLE = (
    "shop.view_user",
    "shop.add_user",
    "shop.change_user",
    "shop.delete_user",
    "auth.view_group",
    "auth.add_group",
    "auth.change_group",
    "auth.delete_group",
)


@pytest.fixture
def staff(client: Client) -> User:
    """Staff who may do with people whatever a permission allows."""
    staff = staff_who_may(*PEOPLE)
    client.force_login(staff)
    return staff


@pytest.fixture
def boss(client: Client) -> User:
    boss = User.objects.create_superuser("admin@example.com")
    AuditEntry.objects.all().delete()
    client.force_login(boss)
    return boss


def change(client: Client, user: User, **form: Any) -> int:
    flags = {name: "on" for name in ("is_active", "is_host", "is_staff", "is_superuser") if getattr(user, name)}
    data = {"email": user.email, "display_name": user.display_name, **flags, **form}
    data = {name: value for name, value in data.items() if value is not None}
    return client.post(reverse("admin:shop_user_change", args=[user.pk]), data).status_code


def role_of(user: User) -> tuple[bool, bool, int, int]:
    user.refresh_from_db()
    return user.is_staff, user.is_superuser, user.groups.count(), user.user_permissions.count()


def entries() -> list[tuple[str, str, dict[str, Any]]]:
    found = AuditEntry.objects.filter(action="change_role").order_by("id")
    return list(found.values_list("actor", "subject", "data"))


def test_staff_can_give_nobody_a_role(client: Client, staff: User) -> None:
    group = Group.objects.create(name="all powerful")
    someone = make_user()
    wanted = {"is_staff": "on", "is_superuser": "on", "groups": group.pk, "user_permissions": permission(PEOPLE[0]).pk}

    assert change(client, someone, display_name="seen", **wanted) == 302

    assert role_of(someone) == (False, False, 0, 0)
    assert someone.display_name == "seen"
    before = role_of(staff)
    assert change(client, staff, **wanted) == 403
    assert role_of(staff) == before


def test_staff_can_make_nobody_with_a_role(client: Client, staff: User) -> None:
    data = {"email": "new@example.com", "is_staff": "on", "is_superuser": "on", "is_host": "on"}
    assert client.post(reverse("admin:shop_user_add"), data).status_code == 302
    new = User.objects.get(email="new@example.com")
    assert (new.is_host, new.is_staff, new.is_superuser) == (True, False, False)


def test_staff_can_change_no_group(client: Client, staff: User) -> None:
    group = Group.objects.create(name="packers")
    staff.groups.add(group)
    theirs = permission("shop.delete_user").pk
    address = reverse("admin:auth_group_change", args=[group.pk])

    assert client.get(address).status_code == 200
    assert client.post(address, {"name": "packers", "permissions": theirs}).status_code == 403
    assert client.post(reverse("admin:auth_group_add"), {"name": "x", "permissions": theirs}).status_code == 403
    assert client.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"}).status_code == 403
    client.post(
        reverse("admin:auth_group_changelist"),
        {"action": "delete_selected", "_selected_action": group.pk, "post": "yes"},
    )
    assert list(group.permissions.all()) == []
    assert list(Group.objects.all()) == [group]


@pytest.mark.parametrize("fields", [{"is_staff": True}, {"is_superuser": True}, {"group": "x"}, {"permission": "x"}])
def test_staff_can_touch_nobody_who_has_a_role(client: Client, staff: User, fields: dict[str, Any]) -> None:
    flags = {name: value for name, value in fields.items() if name.startswith("is_")}
    other = make_user("boss@example.com", **flags)
    if "group" in fields:
        other.groups.add(Group.objects.create(name="packers"))
    if "permission" in fields:
        other.user_permissions.add(permission(PEOPLE[0]))
    new = {"password1": "a-long-enough-word", "password2": "a-long-enough-word"}

    assert client.get(reverse("admin:shop_user_change", args=[other.pk])).status_code == 200
    assert change(client, other, is_active=None) == 403
    assert client.post(reverse("admin:auth_user_password_change", args=[other.pk]), new).status_code == 403
    client.post(reverse("admin:shop_user_erase", args=[other.pk]), SUBMITTED)

    other.refresh_from_db()
    assert (other.is_active, other.email) == (True, "boss@example.com")
    assert other.check_password("showfloor")


def test_staff_set_nobodys_password_and_address(client: Client, staff: User) -> None:
    someone = make_user("a@example.com")
    new = {"password1": "a-long-enough-word", "password2": "a-long-enough-word"}
    assert client.post(reverse("admin:auth_user_password_change", args=[someone.pk]), new).status_code == 403
    change(client, someone, email="staffs-own@example.com")
    someone.refresh_from_db()
    assert someone.email == "a@example.com"
    assert someone.check_password("showfloor")


def test_nobody_edits_addresses_or_factors_in_the_admin() -> None:
    assert not admin.site.is_registered(EmailAddress)
    assert not admin.site.is_registered(Authenticator)


def test_staff_name_hosts_and_the_audit_log_names_them(client: Client, staff: User) -> None:
    someone = make_user()
    change(client, someone, is_host="on")
    someone.refresh_from_db()
    assert someone.is_host
    assert entries() == [(f"user:{staff.public_id}", f"user:{someone.public_id}", {"is_host": True})]


def test_an_admins_changes_are_in_the_audit_log(client: Client, boss: User) -> None:
    someone, group = make_user(), Group.objects.create(name="packers")
    actor, subject = f"user:{boss.public_id}", f"user:{someone.public_id}"

    change(client, someone, is_staff="on", groups=group.pk, user_permissions=permission("shop.view_user").pk)

    assert role_of(someone) == (True, False, 1, 1)
    assert entries() == [
        (actor, subject, {"is_staff": True}),
        (actor, subject, {"added": ["group packers"]}),
        (actor, subject, {"added": ["shop.view_user"]}),
    ]
    AuditEntry.objects.all().delete()
    someone.refresh_from_db()
    change(client, someone, is_staff=None, is_active=None)
    assert entries() == [
        (actor, subject, {"is_active": False, "is_staff": False}),
        (actor, subject, {"removed": ["group packers"]}),
        (actor, subject, {"removed": ["shop.view_user"]}),
    ]


def test_what_a_group_may_is_in_the_audit_log(client: Client, boss: User) -> None:
    group, member = Group.objects.create(name="packers"), make_user()
    member.groups.add(group)
    AuditEntry.objects.all().delete()
    actor = f"user:{boss.public_id}"
    address = reverse("admin:auth_group_change", args=[group.pk])

    client.post(address, {"name": "packers", "permissions": permission("shop.view_user").pk})
    client.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"})

    assert entries() == [
        (actor, f"group:{group.pk}", {"added": ["shop.view_user"]}),
        (actor, f"user:{member.public_id}", {"removed": ["group packers"]}),
    ]


def test_changes_by_code_are_in_the_audit_log_too() -> None:
    group = Group.objects.create(name="packers")
    someone = User.objects.create_user("packer@example.com", is_staff=True)
    subject = f"user:{someone.public_id}"
    group.user_set.add(someone)
    someone.display_name = "seen"
    someone.save()
    someone.groups.clear()
    someone.groups.clear()
    with roles.changed_by("user:me"):
        someone.is_staff = False
        someone.save(update_fields=["is_staff"])
    assert entries() == [
        ("system", subject, {"is_staff": True}),
        ("system", subject, {"added": ["group packers"]}),
        ("system", subject, {"removed": ["group packers"]}),
        ("user:me", subject, {"is_staff": False}),
    ]


def test_an_erasure_takes_roles_and_says_so() -> None:
    someone = make_user("a@example.com", is_staff=True)
    AuditEntry.objects.all().delete()
    erasure.erase("a@example.com", actor="system")
    data = [entry[2] for entry in entries()]
    assert {"is_staff": False} in data
    assert {"is_active": False} in data
    assert role_of(someone) == (False, False, 0, 0)


def test_a_change_that_fails_leaves_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    from shop import audit

    someone = make_user()

    def refuse(**_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(audit, "record", refuse)
    someone.is_staff = True
    with pytest.raises(RuntimeError):
        someone.save()
    assert role_of(someone)[0] is False
