"""Name ffmpeg's command for a run. It reads FLV on stdin and writes a folder a rendition."""

from collections.abc import Sequence
from pathlib import Path

from streams.hls.ladder import COMMON_FRAME_RATES, SEGMENT_S, SOUND_BPS, Source, Step

PLAYLIST = "ffmpeg.m3u8"
INIT = "init.mp4"
# The watcher reads it ten times a second, so a minute of segments is plenty.
LISTED_SEGMENTS = 60
IRREGULAR_RATE = 30.0
# One for each segment, counted from the first picture: where some are sent out of order, that is not shown at zero.
KEYFRAMES = f"expr:if(n,gte(t,ld(0)+n_forced*{SEGMENT_S:g}-0.0005),1+0*st(0,t))"
GOP_MAX = 600  # frames; keyframes are forced by time, this only stops x264 from adding its own


def command(ffmpeg: str, source: Source, steps: Sequence[Step], folder: Path) -> list[str]:
    """Return the command that turns a source with sound into the renditions `steps`, each in `folder/<its name>/`."""
    # -copyts: each rendition keeps the source's own times, so that all of them agree to the frame.
    argv = [ffmpeg, "-hide_banner", "-nostats", "-loglevel", "warning", "-copyts"]
    argv += ["-analyzeduration", "1000000", "-f", "flv", "-i", "pipe:0"]
    if graph := _filters(source, steps):
        argv += ["-filter_complex", graph]
    for step in steps:
        argv += [*_picture(step, steps), *_sound(source), *_segments(folder / step.name)]
    return argv


def _filters(source: Source, steps: Sequence[Step]) -> str:
    """Decode once, and scale for each rendition that is encoded.

    Pictures that the source leaves out are repeated, so that there is one for a keyframe each whole second. Beside a
    copy nothing is added: the keyframes are where the source has them.
    """
    is_even = not any(step.is_copied for step in steps)
    encoded = [step for step in steps if step.has_picture and not step.is_copied]
    if not encoded:
        return ""
    branches = "".join(f"[{step.name}-in]" for step in encoded)
    chains = [f"[0:v]split={len(encoded)}{branches}"]
    for step in encoded:
        rate = _even_rate(step.frame_rate) if is_even else step.frame_rate
        rates = "" if rate == source.frame_rate and not is_even else f"fps={rate:g},"
        chains.append(f"[{step.name}-in]{rates}scale={step.width}:{step.height},format=yuv420p[{step.name}]")
    return ";".join(chains)


def _even_rate(measured: float) -> float:
    """Return the rate at which a source's pictures are encoded; a camera that comes and goes may reach any."""
    halves = [rate / 2 for rate in COMMON_FRAME_RATES]
    return measured if measured in {*COMMON_FRAME_RATES, *halves} else IRREGULAR_RATE


def _picture(step: Step, steps: Sequence[Step]) -> list[str]:
    if not step.has_picture:
        return ["-vn"]
    if step.is_copied:
        return ["-map", "0:v:0", "-c:v", "copy"]
    # Beside a copy, the keyframes must be where the source has them.
    keyframes = "source" if any(one.is_copied for one in steps) else KEYFRAMES
    peak_k = (step.bandwidth_bps - SOUND_BPS) // 1000
    argv = ["-map", f"[{step.name}]", "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency"]
    argv += ["-profile:v", "high", "-crf", "23", "-maxrate", f"{peak_k}k", "-bufsize", f"{peak_k}k"]
    argv += ["-fps_mode", "passthrough", "-enc_time_base", "1:1000"]
    # What ffmpeg guesses for a browser's camera is 1000 a second, and x264 then gives each picture a few bytes.
    argv += ["-x264-params", f"fps={step.frame_rate or 25:.3f}"]
    return [*argv, "-g", str(GOP_MAX), "-sc_threshold", "0", "-force_key_frames", keyframes]


def _sound(source: Source) -> list[str]:
    if source.can_copy_sound:
        return ["-map", "0:a:0", "-c:a", "copy"]
    return ["-map", "0:a:0", "-c:a", "aac", "-b:a", str(SOUND_BPS), "-ar", "48000", "-ac", "2"]


def _segments(folder: Path) -> list[str]:
    argv = ["-map_metadata", "-1", "-f", "hls", "-hls_time", f"{SEGMENT_S:g}", "-hls_segment_type", "fmp4"]
    argv += ["-hls_list_size", str(LISTED_SEGMENTS), "-hls_flags", "independent_segments+temp_file"]
    argv += ["-hls_fmp4_init_filename", INIT, "-hls_segment_filename", str(folder / "%06d.m4s")]
    return [*argv, str(folder / PLAYLIST)]
