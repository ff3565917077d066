"""Write playlists as RFC 8216 asks, from a recording. Pure: the same recording gives the same text."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime

from streams.hls.recording import Recording, Rendition, Segment

VERSION = 7  # EXT-X-MAP in a playlist that is not of I-frames only needs 6, fMP4 in practice 7
LIVE_WINDOW_S = 30
SUBTITLES = "captions"


def render_multivariant(recording: Recording, *, suffix: str = "", is_whole: bool = False, subtitles: str = "") -> str:
    """List the newest run's renditions, best first. A media playlist is called `<rendition><suffix>.m3u8`.

    `is_whole` adds those of earlier runs that go on with the segments of another one. `subtitles` is the EXT-X-MEDIA
    of the group SUBTITLES, which goes with all of them.
    """
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if subtitles:
        lines.append(subtitles)
    with_subtitles = f',SUBTITLES="{SUBTITLES}"' if subtitles else ""
    newest = recording.runs[-1].renditions if recording.runs else ()
    renditions = recording.renditions() if is_whole else newest
    for rendition in sorted(renditions, key=lambda one: -one.width * one.height):
        lines += [
            f"#EXT-X-STREAM-INF:{_attributes(rendition, recording.peak_bps(rendition))}{with_subtitles}",
            f"{rendition.name}{suffix}.m3u8",
        ]
    return _text(lines)


def render_live(
    recording: Recording, rendition: str, *, since: datetime | None = None, has_ended: bool = False
) -> str:
    """Render the newest half minute of a rendition, but nothing from before `since` (the host's Go live)."""
    first = _first_since(recording.segments.get(rendition, []), since)
    return _render(recording, rendition, first=max(first, _live_edge(recording, rendition)), has_ended=has_ended)


def render_replay(recording: Recording, rendition: str, *, since: datetime | None = None) -> str:
    """Render all of a rendition that was kept from `since` on, as a recording that grows no more."""
    first = _first_since(recording.segments.get(rendition, []), kept_since(recording, since))
    return _render(recording, rendition, first=first, has_ended=True, kind="VOD")


def _render(recording: Recording, rendition: str, *, first: int, has_ended: bool, kind: str = "") -> str:
    segments = recording.segments.get(rendition, [])[first:]
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{recording.target_duration_s}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{recording.place(segments[0].run) if segments else 0}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    if kind:
        lines.append(f"#EXT-X-PLAYLIST-TYPE:{kind}")
    run = 0
    for segment in segments:
        if segment.run != run:
            if run:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(f'#EXT-X-MAP:URI="{init_uri(segment)}"')
            run = segment.run
        lines += [
            f"#EXT-X-PROGRAM-DATE-TIME:{stamp(segment.begins_at)}",
            f"#EXTINF:{segment.duration_s:.6f},",
            segment.uri,
        ]
    if has_ended:
        lines.append("#EXT-X-ENDLIST")
    return _text(lines)


def has_media(recording: Recording, *, since: datetime | None = None) -> bool:
    """Whether there is a run, and anything to play from `since` on."""
    if since is None:
        return bool(recording.runs)
    return any(_first_since(segments, since) < len(segments) for segments in recording.segments.values())


def run_folder(run: int) -> str:
    return f"runs/{run:04d}"


def init_uri(segment: Segment) -> str:
    """Return the init file beside a segment, which may be that of a rendition that stands in for another."""
    return f"{segment.uri.rpartition('/')[0]}/init.mp4"


def kept_since(recording: Recording, since: datetime | None) -> datetime | None:
    """Return from when on there is anything left of what viewers may see from `since` on."""
    return max((moment for moment in (since, recording.dropped_before) if moment), default=None)


def _live_edge(recording: Recording, rendition: str) -> int:
    """Return the index of the first segment of the live window: the last ones that make up LIVE_WINDOW_S."""
    segments = recording.segments.get(rendition, [])
    total_s = 0.0
    for index in range(len(segments) - 1, -1, -1):
        total_s += segments[index].duration_s
        if total_s >= LIVE_WINDOW_S:
            return index
    return 0


def _first_since(segments: Sequence[Segment], since: datetime | None) -> int:
    """Return the index of the first segment that ends after `since`; their number if none does yet."""
    if since is None:
        return 0
    return bisect_right(segments, since, key=lambda segment: segment.ends_at)  # they lie in order of time


def _attributes(rendition: Rendition, bandwidth_bps: int) -> str:
    attributes = [f"BANDWIDTH={bandwidth_bps}", f'CODECS="{rendition.codecs}"']
    if rendition.has_picture:
        attributes.append(f"RESOLUTION={rendition.width}x{rendition.height}")
    if rendition.frame_rate:
        attributes.append(f"FRAME-RATE={rendition.frame_rate:.3f}")
    return ",".join(attributes)


def stamp(moment: datetime) -> str:
    """Write a moment as EXT-X-PROGRAM-DATE-TIME does."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock(seconds: float) -> str:
    """Write a time as WebVTT does."""
    milliseconds = round(seconds * 1000)
    return (
        f"{milliseconds // 3_600_000:02d}:{milliseconds // 60_000 % 60:02d}:"
        f"{milliseconds // 1000 % 60:02d}.{milliseconds % 1000:03d}"
    )


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
