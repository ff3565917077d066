"""How the admin looks and what its menu holds (django-unfold's settings)."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

# Each group: its title, then (title, icon, label of the model) for each list. A model that is registered and stands
# in none of them is listed under "More", so that nothing can be forgotten.
GROUPS: list[tuple[object, list[tuple[object, str, str]]]] = [
    (
        _("Selling"),
        [
            (_("Orders"), "receipt_long", "orders.order"),
            (_("Archived orders"), "inventory", "orders.archivedorder"),
            (_("Payments"), "payments", "orders.payment"),
            (_("Refunds"), "undo", "orders.refund"),
            (_("Provider events"), "sync_alt", "orders.providerevent"),
            (_("Reconciliation"), "balance", "inventory.reconciliation"),
        ],
    ),
    (
        _("Catalogue"),
        [
            (_("Products"), "inventory_2", "shop.product"),
            (_("Categories"), "category", "shop.category"),
        ],
    ),
    (
        _("Stock"),
        [
            (_("Stock items"), "shelves", "inventory.stockitem"),
            (_("Ledger"), "list_alt", "inventory.stockmovement"),
            (_("Reservations"), "bookmark", "inventory.reservation"),
            (_("Warehouses"), "warehouse", "inventory.warehouse"),
            (_("Couriers"), "local_shipping", "inventory.courier"),
        ],
    ),
    (
        _("Shows"),
        [
            (_("Shows"), "live_tv", "streams.streamsession"),
            (_("Announcements"), "campaign", "streams.announcement"),
            (_("Chat"), "chat", "streams.chatmessage"),
            (_("Blocked words"), "block", "streams.blockedword"),
            (_("Moderators"), "shield_person", "streams.moderator"),
            (_("Silences"), "volume_off", "streams.silence"),
        ],
    ),
    (
        _("People"),
        [
            (_("People"), "person", "shop.user"),
            (_("Roles"), "groups", "auth.group"),
            (_("E-mail addresses"), "alternate_email", "account.emailaddress"),
            (_("Notices and mails"), "notifications", "shop.notice"),
        ],
    ),
    (
        _("Security"),
        [
            (_("Audit log"), "history", "shop.auditentry"),
            (_("Sign-ins"), "login", "axes.accesslog"),
            (_("Refused sign-ins"), "gpp_bad", "axes.accessattempt"),
            (_("Failures of sign-ins"), "gpp_maybe", "axes.accessfailurelog"),
        ],
    ),
    (
        _("Other systems"),
        [
            (_("Webhooks"), "webhook", "shop.webhookendpoint"),
            (_("Deliveries"), "outbox", "shop.webhookdelivery"),
        ],
    ),
]

_Entry = tuple[object, str, type[Model]]


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """List what is registered in the admin, as far as this person may see it, in groups."""
    unplaced = {model._meta.label_lower: model for model in admin.site._registry}
    groups: list[tuple[object, list[_Entry]]] = []
    for title, entries in GROUPS:
        placed = [(word, icon, unplaced.pop(label)) for word, icon, label in entries if label in unplaced]
        groups.append((title, placed))
    more: list[_Entry] = [
        (capfirst(model._meta.verbose_name_plural), "more_horiz", model) for model in unplaced.values()
    ]
    shown = [(title, _items(request, entries)) for title, entries in [*groups, (_("More"), more)]]
    return [{"title": title, "separator": True, "items": items} for title, items in shown if items]


def _items(request: HttpRequest, entries: list[_Entry]) -> list[dict[str, Any]]:
    return [
        {
            "title": word,
            "icon": icon,
            "link": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
        }
        for word, icon, model in entries
        if admin.site.get_model_admin(model).has_view_or_change_permission(request)
    ]


UNFOLD = {
    "DASHBOARD_CALLBACK": "config.dashboard.figures",
    "SITE_TITLE": "Showfloor",
    "SITE_HEADER": "Showfloor",
    "SITE_SUBHEADER": _("The shop's back room"),
    "SITE_URL": "/",
    "SITE_SYMBOL": "storefront",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "#eeeefc",
            "100": "#dfe0fa",
            "200": "#c3c5f5",
            "300": "#9fa2ef",
            "400": "#7b80f3",
            "500": "#4d57ee",
            "600": "#3238c9",
            "700": "#262bab",
            "800": "#1f2389",
            "900": "#1c1f6b",
            "950": "#111344",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": menu,
    },
}
