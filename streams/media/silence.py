"""Silence for a picture without sound: in the source's own form of AAC, or in ours where it has none."""

from dataclasses import dataclass

from streams.ingest import flv
from streams.ingest.flv import Tag

# AAC-LC, 48 kHz, stereo: an AudioSpecificConfig (ISO 14496-3, 1.6).
HEADER = Tag(flv.AUDIO, 0, bytes.fromhex("af001190"))
SAMPLES = 1024
RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
EXPLICIT_RATE = 15
# What a frame holds by its channel configuration (1.6.3.4): a channel, a pair of them, the low frequencies.
SINGLE, PAIR, LOW = 0, 1, 3
ELEMENTS = {
    1: (SINGLE,),
    2: (PAIR,),
    3: (SINGLE, PAIR),
    4: (SINGLE, PAIR, SINGLE),
    5: (SINGLE, PAIR, PAIR),
    6: (SINGLE, PAIR, PAIR, LOW),
    7: (SINGLE, PAIR, PAIR, PAIR, LOW),
}
OBJECT_TYPES = frozenset({2, 5, 29})  # AAC-LC, alone or below what HE-AAC adds to it
# Over a longer gap in the source's times nothing is filled in: a broken clock must not cost memory.
GAP_MS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Form:
    """How a source's sound is written: what a frame of silence is, and how long it lasts."""

    frame: Tag
    frame_ms: float


def form_of(header: Tag) -> Form | None:
    """Read an AAC sequence header; None for one that we can't write silence for."""
    bits = "".join(f"{byte:08b}" for byte in header.body[2:10])
    if len(bits) < 13 or int(bits[:5], 2) not in OBJECT_TYPES:
        return None
    index, bits = int(bits[5:9], 2), bits[9:]
    if index == EXPLICIT_RATE:
        rate, bits = int(bits[:24] or "0", 2), bits[24:]
    else:
        rate = RATES[index] if index < len(RATES) else 0
    elements = ELEMENTS.get(int(bits[:4] or "0", 2))
    if not rate or not elements:
        return None
    return Form(Tag(flv.AUDIO, 0, header.body[:1] + b"\x01" + _frame(elements)), 1000 * SAMPLES / rate)


def _frame(elements: tuple[int, ...]) -> bytes:
    """Write a frame in which no band of any channel holds a value (ISO 14496-3, 4.4.2)."""
    # ics_info without a band; then global gain, and that there are no pulses, noise shaping or gain control.
    window, channel = "0" * 11, "0" * 11
    bits, seen = "", [0] * 4
    for element in elements:
        bits += f"{element:03b}{seen[element]:04b}"
        seen[element] += 1
        # A pair shares its window, and has no middle and side to tell apart.
        bits += f"1{window}00{channel}{channel}" if element == PAIR else f"{channel[:8]}{window}{channel[8:]}"
    bits += "111"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)


class Silence:
    """One run's, which has come as far as its picture, or as the sound that there is."""

    def __init__(self, form: Form | None = None, *, begins_ms: float = 0.0) -> None:
        self._form = form or OURS
        self._next_ms = begins_ms

    def begin(self) -> bytes:
        """Return the FLV tag that says what follows, where no sound of the source's does."""
        return flv.encode(HEADER, timestamp_ms=0)

    def until(self, moment_ms: float) -> bytes:
        """Return the FLV tags that are missing before a picture at `moment_ms` of the run."""
        if moment_ms - self._next_ms > GAP_MS_MAX:
            self._next_ms = float(moment_ms)
        tags = []
        while self._next_ms <= moment_ms:
            tags.append(flv.encode(self._form.frame, timestamp_ms=round(self._next_ms)))
            self._next_ms += self._form.frame_ms
        return b"".join(tags)

    def lacks_ms(self, moment_ms: float) -> float:
        """Return how much is missing up to a moment; negative if there is sound beyond it already."""
        return moment_ms - self._next_ms

    def heard(self, moment_ms: float) -> None:
        """Note a frame of the source's own."""
        self._next_ms = moment_ms + self._form.frame_ms

    @property
    def frame_ms(self) -> float:
        return self._form.frame_ms


_ours = form_of(HEADER)
if _ours is None:
    raise RuntimeError("our own silence can't be read")
OURS: Form = _ours
