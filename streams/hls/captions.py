"""Captions of a replay: the host's WebVTT, checked line by line, and the rendition that players read.

A host's file counts seconds of the replay. Players count the time of the media, which begins anew with each run. So
the rendition has one WebVTT segment a run, whose X-TIMESTAMP-MAP ties both together (RFC 8216, 3.5), and as many
discontinuities as the picture. The segments' names hold a digest of the file: another file never hides behind a name
that a cache knows.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from streams.hls import playlist
from streams.hls.exceptions import BadCaptions
from streams.hls.recording import Recording, Segment

FILE = "captions.vtt"
PLAYLIST = "captions-replay.m3u8"
SEGMENTS = "captions-*-*.vtt"
MOST_BYTES = 1024 * 1024
SLACK_S = 1.0  # programs that write captions round a film's length up
MPEG_HZ = 90_000
MPEG_TICKS = 2**33

CLOCK = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
TIMING = re.compile(rf"{CLOCK}[ \t]+-->[ \t]+{CLOCK}(?:[ \t]+(.*))?", re.ASCII)
HEAD = re.compile(r"WEBVTT(?:[ \t].*)?")
NO_CUE = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?")
LANGUAGE = re.compile(r"Language:[ \t]*([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)[ \t]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cue:
    """A few words, and from when to when in the replay they are on screen. `settings` say where, in WebVTT's words."""

    begin_s: float
    end_s: float
    text: str
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Captions:
    """What a host's file says. `language` is its header's, as BCP 47 writes it, or ""."""

    cues: tuple[Cue, ...]
    language: str
    digest: str


@dataclass(frozen=True, slots=True)
class Part:
    """What a replay has of one run: where it begins in the replay, in the run's own time, and in ours."""

    run: int
    at_s: float
    length_s: float
    media_s: float
    begins_at: datetime

    def name(self, captions: Captions) -> str:
        return f"captions-{captions.digest}-{self.run:04d}.vtt"


def parts(recording: Recording, *, since: datetime | None = None) -> list[Part]:
    """Return a replay run by run, as its best rendition has it."""
    best = max(recording.renditions(), key=lambda one: one.width * one.height, default=None)
    segments = recording.segments[best.name] if best else []
    kept_since = playlist.kept_since(recording, since)
    anchors = {run.number: run.anchor_at for run in recording.runs}
    found: list[Part] = []
    at_s = 0.0
    for number, group in groupby(segments, key=lambda one: one.run):
        kept: list[Segment] = [one for one in group if kept_since is None or one.ends_at > kept_since]
        if kept:
            length_s = sum(one.duration_s for one in kept)
            begins_at = kept[0].begins_at
            found.append(Part(number, at_s, length_s, (begins_at - anchors[number]).total_seconds(), begins_at))
            at_s += length_s
    return found


def length_s(replay: Sequence[Part]) -> float:
    return sum(part.length_s for part in replay)


def parse(data: bytes, *, length_s: float) -> Captions:
    """Read a host's file for a replay so long. Comments, styles and regions are left out. Raises BadCaptions."""
    if len(data) > MOST_BYTES:
        raise BadCaptions("too_big")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadCaptions("not_text", data[: error.start].count(b"\n") + 1) from error
    lines = re.split(r"\r\n|\r|\n", text)
    if "\0" in text:
        raise BadCaptions("not_text", next(number for number, line in enumerate(lines, 1) if "\0" in line))
    if not HEAD.fullmatch(lines[0]):
        raise BadCaptions("no_head", 1)
    blocks = _blocks(lines)
    header = next(blocks)
    if misplaced := next((number for number, line in header if "-->" in line), 0):
        raise BadCaptions("bad_time", misplaced)
    language = next((match[1] for _, line in header if (match := LANGUAGE.fullmatch(line))), "")
    cues: list[Cue] = []
    for block in blocks:
        if NO_CUE.fullmatch(block[0][1]):
            continue
        cue = _cue(block, after_s=cues[-1].begin_s if cues else 0.0, length_s=length_s)
        if cue.text:
            cues.append(cue)
    if not cues:
        raise BadCaptions("no_cues", len(lines))
    return Captions(tuple(cues), language, hashlib.sha256(data).hexdigest()[:12])


def render_media(captions: Captions) -> str:
    """Return the line of the multivariant playlist that names the rendition (RFC 8216, 4.3.4.1)."""
    language = f',LANGUAGE="{captions.language}"' if captions.language else ""
    return (
        f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="{playlist.SUBTITLES}",NAME="Captions"{language}'
        f',DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="{PLAYLIST}"'
    )


def render_playlist(captions: Captions, recording: Recording, replay: Sequence[Part]) -> str:
    """Render the rendition's media playlist. Being VOD, it may have a target duration of its own (RFC 8216, 6.2.4)."""
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{playlist.VERSION}",
        f"#EXT-X-TARGETDURATION:{max(int(part.length_s + 0.5) for part in replay)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{recording.place(replay[0].run)}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    for part in replay:
        if part is not replay[0]:
            lines.append("#EXT-X-DISCONTINUITY")
        lines += [
            f"#EXT-X-PROGRAM-DATE-TIME:{playlist.stamp(part.begins_at)}",
            f"#EXTINF:{part.length_s:.6f},",
            part.name(captions),
        ]
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"


def render_segment(captions: Captions, part: Part) -> str:
    """Render the cues that are on screen during a run, in the replay's time, and where that lies in the run's.

    One that outlasts the run is cut there, and goes on with the next: else players show it twice.
    """
    ends_s = part.at_s + part.length_s
    ticks = round(part.media_s * MPEG_HZ) % MPEG_TICKS
    lines = ["WEBVTT", f"X-TIMESTAMP-MAP=LOCAL:{playlist.clock(part.at_s)},MPEGTS:{ticks}", ""]
    for cue in captions.cues:
        begin_s, end_s = max(cue.begin_s, part.at_s), min(cue.end_s, ends_s)
        if begin_s < end_s:
            times = f"{playlist.clock(begin_s)} --> {playlist.clock(end_s)}"
            lines += [f"{times} {cue.settings}".rstrip(), cue.text, ""]
    return "\n".join(lines)


def _blocks(lines: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """Part lines where one is empty; each is given with its number. The first block is the header."""
    for is_block, group in groupby(enumerate(lines, 1), key=lambda pair: pair[1] != ""):
        if is_block:
            yield list(group)


def _cue(block: Sequence[tuple[int, str]], *, after_s: float, length_s: float) -> Cue:
    """Read a cue: an identifier, perhaps, its times, its text."""
    number, line = next((pair for pair in block[:2] if "-->" in pair[1]), block[0])
    match = TIMING.fullmatch(line.rstrip(" \t"))
    if match is None:
        raise BadCaptions("bad_time", number)
    begin_s, end_s = _seconds(match.groups()[:4]), _seconds(match.groups()[4:8])
    if begin_s < after_s:
        raise BadCaptions("falls", number)
    if end_s <= begin_s:
        raise BadCaptions("ends_early", number)
    if begin_s >= length_s or end_s > length_s + SLACK_S:
        raise BadCaptions("beyond", number, length_s)
    text = [(at, words) for at, words in block if at > number]
    if misplaced := next((at for at, words in text if "-->" in words), 0):
        raise BadCaptions("bad_time", misplaced)
    return Cue(begin_s, min(end_s, length_s), "\n".join(words for _, words in text).strip(), match[9] or "")


def _seconds(clock: Sequence[str | None]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in clock)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000
