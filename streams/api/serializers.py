"""The shapes of the REST calls of shows."""

from typing import Any

from rest_framework import serializers

from shop.api.inputs import Body, Query, Texts
from streams import playback, retention
from streams.chat import messages
from streams.models import StreamSession
from streams.programme import Row
from streams.store import tokens

State = StreamSession.State


class ShownProductSerializer(serializers.Serializer[Any]):
    """An entry of a run list. Of two numbers for one SKU, the one with the higher version is newer."""

    sku = serializers.CharField()
    name = serializers.CharField()
    label = serializers.CharField(help_text="what sets it apart; may be empty")  # type: ignore[assignment]
    url = serializers.SerializerMethodField()
    picture = serializers.SerializerMethodField()
    price_minor = serializers.IntegerField()
    currency = serializers.CharField()
    available = serializers.IntegerField()
    version = serializers.IntegerField()
    as_of = serializers.DateTimeField()

    def get_url(self, item: Any) -> str:
        return absolute(self, item.url)

    def get_picture(self, item: Any) -> str:
        return absolute(self, item.picture)


class SessionSerializer(serializers.Serializer[Row]):
    """A show. `playlist_url` is empty while there is nothing to play."""

    slug = serializers.SlugField(source="session.slug")
    title = serializers.CharField(source="session.title")
    description = serializers.CharField(source="session.description")
    state = serializers.ChoiceField(choices=State.choices, source="session.state")
    host = serializers.CharField(source="session.host.public_name", help_text="the host's public name")
    starts_at = serializers.DateTimeField(source="session.starts_at", allow_null=True, help_text="planned")
    started_at = serializers.DateTimeField(source="session.started_at", allow_null=True)
    ended_at = serializers.DateTimeField(source="session.ended_at", allow_null=True)
    replay_until = serializers.DateTimeField(
        source="session.replay_until", allow_null=True, help_text="when the replay goes; null: it stays"
    )
    url = serializers.SerializerMethodField(help_text="the show's page")
    poster = serializers.SerializerMethodField(help_text="a picture, 16:9; may be empty")
    viewers = serializers.IntegerField()
    playlist_url = serializers.SerializerMethodField(help_text="an HLS multivariant playlist, or empty")
    products = ShownProductSerializer(source="items", many=True)
    pinned_sku = serializers.SerializerMethodField()

    def get_url(self, row: Row) -> str:
        return absolute(self, row.session.get_absolute_url())

    def get_poster(self, row: Row) -> str:
        return absolute(self, row.session.cover_url) if row.session.cover_url else ""

    def get_playlist_url(self, row: Row) -> str:
        # To others than its insiders a rehearsal is a planned show (access.as_seen).
        url = playback.playlist_url(row.session) or playback.preview_url(row.session)
        return absolute(self, tokens.address(url, row.session))

    def get_pinned_sku(self, row: Row) -> str | None:
        return row.session.pinned.sku if row.session.pinned else None


class SessionQuerySerializer(Query):
    state = serializers.ChoiceField(choices=State.choices, required=False)
    q = serializers.CharField(required=False, allow_blank=True, max_length=100, help_text="in titles, hosts, products")


class OpinionRequestSerializer(Body[Any]):
    opinion = serializers.ChoiceField(choices=["like", "dislike"])


class OpinionSerializer(serializers.Serializer[Any]):
    likes = serializers.IntegerField()
    dislikes = serializers.IntegerField()
    opinion = serializers.ChoiceField(choices=["like", "dislike"], allow_null=True, help_text="the caller's own")


class NewSessionSerializer(Body[Any]):
    title = serializers.CharField(max_length=120)
    description = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    starts_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    preview = serializers.BooleanField(required=False, default=False, help_text="wait for the host's Go live")
    is_recorded = serializers.BooleanField(
        required=False, default=True, help_text="false: it can only be watched live"
    )
    replay_days = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=retention.DAYS_MAX,
        help_text="how long its replay is kept; null: for good",
    )


class RecordingSerializer(Body[Any]):
    """Whether a show is recorded, and how long its replay is kept."""

    is_recorded = serializers.BooleanField()
    replay_days = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=retention.DAYS_MAX,
        help_text="null: for good",
    )


class KeySerializer(serializers.Serializer[Any]):
    """What an encoder needs. Only a show's host ever gets it."""

    slug = serializers.SlugField()
    stream_key = serializers.CharField()
    rtmp_url = serializers.CharField(help_text="the key included")
    srt_url = serializers.CharField(allow_null=True, help_text="the key included; null: every SRT port is in use")


class CameraSerializer(serializers.Serializer[Any]):
    """What a browser needs to send its camera. Only a show's host ever gets it."""

    url = serializers.CharField(help_text="a WebSocket")
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds")


class SkusSerializer(Body[Any]):
    skus = Texts(child=serializers.CharField(max_length=64), help_text="the whole run list, in order")


class PinSerializer(Body[Any]):
    sku = serializers.CharField(max_length=64, allow_null=True, help_text="null takes it off the table")


class SlowModeSerializer(Body[Any]):
    seconds = serializers.IntegerField(min_value=0, max_value=messages.SLOW_MODE_MOST_S)


class HealthSerializer(serializers.Serializer[Any]):
    """How the encoder's stream arrives; 0 is unknown."""

    bitrate_bps = serializers.IntegerField()
    frames_per_s = serializers.FloatField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    dropped = serializers.IntegerField(help_text="pictures that could not be encoded in time, since it connected")
    has_sound = serializers.BooleanField(help_text="sound arrives at this moment")
    has_picture = serializers.BooleanField(help_text="a picture arrives at this moment")
    sheds = serializers.BooleanField(help_text="viewers have one quality less: the machine did not keep up")
    is_disk_low = serializers.BooleanField(help_text="nothing is recorded any more: the disk is nearly full")
    store_behind_s = serializers.IntegerField(help_text="how long video waits for a slow store, if notably")


class SpreadSerializer(serializers.Serializer[Any]):
    """The middle of all viewings, and what one in twenty is worse than; null before anybody told."""

    p50_ms = serializers.IntegerField(allow_null=True)
    p95_ms = serializers.IntegerField(allow_null=True)


class WatchingSerializer(serializers.Serializer[Any]):
    """How the show plays at its viewers, as their players tell."""

    viewings = serializers.IntegerField()
    startup = SpreadSerializer(help_text="from the wish to play to the first picture")
    latency = SpreadSerializer(help_text="behind the camera")
    stalls = serializers.IntegerField(help_text="how often a picture stood still")
    stalled_percent = serializers.FloatField(help_text="of the time that people meant to watch")


class FiguresSerializer(serializers.Serializer[Any]):
    """A show at this moment. `orders` and `revenue_minor` are paid ones; `sold` and `held` are units by SKU."""

    state = serializers.ChoiceField(choices=State.choices)
    viewers = serializers.IntegerField()
    peak_viewers = serializers.IntegerField()
    unique_viewers = serializers.IntegerField(help_text="different people who watched while it was on air, about")
    watched_s = serializers.IntegerField(help_text="seconds that all of them together watched")
    watched_each_s = serializers.IntegerField(help_text="the average of them")
    chat_per_minute = serializers.IntegerField()
    chatters = serializers.IntegerField()
    orders = serializers.IntegerField()
    unpaid = serializers.IntegerField()
    revenue_minor = serializers.IntegerField()
    currency = serializers.CharField()
    sold = serializers.DictField(child=serializers.IntegerField())
    held = serializers.DictField(child=serializers.IntegerField())
    preview_url = serializers.SerializerMethodField(help_text="what the host sees: a playlist, or empty")
    health = HealthSerializer(allow_null=True)
    refused_codec = serializers.CharField(help_text="what the last encoder sent that can't be played, or empty")
    watching = WatchingSerializer()
    waiting = serializers.IntegerField(help_text="chat messages that wait for review")

    def get_preview_url(self, figures: Any) -> str:
        return absolute(self, figures["preview_url"])


def absolute(serializer: serializers.BaseSerializer[Any], url: str) -> str:
    """Make an address of ours absolute; an empty one stays empty."""
    return str(serializer.context["request"].build_absolute_uri(url)) if url else ""
