"""What the site answers to: every operation (a method and the name of an address) that it knows."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.admin import AdminSite
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver
from django.views.generic.edit import ProcessFormView

from shop.models import User

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ADMIN_METHODS = {"GET", "POST"}  # the admin's own views know no others


def operations(
    entries: Iterable[URLPattern | URLResolver], *, names: str = "", route: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield operations such as `POST orders:cancel` with their routes; what has no name is called by its route."""
    for entry in entries:
        below = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = names + (f"{entry.namespace}:" if entry.namespace else "")
            yield from operations(entry.url_patterns, names=inner, route=below)
        else:
            name = names + entry.name if entry.name else below
            yield from ((f"{method} {name}", below) for method in methods(entry, is_admin=below.startswith("admin/")))


def methods(entry: URLPattern, *, is_admin: bool) -> list[str]:
    """Return the methods that a view takes: its class's, or what its decorators let through; otherwise all."""
    view: Any = entry.callback
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    found = ADMIN_METHODS if is_admin else set(METHODS)
    if cls is not None:
        found = {method for method in found if hasattr(cls, method.lower())}
        if issubclass(cls, ProcessFormView):
            found.discard("PUT")  # which is its POST
    while view is not None:
        held = _held(view)
        if "request_method_list" in held:  # django.views.decorators.http
            found = found & set(held["request_method_list"].cell_contents)
        view = getattr(view, "__wrapped__", None)
    return [method for method in METHODS if method in found]


def _held(view: Any) -> dict[str, Any]:
    """Return what a function's closure holds, by name."""
    code = getattr(view, "__code__", None)
    return dict(zip(code.co_freevars, view.__closure__ or (), strict=True)) if code else {}


def actions(site: AdminSite, superuser: User) -> Iterator[str]:
    """Yield what lists do with ticked rows, such as `shop.product delete_selected`, as a superuser sees them."""
    request = RequestFactory().get("/admin/")
    request.user = superuser
    for model, admin in site._registry.items():
        yield from (f"{model._meta.label_lower} {name}" for name in admin.get_actions(request))
