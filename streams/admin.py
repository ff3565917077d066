"""Shows in the admin. A show's state changes in its studio or by its publisher, never by hand."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from inventory.admin import ReadOnlyAdmin, actor_of
from streams import announcements, audience
from streams.models import (
    Announcement,
    BlockedWord,
    Broadcast,
    ChatMessage,
    Moderator,
    RunListItem,
    Silence,
    StreamSession,
)
from streams.templatetags.durations import duration

STATE_COLOURS = {
    StreamSession.State.LIVE.label: "danger",
    StreamSession.State.INTERRUPTED.label: "warning",
    StreamSession.State.REHEARSAL.label: "info",
}


class RunListInline(TabularInline):
    model = RunListItem
    extra = 0
    raw_id_fields = ["variant"]


class BroadcastInline(TabularInline):
    model = Broadcast
    extra = max_num = 0
    can_delete = False
    fields = readonly_fields = ["protocol", "started_at", "ended_at", "end_reason"]


@admin.register(StreamSession)
class StreamSessionAdmin(ModelAdmin):
    list_display = ["title", "shown_state", "host", "starts_at", "started_at", "peak_viewers"]
    list_filter = ["state", "starts_at"]
    list_select_related = ["host"]
    search_fields = ["title", "slug", "host__email"]
    autocomplete_fields = ["host"]
    inlines = [RunListInline, BroadcastInline]
    readonly_fields = ["shown_state", "links", "started_at", "ended_at", "peak_viewers", "watched"]
    fieldsets = [
        (None, {"fields": ["title", "slug", "description", "host", "poster", "starts_at", "has_preview"]}),
        (_("On air"), {"fields": ["shown_state", "started_at", "ended_at", "peak_viewers", "watched", "links"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: StreamSession | None = None) -> list[str]:
        """The slug stands in bookmarks and orders: it is chosen once."""
        return [*self.readonly_fields, "slug"] if obj else list(self.readonly_fields)

    def has_delete_permission(self, request: HttpRequest, obj: StreamSession | None = None) -> bool:
        return False

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, session: StreamSession) -> str:
        return str(StreamSession.State(session.state).label)

    @display(description=_("watched on air"))
    def watched(self, session: StreamSession) -> str:
        found = audience.of_show(session)
        people = ngettext("%(n)d person", "%(n)d people", found.unique_viewers) % {"n": found.unique_viewers}
        return f"{people}, {duration(found.watched_s)}"

    @display(description=_("pages"))
    def links(self, session: StreamSession) -> SafeString:
        return format_html('<a href="{}" class="underline">{}</a>', session.get_absolute_url(), _("The show's page"))


@admin.register(ChatMessage)
class ChatMessageAdmin(ReadOnlyAdmin):
    list_display = ["at", "session", "author_name", "role", "text", "held_for", "removed_at"]
    ordering = ["-said_at", "-id"]  # the newest month first, by its index
    list_filter = ["role", "held_for", "session"]
    search_fields = ["text", "author_name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChatMessage]:
        return super().get_queryset(request).select_related("session")


@admin.register(BlockedWord)
class BlockedWordAdmin(ModelAdmin):
    """Words that no show lets pass unseen, beside each show's own."""

    search_fields = ["word"]


@admin.register(Moderator)
class ModeratorAdmin(ReadOnlyAdmin):
    list_display = ["session", "user", "named_at"]
    list_select_related = ["session", "user"]


@admin.register(Silence)
class SilenceAdmin(ReadOnlyAdmin):
    """Who may not write where. Hosts and moderators decide; staff may, too, on a show's page of moderation."""

    list_display = ["user", "host", "until", "since"]
    list_select_related = ["user", "host"]
    search_fields = ["user__email", "host__email"]


@admin.register(Announcement)
class AnnouncementAdmin(ModelAdmin):
    """Making one says it over every page within a second; it is ended, never changed."""

    list_display = ["text", "kind", "session", "made_at", "until", "ended_at"]
    list_filter = ["kind", "made_at"]
    list_select_related = ["session"]
    fields = ["kind", "text", "session", "until"]
    autocomplete_fields = ["session"]
    actions = ["end"]

    def has_change_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Announcement, form: object, change: bool) -> None:
        made = announcements.make(
            obj.text, kind=obj.kind, session=obj.session, until=obj.until, actor=actor_of(request)
        )
        obj.pk, obj.made_at, obj._state.adding = made.pk, made.made_at, False

    @admin.action(description=_("End: take it off every page"), permissions=["change"])
    def end(self, request: HttpRequest, queryset: QuerySet[Announcement]) -> None:
        ended = sum(announcements.end(one, actor=actor_of(request)) for one in queryset.select_related("session"))
        messages.success(request, ngettext("%(n)d was ended.", "%(n)d were ended.", ended) % {"n": ended})
