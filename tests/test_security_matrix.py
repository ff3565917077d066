"""The matrix of who may do what (tests/support/access_matrix.py), held against every operation of the site."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.template import Template
from django.test import Client
from django.urls import get_resolver, path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from pytest_django.plugin import DjangoDbBlocker

from realtime import routing
from shop.models import AuditEntry, User
from tests.support.access_cast import Cast, make_cast
from tests.support.access_matrix import ACTIONS, MODELS, NOBODY, OWNER, PUBLIC, ROLES, SIGNED_IN, SOCKETS, Rule, matrix
from tests.support.operations import actions, operations

pytestmark = pytest.mark.django_db

MATRIX = matrix()
PARTS = [
    "pages",
    "accounts",
    "host",
    "api",
    "admin",
    *(f"admin/{app}" for app in sorted({label.split(".")[0] for label in MODELS})),
]
PASSED = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.GONE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""What was asked for was looked at, and is wrong."""
REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
SENT_AWAY = re.compile(r"/(accounts|admin)/login/\?next=|/admin/$|/accounts(/2fa)?/reauthenticate/\?next=")
CHANGE = re.compile(r'(?:INSERT INTO|(?<!FOR )(?<!KEY )(?<!DO )UPDATE|DELETE FROM)\s+"?(?P<table>\w+)', re.IGNORECASE)
STRANGERS = {"other shopper", "other host", "staff"}
"""Who must not learn that a private thing exists."""
ABOUT_VISITS = {"django_session"}
"""Tables that a visit alone may write to."""


def known() -> dict[str, str]:
    """Return all operations with their routes."""
    return dict(operations(get_resolver().url_patterns))


def part_of(route: str) -> str:
    """Return the part of the site that an address is in; of the admin, each app is one."""
    first, *rest = route.split("/")
    if first == "admin" and rest and f"admin/{rest[0]}" in PARTS:
        return f"admin/{rest[0]}"
    return first if first in PARTS else "pages"


def undone() -> ExitStack:
    """Undo what is written inside to any database, where views may open transactions of their own."""
    stack = ExitStack()
    for alias in connections:
        around: Any = transaction.atomic(using=alias)
        around._from_testcase = True  # lets durable blocks open inside
        stack.enter_context(around)
        stack.callback(transaction.set_rollback, True, using=alias)
    return stack


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    with django_db_blocker.unblock(), undone():
        yield make_cast()


@pytest.fixture(scope="module")
def browsers(cast: Cast) -> dict[str, Client]:
    return {role: cast.browser(role) for role in sorted(ROLES)}


@pytest.fixture(autouse=True)
def secrets(settings: Any) -> None:
    """Have a secret wherever there may be one: without, some addresses are anybody's."""
    settings.STREAM_LIMIT_TOKEN = settings.METRICS_TOKEN = "told-to-nobody-here"


@contextmanager
def undrawn() -> Iterator[None]:
    """Leave pages empty: who passes is decided before, and each was drawn for the first who passed or was refused."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", lambda template, context: SafeString())
        yield


class Asked:
    """What became of a request: whether it passed, how it was answered, and which tables it wrote to."""

    def __init__(self, client: Client, method: str, address: str, data: dict[str, Any] | None = None) -> None:
        self.changed: set[str] = set()
        cookies = client.cookies.copy()
        body: dict[str, Any] = {"data": data or {}}
        if method != "GET" and (method != "POST" or address.startswith("/api/")):
            body = {"data": {}, "content_type": "application/json"}
        with undone(), ExitStack() as watched:
            for alias in connections:
                watched.enter_context(connections[alias].execute_wrapper(self._note))
            answer = getattr(client, method.lower())(address, **body)
            self.status = answer.status_code
            self.leads_to = answer.headers.get("Location", "")
            self.told = answer.content if address.startswith("/api/") else b""
        client.cookies = cookies

    @property
    def outcome(self) -> str:
        if self.status in REFUSED or SENT_AWAY.match(self.leads_to):
            return "refused"
        is_fine = HTTPStatus.OK <= self.status < HTTPStatus.BAD_REQUEST or self.status in PASSED
        return "passed" if is_fine else f"answered {self.status}"

    def _note(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.changed.update(CHANGE.findall(str(sql)))
        return execute(sql, params, many, context)


def faults(operation: str, rule: Rule, route: str, *, cast: Cast, browsers: dict[str, Client]) -> list[str]:
    """Try an operation in every role; return what is not as the rule says."""
    method, found = operation.partition(" ")[0], []
    cache.clear()  # nobody has asked too often
    with undone():
        _grant(cast.people["clerk"], rule.permissions)
        drawn = set()
        for role, client in browsers.items():
            expected = "passed" if role in rule.who else "refused"
            with ExitStack() if expected not in drawn else undrawn():
                asked = Asked(client, method, cast.path(operation, route))
            drawn.add(expected)
            if asked.outcome != expected:
                found.append(
                    f"{operation}: {role} {asked.outcome} ({asked.status} {asked.leads_to}) instead of {expected}"
                )
            elif expected == "refused" and asked.changed - ABOUT_VISITS:
                found.append(f"{operation}: {role} was refused and yet wrote to {sorted(asked.changed)}")
            elif expected == "refused" and rule.is_private and role in STRANGERS:
                with undrawn():
                    missing = Asked(client, method, cast.path(operation, route, is_missing=True))
                if (missing.status, missing.told) != (asked.status, asked.told):
                    found.append(f"{operation}: {role} can tell it is there ({asked.status}, not {missing.status})")
    return found


def _grant(clerk: User, permissions: tuple[str, ...]) -> None:
    for permission in permissions:
        app, codename = permission.split(".")
        clerk.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))


def test_every_operation_has_a_rule_and_every_rule_its_operation() -> None:
    assert sorted(known().keys() - MATRIX.keys()) == []
    assert sorted(MATRIX.keys() - known().keys()) == []


def test_every_address_of_the_realtime_server_has_a_rule() -> None:
    routes = [*routing.sockets.application.routes, *routing.streams.application.routes]

    assert {str(route.pattern) for route in routes} == SOCKETS.keys()


@pytest.mark.parametrize("part", PARTS)
def test_everybody_may_do_what_the_matrix_says_and_nothing_else(
    part: str, cast: Cast, browsers: dict[str, Client]
) -> None:
    routes = {operation: route for operation, route in known().items() if part_of(route) == part}
    assert routes

    found = [
        fault
        for operation, route in routes.items()
        for fault in faults(operation, MATRIX.get(operation, NOBODY), route, cast=cast, browsers=browsers)
    ]

    assert not found, "\n".join(found)


def act(client: Client, action: str, *, cast: Cast) -> Asked:
    """Tick a row of a list, choose an action, and confirm it."""
    label, name = action.split(" ")
    address = reverse("admin:{}_{}_changelist".format(*label.split(".")))
    return Asked(client, "POST", address, {"action": name, "_selected_action": [cast.ticked(label).pk], "post": "yes"})


def test_every_action_of_a_list_has_a_rule(cast: Cast) -> None:
    assert set(actions(admin.site, cast.people["superuser"])) == ACTIONS.keys()


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_an_action_of_a_list_is_done_for_those_who_may(action: str, cast: Cast, browsers: dict[str, Client]) -> None:
    _grant(cast.people["clerk"], ACTIONS[action].permissions)

    asked = {role: act(client, action, cast=cast) for role, client in browsers.items()}

    assert {role for role, one in asked.items() if one.changed - ABOUT_VISITS} == ACTIONS[action].who
    assert [one.status for one in asked.values() if one.status >= HTTPStatus.INTERNAL_SERVER_ERROR] == []


@pytest.mark.parametrize("action", [name for name, rule in ACTIONS.items() if len(rule.permissions) > 1])
def test_seeing_a_list_is_not_enough_for_what_it_does(action: str, cast: Cast, browsers: dict[str, Client]) -> None:
    _grant(cast.people["clerk"], ACTIONS[action].permissions[:1])

    asked = act(browsers["clerk"], action, cast=cast)

    assert asked.status < HTTPStatus.BAD_REQUEST
    assert asked.changed - ABOUT_VISITS == set()


def unlisted(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def meddling(request: HttpRequest) -> HttpResponse:
    AuditEntry.objects.create(actor="anybody", action="meddle", subject="everything")
    return HttpResponse(status=HTTPStatus.FORBIDDEN)


def telling(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse(status=HTTPStatus.FORBIDDEN if slug == "kiln" else HTTPStatus.NOT_FOUND)


def failing(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


urlpatterns = [
    path("unlisted/", require_POST(unlisted), name="unlisted"),
    path("meddling/", meddling, name="meddling"),
    path("telling/<slug:slug>/", telling, name="telling"),
    path("failing/", failing, name="failing"),
    *get_resolver("config.urls").url_patterns,
]


def test_control_a_view_that_nobody_listed_is_noticed() -> None:
    found = dict(operations(urlpatterns))

    assert {operation for operation in found.keys() - MATRIX.keys() if "unlisted" in operation} == {"POST unlisted"}


@pytest.mark.parametrize(
    ("operation", "rule", "expected"),
    [
        ("GET shop:account", PUBLIC, "guest refused"),
        ("GET orders:order", SIGNED_IN, "other shopper refused"),
        ("GET shop:account", OWNER, "other shopper passed"),
        ("GET admin:orders_order_changelist", NOBODY, "superuser passed"),
        ("GET admin:orders_order_changelist", Rule(frozenset({"clerk", "superuser"})), "clerk refused"),
        ("POST meddling", NOBODY, "guest was refused and yet wrote to ['shop_auditentry']"),
        ("GET telling", OWNER, "other shopper can tell it is there"),
        ("GET failing", PUBLIC, "guest answered 500"),
    ],
)
def test_control_a_wrong_rule_and_a_wrong_view_are_noticed(
    operation: str, rule: Rule, expected: str, cast: Cast, browsers: dict[str, Client], settings: Any
) -> None:
    settings.ROOT_URLCONF = __name__

    found = faults(operation, rule, dict(operations(urlpatterns))[operation], cast=cast, browsers=browsers)

    assert [fault for fault in found if fault.startswith(f"{operation}: {expected}")]
