"""Who may do what: every operation of the site, under the rule that says who passes.

An operation is a method and the name of an address (an address without a name is called by its route). Whoever is not
named by its rule is sent to sign in or refused, and changes nothing. Passing says nothing of the outcome: what was
asked for may still be wrong.
"""

from dataclasses import dataclass

from tests.support.operations import METHODS

STAFF_ROLES = frozenset({"staff", "clerk", "superuser"})
ROLES = frozenset({"guest", "owner", "other shopper", "host", "other host", "moderator", *STAFF_ROLES})
"""The owner is the shopper whose thing it is, the host and the moderator are those of the show. Staff have no
permission at all; the clerk has exactly those that the rule names."""


@dataclass(frozen=True)
class Rule:
    """Who passes. What is private answers everybody else, once they are signed in, as if it did not exist."""

    who: frozenset[str]
    permissions: tuple[str, ...] = ()
    is_private: bool = False


def permitted(*permissions: str) -> Rule:
    """Superusers, and staff with exactly these permissions."""
    return Rule(frozenset({"clerk", "superuser"}), permissions)


PUBLIC = Rule(ROLES)
SIGNED_IN = Rule(ROLES - {"guest"})
OWNER = Rule(frozenset({"owner"}), is_private=True)
HOSTS = Rule(frozenset({"host", "other host"}))
HOST_OF_SHOW = Rule(frozenset({"host"}), is_private=True)
MODERATORS = Rule(frozenset({"host", "moderator"}) | STAFF_ROLES)
MODERATORS_ALONE = Rule(MODERATORS.who, is_private=True)
STAFF = Rule(STAFF_ROLES)
SUPERUSER = Rule(frozenset({"superuser"}))
NOBODY = Rule(frozenset())
"""Programs that show a secret, and what is turned off; people are refused here whoever they are."""

PAGES: list[tuple[Rule, str]] = [
    # The machine: load balancers, the front door, Prometheus and video encoders.
    (PUBLIC, "ANY health"),
    (NOBODY, "ANY ready"),
    (NOBODY, "ANY metrics"),
    (PUBLIC, "ANY media-access"),
    (PUBLIC, "ANY static/<path:path>"),
    (PUBLIC, "ANY media/<path:path>"),
    (NOBODY, "ANY streams:stream-limit"),
    # Shows and the shop.
    (PUBLIC, "GET streams:home"),
    (PUBLIC, "GET streams:shows"),
    (PUBLIC, "GET streams:show"),
    (PUBLIC, "GET streams:run-list"),
    (SIGNED_IN, "POST streams:opinion"),
    (SIGNED_IN, "POST streams:say"),
    (PUBLIC, "GET shop:products"),
    (PUBLIC, "GET shop:product"),
    (PUBLIC, "POST shop:place"),
    (PUBLIC, "GET shop:cart"),
    (PUBLIC, "POST shop:cart-line"),
    (PUBLIC, "GET shop:wishlist"),
    (SIGNED_IN, "POST shop:wish"),
    # Buying. A guest's order opens in the browser that it was made in.
    (PUBLIC, "GET POST orders:checkout"),
    (PUBLIC, "GET orders:checkout-delivery"),
    (PUBLIC, "GET orders:orders"),
    (OWNER, "GET orders:order"),
    (OWNER, "GET orders:pay"),
    (OWNER, "GET orders:card"),
    (OWNER, "GET orders:receipt"),
    (OWNER, "POST orders:cancel"),
    (PUBLIC, "GET POST orders:sandbox"),
    # A person's own.
    (SIGNED_IN, "GET streams:devices"),
    (SIGNED_IN, "POST streams:devices"),
    (SIGNED_IN, "GET shop:notices"),
    (SIGNED_IN, "POST shop:notice-read"),
    (SIGNED_IN, "GET POST shop:account"),
    (SIGNED_IN, "GET POST shop:tokens"),
    (OWNER, "GET POST shop:address"),
    (PUBLIC, "GET shop:address-fields"),
    (SIGNED_IN, "GET POST shop:address-new"),
    # A host's studio.
    (SIGNED_IN, "GET streams:host"),
    (HOSTS, "POST streams:host"),
    (HOST_OF_SHOW, "GET streams:studio"),
    (HOST_OF_SHOW, "POST streams:studio-run-list"),
    (HOST_OF_SHOW, "POST streams:studio-pin"),
    (HOST_OF_SHOW, "POST streams:studio-live"),
    (HOST_OF_SHOW, "POST streams:studio-end"),
    (HOST_OF_SHOW, "POST streams:studio-key"),
    (HOST_OF_SHOW, "POST streams:studio-takeover"),
    (HOST_OF_SHOW, "POST streams:studio-recording"),
    (HOST_OF_SHOW, "POST streams:studio-captions"),
    (HOST_OF_SHOW, "POST streams:studio-srt"),
    (HOST_OF_SHOW, "POST streams:studio-slow-mode"),
    (HOST_OF_SHOW, "POST streams:studio-say"),
    (HOST_OF_SHOW, "POST streams:studio-announce"),
    (HOST_OF_SHOW, "POST streams:studio-end-announcement"),
    (HOST_OF_SHOW, "POST streams:chat-name"),
    (HOST_OF_SHOW, "POST streams:chat-dismiss"),
    # Moderating a show.
    (MODERATORS_ALONE, "GET streams:moderation"),
    (MODERATORS_ALONE, "POST streams:chat-act"),
    (MODERATORS_ALONE, "POST streams:chat-unpin"),
    (HOST_OF_SHOW, "POST streams:chat-rules"),
    (MODERATORS_ALONE, "POST streams:chat-lift"),
]

ACCOUNTS: list[tuple[Rule, str]] = [
    (PUBLIC, "GET POST account_login"),
    (PUBLIC, "GET POST account_logout"),
    (PUBLIC, "GET account_inactive"),
    (PUBLIC, "GET POST account_signup"),
    (PUBLIC, "ANY account_email_verification_sent"),
    (PUBLIC, "GET POST account_reset_password"),
    (PUBLIC, "GET account_reset_password_done"),
    (PUBLIC, "GET POST account_reset_password_from_key"),
    (PUBLIC, "GET account_reset_password_from_key_done"),
    # The later steps of signing in lead whoever has not begun to the first.
    (PUBLIC, "GET POST account_confirm_login_code"),
    (PUBLIC, "GET POST mfa_authenticate"),
    (PUBLIC, "GET POST mfa_login_webauthn"),
    (SIGNED_IN, "GET POST account_reauthenticate"),
    (SIGNED_IN, "GET POST account_email"),
    (SIGNED_IN, "GET POST account_change_password"),
    (SIGNED_IN, "GET POST account_set_password"),
    (SIGNED_IN, "GET mfa_index"),
    (SIGNED_IN, "GET POST mfa_reauthenticate"),
    (SIGNED_IN, "GET POST mfa_activate_totp"),
    (OWNER, "GET POST mfa_deactivate_totp"),
    (OWNER, "GET mfa_view_recovery_codes"),
    (SIGNED_IN, "GET POST mfa_generate_recovery_codes"),
    (OWNER, "GET mfa_download_recovery_codes"),
    (SIGNED_IN, "GET mfa_list_webauthn"),
    (SIGNED_IN, "GET POST mfa_add_webauthn"),
    (SIGNED_IN, "GET POST mfa_reauthenticate_webauthn"),
    (OWNER, "GET POST DELETE mfa_remove_webauthn"),
    (OWNER, "GET POST mfa_edit_webauthn"),
]

API: list[tuple[Rule, str]] = [
    (PUBLIC, "GET schema"),
    (PUBLIC, "GET api-docs"),
    (NOBODY, "ANY api/v1/^(?P<rest>(?s:.*))$"),
    (PUBLIC, "POST api-tokens"),
    (SIGNED_IN, "GET PATCH api-me"),
    (SIGNED_IN, "GET DELETE api-my-tokens"),
    (OWNER, "DELETE api-my-token"),
    (PUBLIC, "GET api-products"),
    (PUBLIC, "GET api-product"),
    (PUBLIC, "GET api-product-delivery"),
    (PUBLIC, "GET api-cart"),
    (PUBLIC, "PUT DELETE api-cart-line"),
    (SIGNED_IN, "GET api-wishlist"),
    (SIGNED_IN, "PUT DELETE api-wish"),
    (SIGNED_IN, "GET api-orders"),
    (PUBLIC, "POST api-orders"),
    (OWNER, "GET api-order"),
    (OWNER, "POST api-order-cancel"),
    (NOBODY, "POST api-payment-webhook"),
    (PUBLIC, "GET api-availability"),
    (PUBLIC, "GET api-sessions"),
    (PUBLIC, "GET api-session"),
    (PUBLIC, "GET api-comments"),
    (SIGNED_IN, "POST api-comments"),
    (MODERATORS, "DELETE api-comment"),
    (SIGNED_IN, "PUT DELETE api-session-opinion"),
    (PUBLIC, "GET api-watch"),
    (PUBLIC, "POST api-metrics"),
    (PUBLIC, "POST api-leases"),
    (PUBLIC, "PUT DELETE api-lease"),
    (PUBLIC, "POST api-ingest-publish"),
    (HOSTS, "POST api-host-sessions"),
    (HOST_OF_SHOW, "POST api-host-products"),
    (HOST_OF_SHOW, "POST api-host-pin"),
    (HOST_OF_SHOW, "PUT api-host-recording"),
    (HOST_OF_SHOW, "PUT DELETE api-host-captions"),
    (HOST_OF_SHOW, "POST api-host-live"),
    (HOST_OF_SHOW, "POST api-host-end"),
    (HOST_OF_SHOW, "POST api-host-key"),
    (HOST_OF_SHOW, "POST api-host-camera"),
    (HOST_OF_SHOW, "PUT api-host-slow-mode"),
    (HOST_OF_SHOW, "DELETE api-host-chat"),
    (HOST_OF_SHOW, "GET api-host-figures"),
]

ADMIN: list[tuple[Rule, str]] = [
    (STAFF, "GET POST admin:index"),
    (STAFF, "GET POST admin:search"),
    (NOBODY, "GET admin:login"),  # leads to the sign-in page, and staff to the admin
    (STAFF, "POST admin:login"),
    (STAFF, "POST admin:logout"),
    (NOBODY, "GET admin:logout"),
    (STAFF, "GET POST admin:password_change"),
    (STAFF, "GET admin:password_change_done"),
    (NOBODY, "POST admin:password_change_done"),
    (STAFF, "GET admin:jsi18n"),
    (NOBODY, "POST admin:jsi18n"),
    (permitted("inventory.view_courier"), "GET admin:autocomplete"),
    (NOBODY, "POST admin:autocomplete"),
    (permitted("orders.view_order"), "GET POST admin:app_list"),
    (NOBODY, "GET POST admin:view_on_site"),
    (NOBODY, "GET POST admin/(?P<url>.*)$"),
    (permitted("inventory.change_stockitem"), "GET POST admin:inventory_stockitem_receive_new"),
    (permitted("inventory.change_stockitem"), "GET POST admin:inventory_stockitem_receive"),
    (permitted("inventory.change_stockitem"), "GET POST admin:inventory_stockitem_count"),
    (permitted("inventory.change_stockitem"), "GET POST admin:inventory_stockitem_write_off"),
    (permitted("orders.change_order"), "GET POST admin:orders_order_ship"),
    (permitted("orders.change_order"), "GET POST admin:orders_order_deliver"),
    (permitted("orders.change_order"), "GET POST admin:orders_order_cancel"),
    (permitted("orders.change_order"), "GET POST admin:orders_order_refund"),
    (permitted("shop.delete_user"), "GET POST admin:orders_order_erase"),
    (permitted("orders.change_order"), "GET POST admin:orders_archivedorder_bring_back"),
    (permitted("shop.delete_user"), "GET POST admin:orders_archivedorder_erase"),
    (permitted("shop.delete_user"), "GET POST admin:shop_user_erase"),
    (SUPERUSER, "GET POST admin:shop_user_take_second_factor"),
    (SUPERUSER, "GET POST admin:auth_user_password_change"),
    (permitted("shop.change_webhookendpoint"), "GET POST admin:shop_webhookendpoint_ping"),
    (permitted("shop.change_webhookendpoint"), "GET POST admin:shop_webhookendpoint_rotate"),
    (permitted("shop.view_webhookendpoint"), "GET POST admin:shop_webhookendpoint_see_deliveries"),
    (permitted("shop.change_webhookendpoint"), "GET POST admin:shop_webhookdelivery_again"),
]

MODELS: dict[str, str] = {
    # The permissions that open a model's own pages; pages without one are closed to superusers, too.
    "axes.accessattempt": "view change delete",
    "axes.accesslog": "view change delete",
    "axes.accessfailurelog": "view change delete",
    "inventory.warehouse": "view add change",
    "inventory.courier": "view add change delete",
    "inventory.stockitem": "view change",
    "inventory.stockmovement": "view",
    "inventory.reservation": "view",
    "inventory.reconciliation": "view",
    "orders.archivedorder": "view",
    "orders.order": "view",
    "orders.payment": "view",
    "orders.providerevent": "view",
    "orders.refund": "view",
    "shop.auditentry": "view",
    "shop.category": "view add change delete",
    "shop.notice": "view",
    "shop.product": "view add change delete",
    "shop.user": "view add change",
    "shop.webhookdelivery": "view",
    "shop.webhookendpoint": "view add change delete",
    "auth.group": "view",
    "streams.announcement": "view add",
    "streams.blockedword": "view add change delete",
    "streams.chatmessage": "view",
    "streams.moderator": "view",
    "streams.silence": "view",
    "streams.streamsession": "view add change",
}
EXCEPTIONS: dict[str, Rule] = {
    # Roles are for superusers to define and to give.
    **dict.fromkeys(
        (f"{method} admin:auth_group_{page}" for page in ("add", "delete") for method in ("GET", "POST")), SUPERUSER
    ),
    "POST admin:auth_group_change": SUPERUSER,
    # Django lets those add people who may change them, too.
    "GET admin:shop_user_add": permitted("shop.add_user", "shop.change_user"),
    "POST admin:shop_user_add": permitted("shop.add_user", "shop.change_user"),
    # What was moved to the archive is seen by those who see orders.
    **dict.fromkeys(
        (
            f"{method} admin:orders_archivedorder_{page}"
            for method, page in (
                ("GET", "changelist"),
                ("POST", "changelist"),
                ("GET", "change"),
                ("GET", "history"),
                ("POST", "history"),
            )
        ),
        permitted("orders.view_order"),
    ),
}
ACTIONS: dict[str, Rule] = {
    # What a list does with the rows that are ticked.
    "streams.announcement end": permitted("streams.view_announcement", "streams.change_announcement"),
    "auth.group delete_selected": SUPERUSER,
    **{
        f"{label} delete_selected": permitted(*(f"{verb}".join(label.split(".")) for verb in (".view_", ".delete_")))
        for label, verbs in MODELS.items()
        if "delete" in verbs
    },
}

SOCKETS: dict[str, Rule] = {
    # The realtime server's addresses. A ticket in the page says who somebody is; without one they watch as a guest.
    "ws/sessions/<slug:slug>/": PUBLIC,
    "ws/site/": PUBLIC,
    "sse/sessions/<slug:slug>/": PUBLIC,
    "sse/site/": PUBLIC,
    "": NOBODY,
}


def matrix() -> dict[str, Rule]:
    """Return the rule of every operation."""
    rules = {}
    for rule, words in (*PAGES, *ACCOUNTS, *API, *ADMIN):
        *methods, name = words.split(" ")
        rules |= {f"{method} {name}": rule for method in (METHODS if methods == ["ANY"] else methods)}
    for label, verbs in MODELS.items():
        rules |= _model_rules(label, verbs.split())
    return rules | EXCEPTIONS


def _model_rules(label: str, verbs: list[str]) -> dict[str, Rule]:
    """Return the rules of a model's pages. Their old short address leads to the page that it stands for."""
    app, model = label.split(".")
    allowed = {verb: permitted(f"{app}.{verb}_{model}") for verb in verbs}
    rules = {}
    for method in ("GET", "POST"):
        rules[f"{method} admin/{app}/{model}/<path:object_id>/"] = STAFF
        for page, verb in (("changelist", "view"), ("history", "view"), ("add", "add"), ("delete", "delete")):
            rules[f"{method} admin:{app}_{model}_{page}"] = allowed.get(verb, NOBODY)
    rules[f"GET admin:{app}_{model}_change"] = allowed.get("view", NOBODY)
    rules[f"POST admin:{app}_{model}_change"] = allowed.get("change", NOBODY)
    return rules
