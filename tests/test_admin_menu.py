"""The admin's menu: all that is registered, for whom may see it, and nothing that leads to a refusal."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client, RequestFactory
from django.urls import reverse

from config import admin_theme
from shop.models import User
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db

REGISTERED = {
    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
}


def menu_of(user: User) -> dict[str, list[str]]:
    request = RequestFactory().get("/admin/")
    request.user = user
    return {str(group["title"]): [str(item["link"]) for item in group["items"]] for group in admin_theme.menu(request)}


def test_all_that_is_registered_is_in_the_menu_of_a_superuser_once(client: Client) -> None:
    boss = User.objects.create_superuser("admin@example.com")
    client.force_login(boss)

    links = [link for group in menu_of(boss).values() for link in group]

    assert sorted(links) == sorted(REGISTERED)
    page = client.get(reverse("admin:index")).content.decode()
    assert [link for link in links if f'href="{link}"' not in page] == []
    assert [link for link in links if client.get(link).status_code != 200] == []


def test_what_stands_in_no_group_is_listed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_theme, "GROUPS", admin_theme.GROUPS[1:])

    menu = menu_of(User.objects.create_superuser("admin@example.com"))

    assert sorted(link for group in menu.values() for link in group) == sorted(REGISTERED)
    assert reverse("admin:orders_order_changelist") in menu["More"]


def test_every_model_has_a_place_of_its_own_in_the_menu() -> None:
    assert "More" not in menu_of(User.objects.create_superuser("admin@example.com"))


def test_a_role_sees_what_it_may_open_and_nothing_else(client: Client) -> None:
    clerk = make_user(is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "change_product", "add_refund"]))
    client.force_login(clerk)

    menu = menu_of(clerk)

    orders = [reverse("admin:orders_order_changelist"), reverse("admin:orders_archivedorder_changelist")]
    products = [reverse("admin:shop_product_changelist")]
    assert menu == {"Selling": orders, "Catalogue": products}
    page = client.get(reverse("admin:index")).content.decode()
    assert [link for link in REGISTERED.difference(orders, products) if f'href="{link}' in page] == []
    assert {link for link in REGISTERED if client.get(link).status_code == 200} == {*orders, *products}


def test_staff_without_any_permission_have_an_empty_menu() -> None:
    assert menu_of(make_user(is_staff=True)) == {}
