"""A show without a camera: stills of the goods, cut and panned like two cameras would, with a clock and a tune.

The stills lie in `stills/`; `python -m config.demo.film.stills` draws them again (with Chromium, which only a
developer needs). ffmpeg does the rest while it plays, so that a film may be as long as one likes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageFont

STILLS = Path(__file__).parent / "stills"

WIDTH, HEIGHT = 1280, 720
RATE = 15  # no camera moves by more than six pixels a second: more frames would show nothing new
MARGIN_X, MARGIN_Y = 160, 90  # a still is larger than the picture by this much, so that a camera can pan


@dataclass(frozen=True)
class Shot:
    """A still and how many seconds it is on."""

    still: str
    seconds: float


KILN = (
    Shot("kiln", 18),
    Shot("vase-rust", 8),
    Shot("kiln", 14),
    Shot("bowls-nest", 7),
    Shot("mug-mustard", 7),
    Shot("teapot-cane", 7),
)
KNITS = (
    Shot("rail", 8),
    Shot("crew-sea-m", 8),
    Shot("crew-rust-m", 8),
    Shot("rollneck-oat-m", 8),
    Shot("cardigan-moss-m", 8),
    Shot("rail", 4),
)


def length(shots: Sequence[Shot]) -> float:
    """Return how many seconds the shots take, once through."""
    return sum(shot.seconds for shot in shots)


def endless(shots: Sequence[Shot], *, font: Path | str) -> list[str]:
    """Return ffmpeg's inputs and filters for a film without an end, played in real time, the time of day burnt in.

    Its streams are labelled `[picture]` and `[sound]`. `font` is a file (see `write_font`).
    """
    names = list(dict.fromkeys(shot.still for shot in shots))
    total = length(shots)
    steps = [f"[{number}:v]{_hold(-1)},{_pan(number)}[cam{number}]" for number in range(len(names))]
    picture = "cam0"
    for number, name in enumerate(names[1:], 1):
        cuts = "+".join(
            f"between(mod(t,{total}),{start},{start + shot.seconds - 0.001})"
            for start, shot in zip(_starts(shots), shots, strict=True)
            if shot.still == name
        )
        steps.append(f"[{picture}][cam{number}]overlay=format=yuv444:enable='{cuts}'[cut{number}]")
        picture = f"cut{number}"
    # ffmpeg's -re holds back inputs, but these frames are made by filters: filters must keep the time.
    return _whole(names, steps, picture, font, r"%{localtime\:%H\\\:%M\\\:%S}", pace=(",realtime", ",arealtime"))


def once(shots: Sequence[Shot], *, font: Path | str) -> list[str]:
    """Return the same for a film that ends, its own time burnt in. Its sound does not end: give `-t`."""
    steps = [
        f"[{number}:v]{_hold(round(shot.seconds * RATE) - 1)},{_pan(number)}[cam{number}]"
        for number, shot in enumerate(shots)
    ]
    cameras = "".join(f"[cam{number}]" for number in range(len(shots)))
    steps.append(f"{cameras}concat=n={len(shots)}[cut]")
    return _whole([shot.still for shot in shots], steps, "cut", font, r"%{pts\:gmtime\:0\:%M\\\:%S}")


def write_font(path: Path) -> Path:
    """Write the typeface that comes with Pillow to a file, for ffmpeg; a machine may have none of its own."""
    font = ImageFont.load_default(size=24)
    content = getattr(font, "font_bytes", None)
    if not isinstance(content, bytes):
        raise RuntimeError("this Pillow has no built-in typeface")
    if not path.exists() or path.stat().st_size != len(content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return path


def _starts(shots: Sequence[Shot]) -> list[float]:
    return [length(shots[:number]) for number in range(len(shots))]


def _whole(
    names: Sequence[str],
    steps: list[str],
    picture: str,
    font: Path | str,
    clock: str,
    pace: tuple[str, str] = ("", ""),
) -> list[str]:
    """Return the inputs, and the steps with clock and sound added."""
    inputs = [part for name in names for part in ("-framerate", str(RATE), "-i", str(STILLS / f"{name}.webp"))]
    steps.append(
        f"[{picture}]drawtext=fontfile='{font}':text='{clock}':fontsize=26:fontcolor=white@0.9:"
        f"x=w-tw-34:y=h-th-30:box=1:boxcolor=black@0.35:boxborderw=10,format=yuv420p{pace[0]}[picture]"
    )
    steps.append(f"{_tune()}{pace[1]}[sound]")
    return [*inputs, "-filter_complex", ";".join(steps)]


def _hold(times: int) -> str:
    """Return the steps that repeat a still so many times (-1: for ever), in colours that can be cropped anywhere."""
    return f"format=yuv444p,loop=loop={times}:size=1:start=0,setpts=N/({RATE}*TB)"


def _pan(number: int) -> str:
    """Return the step that moves over a still, each camera at its own pace."""
    across, down = 17 + number * 3, 23 + number * 2
    x = f"{MARGIN_X // 2}*(1+0.6*sin(t/{across}*2+{number}))"
    y = f"{MARGIN_Y // 2}*(1+0.3*sin(t/{down}*2+{number * 2}))"
    return f"crop={WIDTH}:{HEIGHT}:x='{x}':y='{y}':exact=1"


def _tune() -> str:
    """Return a quiet, endless tune of plucked notes, one every three quarters of a second, over a low hum."""
    notes = (196.0, 246.94, 293.66, 369.99, 329.63, 293.66, 246.94, 220.0)
    chosen = "+".join(f"{note}*eq(mod(floor(t/0.75),8),{number})" for number, note in enumerate(notes))
    pluck = f"0.11*exp(-4*mod(t,0.75))*sin(2*PI*({chosen})*t)"
    hum = "0.02*sin(2*PI*98*t)*(1+0.4*sin(2*PI*t/9))"
    return f"aevalsrc='{pluck}+{hum}':s=16000:c=mono,aresample=48000,pan=stereo|c0=c0|c1=c0"
