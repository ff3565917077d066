"""Which pictures of a recording stand on a replay's seek bar, and the WebVTT that says where each is on the sheet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from streams.hls.playlist import clock
from streams.hls.recording import Recording, Rendition, Segment

SHEET = "thumbnails.jpg"
TRACK = "thumbnails.vtt"
COLUMNS = 12
MOST = COLUMNS * COLUMNS
STEP_LEAST_S = 2.0
STEP_SLACK_S = 0.25
LONG_SIDE = 160


@dataclass(frozen=True, slots=True)
class Shot:
    """A segment whose first picture is shown, and where in the replay it begins."""

    segment: Segment
    at_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The shots of a replay, so far apart that one sheet holds them. `width` and `height` are each picture's."""

    shots: tuple[Shot, ...]
    length_s: float
    step_s: float
    width: int
    height: int

    def runs(self) -> Iterator[list[Shot]]:
        """Return the shots run by run: only segments of one run share an init file."""
        for _, shots in groupby(self.shots, key=lambda shot: shot.segment.run):
            yield list(shots)


def plan(recording: Recording, *, since: datetime | None = None) -> Plan | None:
    """Choose the shots of a replay from its smallest rendition; None without a picture."""
    rendition = _smallest(recording)
    if rendition is None:
        return None
    segments = [one for one in recording.segments[rendition.name] if since is None or one.ends_at > since]
    length_s = sum(segment.duration_s for segment in segments)
    step_s = max(STEP_LEAST_S, length_s / (MOST - 1))
    shots: list[Shot] = []
    at_s = 0.0
    for segment in segments:
        if not shots or at_s >= shots[-1].at_s + step_s:
            shots.append(Shot(segment, at_s))
        at_s += segment.duration_s
    if not shots:
        return None
    scale = LONG_SIDE / max(rendition.width, rendition.height)
    width, height = (max(2, round(side * scale / 2) * 2) for side in (rendition.width, rendition.height))
    return Plan(tuple(shots), length_s, step_s, width, height)


def command(ffmpeg: str, plan: Plan) -> list[str]:
    """Return the command that reads shots of one run as fMP4, and writes each as bytes of red, green and blue."""
    box = f"{plan.width}:{plan.height}"
    # A segment may hold more keyframes than its first, but never two that are a whole step apart.
    first = f"isnan(prev_selected_t)+gte(t-prev_selected_t\\,{plan.step_s - STEP_SLACK_S:.3f})"
    fit = f"scale={box}:force_original_aspect_ratio=decrease,pad={box}:-1:-1"
    argv = [ffmpeg, "-hide_banner", "-nostats", "-loglevel", "error", "-threads", "1", "-skip_frame", "nokey"]
    argv += ["-f", "mp4", "-i", "pipe:0", "-an", "-vf", f"select={first},{fit}", "-fps_mode", "passthrough"]
    return [*argv, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]


def render(plan: Plan, shots: Sequence[Shot]) -> str:
    """Write WebVTT whose cues name the place of each shot on the sheet, in the order in which they stand there."""
    lines = ["WEBVTT", ""]
    ends_s = [*(shot.at_s for shot in shots[1:]), plan.length_s]
    for index, (shot, end_s) in enumerate(zip(shots, ends_s, strict=True)):
        x, y = place(plan, index)
        lines += [
            f"{clock(shot.at_s)} --> {clock(end_s)}",
            f"{SHEET}#xywh={x},{y},{plan.width},{plan.height}",
            "",
        ]
    return "\n".join(lines)


def place(plan: Plan, index: int) -> tuple[int, int]:
    """Return where on the sheet a shot stands."""
    row, column = divmod(index, COLUMNS)
    return column * plan.width, row * plan.height


def _smallest(recording: Recording) -> Rendition | None:
    """Return the smallest picture of the newest run that has one."""
    for run in reversed(recording.runs):
        if pictures := [one for one in run.renditions if one.has_picture]:
            return min(pictures, key=lambda one: one.width * one.height)
    return None
