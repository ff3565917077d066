"""Which rendition suits a device, and which of its segments holds a moment of the show. docs/video.md tells more."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from django.conf import settings

from streams import playback
from streams.exceptions import NothingToPlay, OffsetBeyond
from streams.hls import journal
from streams.hls.origin import REPLAY_SUFFIX
from streams.hls.recording import Rendition, Segment
from streams.models import StreamSession
from streams.store import progress, tokens


@dataclass(frozen=True, slots=True)
class Fit:
    """What a kind of device makes use of: so many lines on the shorter side, so many bits a second."""

    lines: int
    bandwidth_bps: int


DEVICES = {
    "phone": Fit(480, 2_500_000),
    "tablet": Fit(720, 6_000_000),
    "desktop": Fit(1080, 12_000_000),
    "tv": Fit(2160, 40_000_000),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A moment of a show in one rendition. `segment_offset_s` is where the segment that holds it begins."""

    playlist_url: str
    rendition: str
    segment_url: str
    offset_s: float
    segment_offset_s: float


def find(session: StreamSession, *, device: str, offset_s: float | None = None) -> Place:
    """Find a moment, counted in seconds of video from the show's beginning; None is the newest, or a replay's first.

    Pauses of the broadcast have no length: a replay's player counts in the same way.
    Raises NothingToPlay or OffsetBeyond.
    """
    folder = playback.folder(session.pk)
    to_bytes = progress.read(folder) if settings.MEDIA_BUCKET else None
    runs = journal.read_runs(folder, to_bytes=to_bytes) if playback.playlist_url(session) else []
    if not runs:
        raise NothingToPlay(session.state)
    rendition = choose(runs[-1].renditions, device=device)
    segments = _shown(session, journal.read_segments(folder, rendition.name, to_bytes=to_bytes))
    if dropped_before := journal.read_dropped_before(folder):
        segments = [segment for segment in segments if segment.ends_at > dropped_before]
    ends_s = list(accumulate(segment.duration_s for segment in segments))
    if not ends_s:
        raise NothingToPlay(session.state)
    if offset_s is None:
        offset_s = ends_s[-1] - segments[-1].duration_s if session.is_on_air else 0.0
    index = bisect_right(ends_s, offset_s)
    if index == len(ends_s):
        raise OffsetBeyond(ends_s[-1])
    suffix = "" if session.is_on_air else REPLAY_SUFFIX
    return Place(
        playlist_url=_url(session, f"{rendition.name}{suffix}.m3u8"),
        rendition=rendition.name,
        segment_url=_url(session, segments[index].uri),
        offset_s=offset_s,
        segment_offset_s=ends_s[index] - segments[index].duration_s,
    )


def choose(renditions: Sequence[Rendition], *, device: str) -> Rendition:
    """Return the best rendition that a device makes use of; if all are too much for it, the least."""
    fit = DEVICES[device]
    pictures = [one for one in renditions if one.has_picture] or renditions
    suited = [one for one in pictures if _lines(one) <= fit.lines and one.bandwidth_bps <= fit.bandwidth_bps]
    if suited:
        return max(suited, key=lambda one: (_lines(one), one.bandwidth_bps))
    return min(pictures, key=lambda one: (one.bandwidth_bps, _lines(one)))


def _lines(rendition: Rendition) -> int:
    """Return the shorter side: a picture taken upright has its lines from left to right."""
    return min(rendition.width, rendition.height)


def _shown(session: StreamSession, segments: Sequence[Segment]) -> Sequence[Segment]:
    """Leave out what only the host saw, before Go live."""
    since = playback.live_since(session)
    return [segment for segment in segments if segment.ends_at > since] if since else segments


def _url(session: StreamSession, name: str) -> str:
    return tokens.address(f"{settings.MEDIA_BASE_URL}/sessions/{session.pk}/{name}", session)
