"""How the admin looks and what its menu holds (django-unfold's settings)."""

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _menu(title: object, *items: tuple[object, str, str]) -> dict[str, object]:
    """Build one group of the admin's side menu from (title, icon, name of the model's list)."""
    return {
        "title": title,
        "separator": True,
        "items": [
            {"title": word, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}
            for word, icon, model in items
        ],
    }


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
        "navigation": [
            _menu(
                _("Selling"),
                (_("Orders"), "receipt_long", "orders_order"),
                (_("Archived orders"), "inventory", "orders_archivedorder"),
                (_("Payments"), "payments", "orders_payment"),
                (_("Refunds"), "undo", "orders_refund"),
                (_("Reconciliation"), "balance", "inventory_reconciliation"),
            ),
            _menu(
                _("Catalogue"),
                (_("Products"), "inventory_2", "shop_product"),
                (_("Categories"), "category", "shop_category"),
            ),
            _menu(
                _("Stock"),
                (_("Stock items"), "shelves", "inventory_stockitem"),
                (_("Ledger"), "list_alt", "inventory_stockmovement"),
                (_("Reservations"), "bookmark", "inventory_reservation"),
                (_("Warehouses"), "warehouse", "inventory_warehouse"),
                (_("Couriers"), "local_shipping", "inventory_courier"),
            ),
            _menu(
                _("Shows"),
                (_("Shows"), "live_tv", "streams_streamsession"),
                (_("Chat"), "chat", "streams_chatmessage"),
            ),
            _menu(
                _("People"),
                (_("People"), "person", "shop_user"),
                (_("Roles"), "groups", "auth_group"),
                (_("Audit log"), "history", "shop_auditentry"),
                (_("Notices and mails"), "notifications", "shop_notice"),
            ),
            _menu(
                _("Other systems"),
                (_("Webhooks"), "webhook", "shop_webhookendpoint"),
                (_("Deliveries"), "outbox", "shop_webhookdelivery"),
            ),
        ],
    },
}
