"""Who may change roles in the admin, and that the audit log names them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from inventory.admin import actor_of
from shop.models import User
from shop.people import roles


def is_admin(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


def may_touch(request: HttpRequest, user: User | None) -> bool:
    """Whether this staff may change somebody: admins anybody, others whoever has no role."""
    return is_admin(request) or user is None or not roles.is_privileged(user)


class GrantedByAdmins(ModelAdmin):
    """Write into the audit log who changed a role on these pages."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with roles.changed_by(actor_of(request)):
            return super().changeform_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with roles.changed_by(actor_of(request)):
            return super().changelist_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with roles.changed_by(actor_of(request)):
            return super().delete_view(request, *args, **kwargs)
