"""The catalogue, people and the audit log in the admin."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from axes.admin import AccessAttemptAdmin
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, BaseDialogForm, UserChangeForm
from unfold.widgets import UnfoldAdminTextInputWidget

from inventory.admin import ReadOnlyAdmin, actor_of, back_to
from shop import audit
from shop.models import AuditEntry, Category, Notice, Product, ProductPicture, User, Variant
from shop.money import format_minor
from shop.money_fields import MoneyField, MoneyForm
from shop.people import second_factor
from shop.people.accounts import NameForm
from shop.people.erasure import GONE
from shop.people.erasure_admin import ERASE_BELOW, ErasesPerson
from shop.people.role_admin import GrantedByAdmins, is_admin, may_touch
from shop.pictures import NARROW
from shop.repair import admin as repair_admin  # noqa: F401 (registers its own)
from shop.webhooks import admin as webhooks_admin  # noqa: F401 (registers its own)

admin.site.unregister(Group)
# Who may write these rows can make an address somebody's, or a second factor: that is for the person to do.
admin.site.unregister([EmailAddress, Authenticator])
# Its one action asks for no permission to delete, and fails; signing in deletes what counts no more.
AccessAttemptAdmin.actions = []
# One way in, with the second factor and the confirmed address: the shop's own sign-in.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(Group)
class GroupAdmin(GrantedByAdmins, BaseGroupAdmin, ModelAdmin):
    """What a role allows, and so whom it makes powerful, is for admins to say."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_admin(request)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return is_admin(request)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return is_admin(request)


ROLES = ["is_staff", "is_superuser", "groups", "user_permissions"]


class NewUserForm(NameForm, forms.ModelForm):
    """A person made by staff sets a password by the mail that the sign-in page sends."""

    class Meta:
        model = User
        fields = ["email", "display_name", "is_host", "is_staff"]

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        user.set_unusable_password()
        if commit:
            user.save()
        return user


class UserForm(NameForm, UserChangeForm):
    """A name that staff give is one that everybody reads, too."""


@admin.register(User)
class UserAdmin(GrantedByAdmins, BaseUserAdmin, ErasesPerson):
    """People are erased, never just deleted: their name stands in more places than their account.

    Staff may name hosts and close accounts of shoppers and hosts; roles, and the accounts of whoever has one, are for
    admins. An address is changed by its person alone, who shows that it is theirs.
    """

    actions_detail = ["take_second_factor", ERASE_BELOW]
    add_form = NewUserForm
    form = UserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "display_name", "is_host", "is_staff", "is_active", "date_joined"]
    list_filter = ["is_host", "is_staff", "is_active"]
    search_fields = ["email", "display_name"]
    ordering = ["-date_joined"]
    readonly_fields = ["date_joined", "last_login"]
    add_fieldsets = [(None, {"fields": ["email", "display_name", "is_host", "is_staff"]})]
    fieldsets = [
        (None, {"fields": ["email", "password", "display_name"]}),
        (_("May"), {"fields": ["is_active", "is_host", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        (_("Times"), {"fields": ["date_joined", "last_login"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        if obj is not None:
            fields.append("email")
        return fields if is_admin(request) else [*fields, *ROLES]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_erase_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not super().has_erase_permission(request, object_id):
            return False
        return may_touch(request, User.objects.filter(pk=object_id).first())

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Only admins: who sets a person's password can be that person."""
        if not is_admin(request):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def has_second_factor_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        user = User.objects.filter(pk=object_id).first() if object_id and is_admin(request) else None
        return user is not None and second_factor.is_set_up(user)

    @action(
        description=_("Take away the second factor"),
        icon="lock_reset",
        permissions=["second_factor"],
        dialog={
            "title": _("Take away the second factor"),
            "description": _(
                "For somebody who has lost their phone and their recovery codes: they sign in with the password alone "
                "until they set up another one. Be sure that it is them who ask."
            ),
            "form_class": None,
            "form_submit_text": _("Take it away"),
        },
    )
    def take_second_factor(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        user = User.objects.get(pk=object_id)
        with transaction.atomic():
            second_factor.take_away(user)
            audit.record(actor=actor_of(request), action="take_second_factor", subject=f"user:{user.public_id}")
        messages.success(request, _("They sign in with the password alone until they set up another one."))
        return back_to(reverse("admin:shop_user_change", args=[object_id]))

    def email_of(self, object_id: str) -> str:
        user = User.objects.filter(pk=object_id).exclude(email__endswith=f"@{GONE}").first()
        return user.email if user else ""

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ["name", "slug", "position", "products"]
    list_editable = ["position"]
    prepopulated_fields = {"slug": ["name"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        return super().get_queryset(request).annotate(product_count=Count("products"))

    @display(description=_("products"), ordering="product_count")
    def products(self, category: Any) -> int:
        return int(category.product_count)


class VariantForm(MoneyForm, forms.ModelForm):
    price_minor = MoneyField(label=_("Price"), min_minor=1, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Variant
        fields = ["sku", "label", "options", "price_minor", "currency", "position", "is_active"]


class VariantInline(TabularInline):
    model = Variant
    form = VariantForm
    extra = 0
    fields = ["sku", "label", "options", "price_minor", "currency", "position", "is_active"]


class PictureInline(TabularInline):
    model = ProductPicture
    extra = 0
    fields = ["image", "alt", "position"]


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    list_display = ["thumbnail", "name", "category", "price", "is_active"]
    list_display_links = ["thumbnail", "name"]
    list_filter = ["category", "is_active"]
    list_select_related = ["category"]
    search_fields = ["name", "variants__sku"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [VariantInline, PictureInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_queryset(request).prefetch_related("pictures", "variants")

    @display(description="")
    def thumbnail(self, product: Product) -> SafeString | str:
        picture = next(iter(product.pictures.all()), None)
        if picture is None:
            return ""
        return format_html(
            '<img src="{}" alt="" width="40" height="50" style="border-radius:6px;object-fit:cover">',
            picture.image.at(NARROW),
        )

    @display(description=_("price"))
    def price(self, product: Product) -> str:
        variants = list(product.variants.all())
        if not variants:
            return "—"
        cheapest = min(variants, key=lambda variant: variant.price_minor)
        return format_minor(cheapest.price_minor, cheapest.currency)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor", "action", "subject", "reason"]
    list_filter = ["action", "at"]
    search_fields = ["actor", "subject", "reason"]


MAIL_COLOURS = {
    Notice.Mail.DUE.label: "warning",
    Notice.Mail.SENDING.label: "warning",
    Notice.Mail.SENT.label: "success",
    Notice.Mail.REFUSED.label: "danger",
}


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Whom we told what. Mails that a killed sender left half-way are settled on the page of what is wrong."""

    list_display = ["created_at", "kind", "subject", "recipient", "email", "mail", "mail_error"]
    list_filter = ["mail_state", "kind"]
    search_fields = ["subject", "email"]

    @display(description=_("mail"), ordering="mail_state", label=MAIL_COLOURS)
    def mail(self, notice: Notice) -> str:
        return str(Notice.Mail(notice.mail_state).label)
