"""Decide the renditions of a run: what fits the source, and two cores."""

from dataclasses import dataclass

SEGMENT_S = 1.0
HIGH_LINES, HIGH_LENGTH = 720, 1280
LOW_LINES, LOW_LENGTH = 360, 640
COMMON_FRAME_RATES = (5.0, 10.0, 12.0, 15.0, 23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 59.94, 60.0)
FRAME_RATE_MAX = 31.0  # 30 as cameras count it; faster sources are halved where they are encoded
BITS_PER_PIXEL = 0.09
SOUND_BPS = 128_000
# `low` is worth its cost only when it is clearly smaller than `high`.
LOW_AT_MAX = 0.75
# Keyframes that are further from a whole second give segments of uneven length.
KEYFRAME_TOLERANCE_S = 0.04


@dataclass(frozen=True, slots=True)
class Source:
    """What an encoder sends. `keyframe_s` is the time between keyframes, None if longer than was waited for.

    `width` is 0 when there is no picture. `can_copy_picture` says that every player takes the picture as it is, and
    that it can be cut at its keyframes; `can_copy_sound`, that the sound is AAC-LC as every player takes it.
    """

    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    keyframe_s: float | None = None
    bit_rate_bps: int = 0
    has_sound: bool = False
    can_copy_sound: bool = False
    can_copy_picture: bool = True

    @property
    def has_picture(self) -> bool:
        return self.width > 0

    @property
    def has_regular_keyframes(self) -> bool:
        """Whether segments of one second can be cut at the source's own keyframes."""
        if not self.keyframe_s:
            return False
        per_segment = max(1, round(SEGMENT_S / self.keyframe_s))
        return abs(per_segment * self.keyframe_s - SEGMENT_S) <= KEYFRAME_TOLERANCE_S


@dataclass(frozen=True, slots=True)
class Step:
    """One rendition to make. `width` is 0 for sound alone; a copied picture keeps all of the source's."""

    name: str
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    bandwidth_bps: int = SOUND_BPS
    is_copied: bool = False

    @property
    def has_picture(self) -> bool:
        return self.width > 0


def fit(source: Source, *, may_copy: bool = True, sheds: bool = False) -> tuple[Step, ...]:
    """Return the renditions for a source, best first, sound alone last. Nothing is scaled up.

    `sheds` leaves out the best of those that are encoded: the machine does not keep up with all of them.
    """
    audio = Step("audio")
    if not source.has_picture:
        return (audio,)
    if may_copy and source.can_copy_picture and source.has_regular_keyframes:
        # A camera begins with little and comes to much more: no less is said of it than its size lets expect, or
        # players would take the smaller rendition for the better one.
        bandwidth_bps = max(source.bit_rate_bps, _picture_bps(source.width, source.height, source.frame_rate))
        high = Step("high", source.width, source.height, source.frame_rate, bandwidth_bps + SOUND_BPS, is_copied=True)
    else:
        high = _encoded("high", source, _scale(source, HIGH_LINES, HIGH_LENGTH))
    low_scale = _scale(source, LOW_LINES, LOW_LENGTH)
    high_scale = high.height / source.height
    low = _encoded("low", source, low_scale if low_scale <= high_scale * LOW_AT_MAX else high_scale / 2)
    if sheds:
        return (high if high.is_copied else low, audio)
    return (high, low, audio)


def _scale(source: Source, lines: int, length: int) -> float:
    """Return by how much to scale so that both sides fit, whichever way the picture stands; at most 1."""
    short, long = sorted((source.width, source.height))
    return min(1.0, lines / short, length / long)


def _encoded(name: str, source: Source, scale: float) -> Step:
    frame_rate = source.frame_rate
    while frame_rate > FRAME_RATE_MAX:
        frame_rate /= 2
    width, height = _even(source.width * scale), _even(source.height * scale)
    return Step(name, width, height, frame_rate, _picture_bps(width, height, frame_rate) + SOUND_BPS)


def _picture_bps(width: int, height: int, frame_rate: float) -> int:
    return max(200_000, round(width * height * (frame_rate or 25) * BITS_PER_PIXEL / 50_000) * 50_000)


def _even(length: float) -> int:
    """Round down to what H.264 with 4:2:0 colour can hold."""
    return max(2, int(length / 2 + 0.01) * 2)
