"""Shows (stream sessions), their run lists and timelines, chat, opinions, publishers' connections, stream limits."""

import secrets
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.urls import reverse
from django.utils import timezone

from shop.models import Variant
from shop.pictures import PictureField


def make_stream_key() -> str:
    """Return a new stream key: 32 URL-safe characters (SRT passphrases must have 10 to 79)."""
    return secrets.token_urlsafe(24)


class StreamSession(models.Model):
    """A show: planned, on air, interrupted, or ended and watched again."""

    class State(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        REHEARSAL = "rehearsal", "Rehearsal"
        LIVE = "live", "Live"
        INTERRUPTED = "interrupted", "Interrupted"
        ENDED = "ended", "Ended"

    class Review(models.TextChoices):
        """Whose messages a moderator sees before everyone does."""

        NOBODY = "nobody", "Nobody's"
        NEWCOMERS = "newcomers", "Of those who never wrote here before"
        EVERYONE = "everyone", "Every viewer's"

    class Links(models.TextChoices):
        """What becomes of viewers' messages with a link."""

        ALLOWED = "allowed", "Shown"
        HELD = "held", "Held for review"
        REFUSED = "refused", "Refused"

    ON_AIR = (State.LIVE, State.INTERRUPTED)
    TO_COME = (State.SCHEDULED, State.REHEARSAL)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=100, unique=True, help_text="never changes: bookmarks and orders name it")
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shows")
    state = models.CharField(max_length=12, choices=State, default=State.SCHEDULED)
    poster = PictureField(upload_to="posters/", blank=True)
    still = models.FileField(
        upload_to="stills/", blank=True, editable=False, help_text="a frame of it, shown where there is no poster"
    )
    starts_at = models.DateTimeField(null=True, blank=True, help_text="planned")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    has_preview = models.BooleanField(default=False, help_text="waits for the host's Go live")
    stream_key = models.CharField(max_length=64, unique=True, default=make_stream_key)
    srt_slot = models.PositiveSmallIntegerField(
        null=True, blank=True, unique=True, help_text="which of the SRT ports is this show's, counted from the first"
    )
    allows_takeover = models.BooleanField(default=False, help_text="a second publisher takes the first one's place")
    pinned = models.ForeignKey(Variant, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    slow_mode_s = models.PositiveSmallIntegerField(default=0)
    review = models.CharField(max_length=10, choices=Review, default=Review.NOBODY)
    links = models.CharField(max_length=8, choices=Links, default=Links.HELD)
    blocked_words = models.TextField(blank=True, help_text="one a line; a message with one is held for review")
    # A message is found in its month by both; it may be gone with it.
    pinned_message_id = models.UUIDField(null=True, blank=True, editable=False)
    pinned_message_said_at = models.DateTimeField(null=True, blank=True, editable=False)
    peak_viewers = models.PositiveIntegerField(default=0)
    owner_epoch = models.PositiveIntegerField(default=0, help_text="raised by each media process that takes the show")
    interrupted_at = models.DateTimeField(null=True, blank=True)
    rehearsed_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="the last rehearsal's begin")
    is_recorded = models.BooleanField(default=True, help_text="otherwise it can only be watched live")
    replay_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="how long its replay is kept after its end; empty: for good"
    )
    replay_removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    hidden_since: datetime | None = None
    """Since when a rehearsal runs that this show's reader must not notice (`streams.access.as_seen`)."""

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "starts_at"], name="session_by_state"),
            models.Index(fields=["host", "-created_at"], name="session_by_host"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("streams:show", args=[self.slug])

    @property
    def cover(self) -> FieldFile:
        """The picture that stands for the show, its own or a frame of it; false without any."""
        return self.poster or self.still

    @property
    def cover_url(self) -> str:
        """The address of its cover; empty without any."""
        return self.cover.url if self.cover else ""

    @property
    def is_on_air(self) -> bool:
        return self.state in self.ON_AIR

    @property
    def pinned_message(self) -> "ChatMessage | None":
        """Read the message that stays above the chat; None if there is none, or not any more."""
        if self.pinned_message_id is None or self.pinned_message_said_at is None:
            return None
        pinned = ChatMessage.objects.filter(pk=self.pinned_message_id, said_at=self.pinned_message_said_at).first()
        return None if pinned and pinned.is_hidden_from(self.hidden_since) else pinned

    @property
    def replay_until(self) -> datetime | None:
        """When an ended show's replay goes; None if it stays, or if there never was one."""
        if self.ended_at is None or self.replay_days is None or not self.is_recorded:
            return None
        return self.ended_at + timedelta(days=self.replay_days)

    @property
    def is_replay_over(self) -> bool:
        """Whether the replay was kept for as long as its host wished, and no longer."""
        until = self.replay_until
        is_due = until is not None and until <= timezone.now()
        return self.is_recorded and (self.replay_removed_at is not None or is_due)


class RunListItem(models.Model):
    """A SKU that the show presents, in its order."""

    session = models.ForeignKey(StreamSession, on_delete=models.CASCADE, related_name="run_list")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["session", "variant"], name="run_list_unique")]
        indexes = [models.Index(fields=["variant"], name="run_list_by_variant")]

    def __str__(self) -> str:
        return f"{self.position}. {self.variant_id}"


class Pin(models.Model):
    """A stretch of a show in which one product was on the table: a chapter of its replay."""

    session = models.ForeignKey(StreamSession, on_delete=models.CASCADE, related_name="pins")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["from_at", "id"]

    def __str__(self) -> str:
        return f"{self.variant_id} from {self.from_at}"


class Broadcast(models.Model):
    """One publisher's connection. A show may have many: a lost encoder comes back as a new one."""

    session = models.ForeignKey(StreamSession, on_delete=models.CASCADE, related_name="broadcasts")
    protocol = models.TextField()
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(fields=["session"], condition=Q(ended_at=None), name="broadcast_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.protocol} at {self.started_at}"


class AudienceCount(models.Model):
    """What one life of Redis counted of those who watched a show on air. `streams.audience` alone writes here."""

    session = models.ForeignKey(StreamSession, on_delete=models.CASCADE, related_name="audience_counts")
    life = models.TextField()
    unique_viewers = models.PositiveIntegerField()
    watched_ms = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "life"], name="audience_life_unique")]

    def __str__(self) -> str:
        return f"{self.unique_viewers} in {self.session_id}"


class ChatMessage(models.Model):
    """One message of a show's chat, with the name and role its author had then.

    The table has a partition for each month of `said_at` (`streams.chat.partitions`), and so in the database the key
    (id, said_at), and no constraints on the show and the author, which a month could not leave without locking both.
    Who knows when a message was said tells the query, which then looks into one month.
    """

    class Role(models.TextChoices):
        VIEWER = "viewer", "Viewer"
        MODERATOR = "moderator", "Moderator"
        HOST = "host", "Host"

    class Held(models.TextChoices):
        """Why a message waits for a moderator."""

        NO = "", "It does not wait"
        WORD = "word", "A blocked word"
        LINK = "link", "A link"
        REVIEW = "review", "This show's messages are looked at first"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(StreamSession, on_delete=models.CASCADE, related_name="chat", db_constraint=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_constraint=False,
        db_index=False,  # chat_by_author
    )
    author_name = models.TextField()
    role = models.CharField(max_length=10, choices=Role, default=Role.VIEWER)
    text = models.CharField(max_length=300)
    said_at = models.DateTimeField(default=timezone.now, editable=False, help_text="never changes: the row's month")
    at = models.DateTimeField(help_text="when everyone could read it first")
    removed_at = models.DateTimeField(null=True, blank=True)
    held_for = models.CharField(max_length=8, choices=Held, default=Held.NO, blank=True)
    network = models.TextField(blank=True, help_text="kept where CHAT_BANS_NETWORKS is set")

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            # chat.history: the newest visible messages of a show
            models.Index(
                fields=["session", "-at"], name="chat_shown", condition=Q(removed_at__isnull=True, held_for="")
            ),
            # review.held, chat.waiting: what waits in a show
            models.Index(
                fields=["session", "at"], name="chat_held", condition=Q(removed_at__isnull=True) & ~Q(held_for="")
            ),
            # chat.remove_all, erasure: what one person said
            models.Index(fields=["author", "session"], name="chat_by_author"),
            # chat_months.forget_old: what is past its time
            models.Index(fields=["said_at"], name="chat_by_time"),
        ]

    def __str__(self) -> str:
        return self.text

    def is_hidden_from(self, since: datetime | None) -> bool:
        """Whether this belongs to a rehearsal that began then: what its host and moderators said, not its viewers."""
        return since is not None and self.role != self.Role.VIEWER and self.said_at >= since


class Moderator(models.Model):
    """Somebody whom a show's host trusts with its chat."""

    session = models.ForeignKey(StreamSession, on_delete=models.CASCADE, related_name="moderators")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    named_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["named_at", "id"]
        constraints = [models.UniqueConstraint(fields=["session", "user"], name="moderator_unique")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.session_id}"


class Silence(models.Model):
    """Somebody who may not write in one host's shows, until a time or (a ban) until it is lifted."""

    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField(null=True, blank=True, help_text="empty: banned for good")
    network = models.TextField(blank=True, help_text="nobody writes from there either")
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [models.UniqueConstraint(fields=["host", "user"], name="silence_unique")]

    def __str__(self) -> str:
        return f"{self.user_id} with {self.host_id}"


class BlockedWord(models.Model):
    """A word or phrase that no show lets pass unseen: a message with it is held for review."""

    word = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ["word"]

    def __str__(self) -> str:
        return self.word


class Announcement(models.Model):
    """Something said over every page, or over one show's, until a time or until it is ended."""

    class Kind(models.TextChoices):
        FLASH = "flash", "News flash"
        EMERGENCY = "emergency", "Emergency"
        DISCLAIMER = "disclaimer", "Disclaimer"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FLASH)
    text = models.TextField(max_length=280)  # a rule for forms: what is kept was composed since
    session = models.ForeignKey(
        StreamSession,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="announcements",
        help_text="over this show alone; empty: over every page",
    )
    until = models.DateTimeField(null=True, blank=True, help_text="empty: until somebody ends it")
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-made_at"]
        # announcements.in_force: asked by every page
        indexes = [models.Index(fields=["made_at"], name="announcement_now", condition=Q(ended_at__isnull=True))]

    def __str__(self) -> str:
        return self.text


class Opinion(models.Model):
    """A person's like (+1) or dislike (-1) of a show."""

    session = models.ForeignKey(StreamSession, on_delete=models.CASCADE, related_name="opinions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    value = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "user"], name="opinion_unique"),
            models.CheckConstraint(condition=Q(value__in=[-1, 1]), name="opinion_value_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.value:+d}"


class StreamHolder(models.Model):
    """The streams that a user of another service holds: all of them in one row, which is what is locked.

    The ids are that service's words in UTF-8. `streams.stream_limit` alone writes here.
    """

    user_id = models.BinaryField(primary_key=True)
    stream_ids = ArrayField(models.BinaryField())

    def __str__(self) -> str:
        return bytes(self.user_id).decode()
