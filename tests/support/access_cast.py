"""Who asks, and for what: a person of every role, one thing of every kind, and the address of each operation."""

import hashlib
import re
import time
import uuid
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from inventory.models import Courier, Reconciliation, Reservation, StockItem, StockMovement, Warehouse
from orders.checkout import place_order
from orders.models import ArchivedOrder, Order, Payment, ProviderEvent, Refund, SandboxPayment
from shop.models import (
    Address,
    ApiToken,
    AuditEntry,
    Category,
    Notice,
    Product,
    User,
    WebhookDelivery,
    WebhookEndpoint,
)
from shop.people import tokens
from streams.models import Announcement, BlockedWord, ChatMessage, Moderator, Silence
from tests.support import archivable_orders, backdating
from tests.support.factories import make_product, make_request, make_session, make_user
from tests.support.second_factors import give_factor

STRANGER = "203.0.113.9"
"""An address on the internet: what is for this machine alone is refused there."""
MISSING: dict[str, object] = {"slug": "no-such-thing", "pk": 0, "silence_id": 0, "moderator_id": 0}
PATHS = {
    "api/v1/^(?P<rest>(?s:.*))$": "/api/v1/no-such-call",
    "admin/(?P<url>.*)$": "/admin/no-such-page/",
    "admin:app_list": "/admin/orders/",
    "account_reset_password_from_key": "/accounts/password/reset/key/1-set-password/",
}
QUERIES = {
    "admin:autocomplete": "?app_label=inventory&model_name=zone&field_name=courier",
    "orders:checkout-delivery": "?country=IN&postal_code=110001",
    "shop:address-fields": "?country=IN",
}


@dataclass(frozen=True)
class Cast:
    """The people by their roles, things by their models, and what addresses name."""

    people: dict[str, User]
    things: dict[str, models.Model]
    names: dict[str, dict[str, object]]
    unused: dict[str, models.Model]

    def ticked(self, label: str) -> models.Model:
        """Return a row that may be deleted, if any of its model may."""
        return self.unused.get(label, self.things[label])

    def browser(self, role: str) -> Client:
        """Return a browser of somebody's who has just signed in, with all that they have to show."""
        client = Client(REMOTE_ADDR=STRANGER, raise_request_exception=False)
        if role != "guest":
            client.force_login(self.people[role], backend="django.contrib.auth.backends.ModelBackend")
            session = client.session
            session["account_authentication_methods"] = [
                {"method": "password", "at": time.time(), "reauthenticated": True}
            ]
            session["account_authentication_methods_user"] = str(self.people[role].pk)
            session.save()
        return client

    def path(self, operation: str, route: str, *, is_missing: bool = False) -> str:
        """Return the address at which an operation is tried, on the thing it is about or on one that there is not."""
        name = operation.partition(" ")[2]
        if name in PATHS:
            return PATHS[name]
        known = self.names[""] | self.names.get(name, {})
        if thing := self.things.get(".".join(route.split("/")[1:3])):  # admin/<app>/<model>/
            known = self.names[""] | {"object_id": thing.pk} | self.names.get(name, {})

        def value(found: re.Match[str]) -> str:
            kind, name = found.groups()
            if is_missing:
                return str(uuid.UUID(int=1) if kind == "uuid" else MISSING[name])
            return str(known[name])

        return "/" + re.sub(r"<(?:(\w+):)?(\w+)>", value, route) + QUERIES.get(name, "")


def make_cast() -> Cast:
    """Make everybody and everything, with orders in every state that there is."""
    people = {
        "owner": make_user("owner@example.com"),
        "other shopper": make_user(),
        "host": make_user(is_host=True),
        "other host": make_user(is_host=True),
        "moderator": make_user(),
        "staff": make_user(is_staff=True),
        "clerk": make_user(is_staff=True),
        "superuser": make_user(is_staff=True, is_superuser=True),
    }
    owner, host = people["owner"], people["host"]
    make_product(skus=("LAMP",), stock=20, slug="lamp")
    orders = backdating.make_past()
    order = place_order(make_request(("LAMP", 1), buyer=owner))
    archived = archivable_orders.make_archived(("POT", 1), buyer=owner)
    show = make_session("kiln", host=host, skus=("LAMP",))
    make_session("loom", host=people["other host"])
    silenced = make_user()
    things: list[models.Model] = [
        Moderator.objects.create(session=show, user=people["moderator"]),
        Silence.objects.create(host=host, user=silenced),
        ChatMessage.objects.create(session=show, author=silenced, author_name="A", text="Hello", at=timezone.now()),
        Announcement.objects.create(text="We close early.", session=show),
        BlockedWord.objects.create(word="spam"),
        Group.objects.create(name="Clerks"),
        Courier.objects.create(name="Nobody's courier"),
        Category.objects.create(slug="empty", name="Empty"),
        Address.objects.create(user=owner, name="O", line1="1 Lane", postal_code="110001", city="Delhi", country="IN"),
        Notice.objects.create(occasion="test:1", recipient=f"user:{owner.pk}", user=owner, kind="a", title="News"),
        AuditEntry.objects.create(actor="system", action="test", subject="test:1"),
        Reconciliation.objects.create(at=timezone.now(), took_ms=1, counts={}, drifts=[]),
        ProviderEvent.objects.create(
            provider="sandbox", event_id="1", kind="a", payment_ref="1", outcome="done", received_at=timezone.now()
        ),
        SandboxPayment.objects.create(
            ref="sbx_1", amount_minor=100, currency="USD", description="", return_url=f"/orders/{order.pk}/"
        ),
        *_webhooks(),
        *_attempts(),
        owner,
        show,
        order,
        ArchivedOrder.objects.get(pk=archived.pk),
        Product.objects.get(slug="lamp"),
        *(
            model._default_manager.all()[:1].get()
            for model in (Warehouse, StockItem, StockMovement, Reservation, Payment, Refund)
        ),
    ]
    give_factor(owner)
    key = Authenticator.objects.create(
        user=owner, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": _credential()}
    )
    tokens.issue(owner)  # setting up a factor ends those before it
    by_model = {thing._meta.label_lower: thing for thing in things}
    unused = {
        "shop.product": Product.objects.create(
            slug="unused", name="Unused", category=Category.objects.get(slug="empty")
        ),
        "shop.webhookendpoint": WebhookEndpoint.objects.create(url="https://unused.example.com/"),
        "shop.category": Category.objects.create(slug="unused", name="Unused"),
    }
    return Cast(people, by_model, _names(by_model, orders, key, ApiToken.objects.get(user=owner)), unused)


def _credential() -> dict[str, Any]:
    """Return what a security key tells when it is set up."""
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    told = AttestedCredentialData.create(Aaguid(bytes(16)), b"key", public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(hashlib.sha256(b"localhost").digest(), flags, 0, told)
    attested = AttestationObject.create("none", data, {})
    client = CollectedClientData.create("webauthn.create", b"challenge", "http://localhost")
    response = {"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(attested)}
    written = websafe_encode(b"key")
    return {"id": written, "rawId": written, "type": "public-key", "response": response, "clientExtensionResults": {}}


def _webhooks() -> list[models.Model]:
    endpoint = WebhookEndpoint.objects.create(url="https://warehouse.example.com/")
    delivery = WebhookDelivery.objects.create(endpoint=endpoint, occasion="test:1", topic="order.placed", payload={})
    return [endpoint, delivery]


def _attempts() -> list[models.Model]:
    who = {"username": "a@example.com", "ip_address": STRANGER, "user_agent": "", "path_info": "/accounts/login/"}
    return [
        AccessAttempt.objects.create(**who, failures_since_start=1),
        AccessLog.objects.create(**who),
        AccessFailureLog.objects.create(**who),
    ]


def _names(
    things: dict[str, models.Model], orders: dict[str, Order], key: Authenticator, token: ApiToken
) -> dict[str, dict[str, object]]:
    """Return what addresses name, those of every operation (under "") and those of some."""
    anywhere: dict[str, object] = {
        "slug": "kiln",
        "sku": "LAMP",
        "order_id": things["orders.order"].pk,
        "comment_id": things["streams.chatmessage"].pk,
        "message_id": things["streams.chatmessage"].pk,
        "announcement_id": things["streams.announcement"].pk,
        "silence_id": things["streams.silence"].pk,
        "moderator_id": things["streams.moderator"].pk,
        "lease": "no-lease",
        "provider": "sandbox",
        "ref": "sbx_1",
        "id": token.pk,
        "pk": things["shop.address"].pk,
        "content_type_id": 0,
        "object_id": 0,
    }
    lamp = {"slug": "lamp"}
    picture = SimpleUploadedFile("lamp.webp", b"picture")
    (settings.STATIC_ROOT / "matrix.css").touch()
    return {
        "static/<path:path>": {"path": "matrix.css"},
        "media/<path:path>": {"path": default_storage.save("pictures/lamp.webp", picture)},
        "": anywhere,
        "shop:product": lamp,
        "api-product": lamp,
        "api-product-delivery": lamp,
        "mfa_remove_webauthn": {"pk": key.pk},
        "mfa_edit_webauthn": {"pk": key.pk},
        "admin:auth_user_password_change": {"id": things["shop.user"].pk},
        "admin:orders_order_ship": {"object_id": orders["placed"].pk},
        "admin:orders_order_deliver": {"object_id": orders["in_transit"].pk},
        "admin:orders_order_cancel": {"object_id": orders["placed"].pk},
        "admin:orders_order_refund": {"object_id": orders["placed"].pk},
        "admin:auth_group_delete": {"object_id": things["auth.group"].pk},
        "admin:inventory_courier_delete": {"object_id": things["inventory.courier"].pk},
    }
