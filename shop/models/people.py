"""Accounts, their tokens and addresses."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower, Now

from shop.text import NAME_MAX


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
    display_name = models.CharField(max_length=NAME_MAX, blank=True, help_text="the name shown in chat and on shows")
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
