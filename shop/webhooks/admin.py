"""Webhook endpoints in the admin: where they go, whether they answer, and their secrets, each shown once."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from inventory import attempts
from inventory.admin import ReadOnlyAdmin, actor_of, back_to
from shop import audit
from shop.models import WebhookDelivery, WebhookEndpoint
from shop.webhooks import addresses, deliveries, signing
from shop.webhooks.exceptions import AddressRefused

STATE_COLOURS = {
    WebhookDelivery.State.DUE.label: "warning",
    WebhookDelivery.State.DELIVERED.label: "success",
    WebhookDelivery.State.FAILED.label: "danger",
}


class EndpointForm(forms.ModelForm):
    topics = forms.MultipleChoiceField(
        label=_("Topics"),
        choices=[(topic, topic) for topic in deliveries.TOPICS],
        required=False,
        help_text=_("None: all of them, later ones too."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["url", "description", "topics", "is_active"]

    def clean_url(self) -> str:
        try:
            addresses.parse(self.cleaned_data["url"])
        except AddressRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return str(self.cleaned_data["url"])


class SecretForm(BaseDialogForm):
    """Says which secret was the newest when the dialog was opened."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        endpoints = WebhookEndpoint.objects.filter(pk=self.object_id)
        self.initial["seen"] = endpoints.values_list("secret_number", flat=True).first()


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ModelAdmin):
    form = EndpointForm
    list_display = ["__str__", "url", "health", "created_at"]
    list_filter = ["is_active"]
    readonly_fields = ["condition", "failing_since", "rotated_at"]
    fields = ["url", "description", "topics", "is_active", *readonly_fields]
    actions_detail = ["ping", "rotate", "see_deliveries"]

    @display(description=_("state"), label={"off": "info", "well": "success", "failing": "danger"})
    def health(self, endpoint: WebhookEndpoint) -> tuple[str, str]:
        word = "failing" if endpoint.failures else "well"
        return word if endpoint.is_active else "off", self.condition(endpoint)

    @display(description=_("state"))
    def condition(self, endpoint: WebhookEndpoint) -> str:
        if not endpoint.is_active:
            return str(_("Turned off"))
        if not endpoint.failures:
            return str(_("Well"))
        return str(_("Failed %(n)d times in a row") % {"n": endpoint.failures})

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        """Start afresh with an endpoint that is turned on again, and show a new one's secret."""
        if "is_active" in form.changed_data and obj.is_active:
            obj.failures, obj.failing_since, obj.paused_until = 0, None, None
        super().save_model(request, obj, form, change)
        audit.record(
            actor=actor_of(request),
            action="webhook_changed" if change else "webhook_added",
            subject=f"webhook:{obj.pk}",
            changed=form.changed_data,
        )
        if not change:
            self._show_secret(request, obj)

    @action(
        description=_("Send a test"),
        icon="send",
        permissions=["change"],
        dialog={
            "title": _("Send a test"),
            "description": _("A delivery that means nothing: topic webhook.ping."),
            "form_class": None,
            "form_submit_text": _("Send it"),
        },
    )
    def ping(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        deliveries.ping(WebhookEndpoint.objects.get(pk=object_id))
        messages.success(request, _("A test is on its way. How it went is in the list of deliveries in a moment."))
        return back_to(reverse("admin:shop_webhookendpoint_change", args=[object_id]))

    @action(
        description=_("New secret"),
        icon="key",
        variant=ActionVariant.DANGER,
        permissions=["change"],
        dialog={
            "title": _("Make a new secret"),
            "description": _("For a day both secrets sign, so that the receiver can change over."),
            "form_class": SecretForm,
            "form_submit_text": _("Make it"),
        },
    )
    def rotate(self, request: HttpRequest, form: SecretForm, object_id: str) -> HttpResponse:
        endpoints = WebhookEndpoint.objects.filter(pk=object_id)
        if form.cleaned_data["seen"] is not None:
            endpoints = endpoints.filter(secret_number=form.cleaned_data["seen"])
        if endpoints.update(secret_number=F("secret_number") + 1, rotated_at=timezone.now()):
            endpoint = WebhookEndpoint.objects.get(pk=object_id)
            audit.record(actor=actor_of(request), action="webhook_secret_rotated", subject=f"webhook:{endpoint.pk}")
            self._show_secret(request, endpoint)
        else:
            messages.error(request, _("Somebody made a new secret meanwhile, so yours was not made."))
        return back_to(reverse("admin:shop_webhookendpoint_change", args=[object_id]))

    @action(description=_("Deliveries"), icon="list_alt", permissions=["view"])
    def see_deliveries(self, request: HttpRequest, object_id: str) -> HttpResponse:
        address = reverse("admin:shop_webhookdelivery_changelist")
        return redirect(f"{address}?endpoint__id__exact={object_id}")

    def _show_secret(self, request: HttpRequest, endpoint: WebhookEndpoint) -> None:
        messages.warning(
            request,
            _("The secret of this endpoint, shown this once: %(secret)s") % {"secret": signing.secret(endpoint)},
            extra_tags=attempts.SHOWN_ONCE,
        )


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "topic", "endpoint", "shown_state", "attempts", "status_code", "last_error"]
    list_filter = ["state", "topic", "endpoint"]
    list_select_related = ["endpoint"]
    search_fields = ["id", "payload__data__id", "payload__data__number"]
    fields = [
        "id",
        "endpoint",
        "topic",
        "payload",
        "shown_state",
        "attempts",
        "next_try_at",
        "status_code",
        "last_error",
        "created_at",
        "delivered_at",
    ]
    actions_detail = ["again"]

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, delivery: WebhookDelivery) -> str:
        return str(WebhookDelivery.State(delivery.state).label)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).select_related("endpoint")

    def has_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("shop.change_webhookendpoint"))

    @action(
        description=_("Send again"),
        icon="replay",
        permissions=["again"],
        dialog={
            "title": _("Send this delivery again"),
            "description": _("With the same id: a receiver that had it drops it."),
            "form_class": None,
            "form_submit_text": _("Send it again"),
        },
    )
    def again(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        deliveries.send_again(WebhookDelivery.objects.get(pk=object_id))
        messages.success(request, _("It is on its way again."))
        return back_to(reverse("admin:shop_webhookdelivery_change", args=[object_id]))
