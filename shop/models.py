"""People, the catalogue, baskets, and what the apps to the left share (the audit log, the outbox)."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.urls import reverse

from inventory import sku as skus
from inventory.json_fields import AnyObject, ShapedJSONField, Words
from shop import currencies
from shop.currencies import CurrencyField
from shop.pictures import PictureField
from shop.text import NAME_MOST
from shop.webhooks.models import WebhookDelivery as WebhookDelivery
from shop.webhooks.models import WebhookEndpoint as WebhookEndpoint

ANY_OBJECT = AnyObject()
ATTRIBUTES = Words(longest=250, numbers=True)
OPTIONS = Words(longest=80)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an admin. Whoever may do this vouches for the address: it counts as confirmed."""
        from allauth.account.models import EmailAddress

        with transaction.atomic(using=self._db):
            user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail address. A host may stream; staff may use the admin."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=NAME_MOST, blank=True, help_text="the name shown in chat and on shows")
    is_host = models.BooleanField(default=False)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_lower")]

    def __str__(self) -> str:
        return self.public_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save in a transaction, with what follows from it, such as the audit of roles."""
        with transaction.atomic(using=kwargs.get("using") or self._state.db or "default"):
            super().save(*args, **kwargs)

    @property
    def public_name(self) -> str:
        """The name that strangers see; never the e-mail address."""
        return self.display_name or f"viewer_{str(self.public_id)[:4]}"


class ApiToken(models.Model):
    """What a program shows instead of a person's password. Only a digest is kept (`shop.people.tokens`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.TextField(blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the token")
    password_mark = models.CharField(
        max_length=64, editable=False, help_text="which password it was issued for: with another one it is void"
    )
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, help_text="to the hour")
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="api_token_by_user")]

    def __str__(self) -> str:
        return self.name or str(self.id)


class Address(models.Model):
    """Where a person has things sent. The newest used is offered first."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="addresses")
    name = models.CharField(max_length=120)
    line1 = models.CharField(max_length=200)
    line2 = models.TextField(blank=True, default="", db_default="")
    city = models.CharField(max_length=120, blank=True)
    postal_code = models.CharField(max_length=16, blank=True)
    country = models.CharField(max_length=2)
    region = models.TextField(blank=True, default="", db_default="", help_text="state, province or emirate")
    used_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-used_at"]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"


class Category(models.Model):
    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """What the shop sells; each of its variants has a SKU and a price."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=160)
    description = models.TextField(blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    attributes = ShapedJSONField(
        default=dict, blank=True, validators=[ATTRIBUTES], help_text='names and words, e.g. {"Material": "Stoneware"}'
    )
    cap_per_buyer = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="how many units one buyer may have; empty: any number"
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [ATTRIBUTES.constraint("attributes", name="product_attributes_are_words")]
        indexes = [models.Index(fields=["category", "name"], name="product_by_category")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:product", args=[self.slug])


class ProductPicture(models.Model):
    """A picture of a product, 4:5."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="pictures")
    image = PictureField(upload_to="pictures/")
    alt = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.alt


class Variant(models.Model):
    """One thing that can be bought: a SKU, what sets it apart, and its price."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=skus.LONGEST, unique=True, validators=[skus.validate_sku])
    label = models.CharField(max_length=80, blank=True, help_text='what sets it apart, e.g. "M"; empty for a sole one')
    options = ShapedJSONField(default=dict, blank=True, validators=[OPTIONS], help_text='e.g. {"Size": "M"}')
    price_minor = models.PositiveBigIntegerField(help_text="in minor units (cents)")
    currency = CurrencyField(default="USD")
    picture = models.ForeignKey(ProductPicture, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="variant_price_positive"),
            currencies.is_listed("currency", name="variant_currency_listed"),
            skus.constraint("sku", name="variant_sku_can_be_one"),
            OPTIONS.constraint("options", name="variant_options_are_words"),
        ]

    def __str__(self) -> str:
        return f"{self.product.name}, {self.label}" if self.label else self.product.name


class Cart(models.Model):
    """A person's cart, or a guest's (found by `key`, kept in the session).

    A person's knows the keys of guests' carts that were merged into it: what comes back to those finds the way.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="cart"
    )
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    former_keys = ArrayField(models.UUIDField(), blank=True, default=list, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [GinIndex(fields=["former_keys"], name="cart_by_former_key")]

    def __str__(self) -> str:
        return f"cart {self.key}"


class CartLine(models.Model):
    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveSmallIntegerField(default=1)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_line_unique"),
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=99), name="cart_line_quantity_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.variant_id}"


class WishlistItem(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="wishlist")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-added_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "variant"], name="wishlist_item_unique")]

    def __str__(self) -> str:
        return f"{self.variant_id} wished by {self.user_id}"


class AuditEntry(models.Model):
    """Who did what to which thing, when and why; in the transaction of the deed. Only a reason is taken out later."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.TextField(help_text="an opaque word: user:<uuid>, provider:<name>, system")
    action = models.TextField()
    subject = models.TextField(help_text="an opaque word: order:<uuid>, show:<slug>")
    reason = models.TextField(blank=True)
    data = ShapedJSONField(default=dict, blank=True, validators=[ANY_OBJECT])

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        constraints = [ANY_OBJECT.constraint("data", name="audit_data_is_object")]
        indexes = [models.Index(fields=["subject", "id"], name="audit_by_subject")]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject}"


class OutboxEvent(models.Model):
    """News that must not be lost: written in the transaction of the deed, handled at least once (`shop.outbox`)."""

    topic = models.TextField(help_text="what happened: order.placed")
    subject = models.TextField(help_text="an opaque word: order:<uuid>")
    data = ShapedJSONField(default=dict, validators=[ANY_OBJECT], help_text="ids and figures; nothing about a person")
    created_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    handled_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [ANY_OBJECT.constraint("data", name="outbox_data_is_object")]
        indexes = [
            # outbox.drain: what is due, the longest waiting first
            models.Index(fields=["next_try_at"], name="outbox_due", condition=Q(handled_at=None)),
            # outbox.prune: what was handled long ago
            models.Index(fields=["handled_at"], name="outbox_handled", condition=~Q(handled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.subject}"


class Notice(models.Model):
    """Something a person, a guest or the seller is told, on the site and by mail; once for each occasion.

    A person's stands on their notices page. A guest's is a mail only. The seller's stand on the page of everybody who
    may view notices, and what one of them has read is read.
    """

    class Mail(models.TextChoices):
        NONE = "none", "No mail"
        DUE = "due", "To be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        REFUSED = "refused", "Refused by the mail server"

    SELLER = "seller"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    occasion = models.TextField(help_text="an opaque word for what happened: outbox:<id>")
    recipient = models.TextField(help_text="user:<id>, guest or seller")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="notices")
    kind = models.TextField(help_text="order.placed, seller.order_placed")
    subject = models.TextField(blank=True, help_text="an opaque word: order:<uuid>")
    title = models.TextField()
    text = models.TextField(blank=True)
    url = models.TextField(blank=True, help_text="a path of the site")
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)
    email = models.EmailField(blank=True, help_text="where the mail goes")
    mailbox = models.TextField(
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="of a mail that anybody can cause: whose mailbox it goes to",
    )
    mail_state = models.CharField(max_length=7, choices=Mail, default=Mail.NONE)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    mail_due_at = models.DateTimeField(db_default=Now())
    mail_claimed_at = models.DateTimeField(null=True, blank=True)
    mail_sent_at = models.DateTimeField(null=True, blank=True)
    mail_error = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["occasion", "recipient"], name="notice_once")]
        indexes = [
            # notices page: what one recipient was told, newest first
            models.Index(fields=["recipient", "-created_at", "-id"], name="notice_by_recipient"),
            # the bell: what was not read yet
            models.Index(fields=["recipient"], name="notice_unread", condition=Q(read_at=None)),
            # mails.send_due
            models.Index(fields=["mail_due_at"], name="notice_mail_due", condition=Q(mail_state="due")),
            # notices.tell: whether a mailbox has had such a mail lately
            models.Index(fields=["mailbox", "created_at"], name="notice_by_mailbox", condition=~Q(mailbox="")),
            # what a person must look at
            models.Index(
                fields=["mail_claimed_at"],
                name="notice_mail_stuck",
                condition=Q(mail_state__in=["sending", "refused"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
