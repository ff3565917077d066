"""Read what sequence headers say of picture and sound: what metadata claims may be wrong or missing."""

from dataclasses import dataclass

from streams.ingest.exceptions import ProtocolError

# Profiles whose sequence parameter set tells of the colour format (ISO/IEC 14496-10, 7.3.2.1.1).
HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
# Baseline, Main and High, of which the last may still have no colour at all.
PLAYED_PROFILES = frozenset({66, 77, 100})
COLOUR_420 = 1
AAC_LC = 2
SIDE_MAX = 8192
IDR = 5  # the picture before which nothing is needed, nor used, by what follows (7.4.1)


@dataclass(frozen=True, slots=True)
class PictureSize:
    """`is_plain`: as every player takes it, with a colour for four pixels (4:2:0) and 8 bits a value."""

    width: int
    height: int
    is_plain: bool = True


def picture_size(body: bytes) -> PictureSize:
    """Read an AVC sequence header, as a whole FLV tag body. Raises ProtocolError."""
    try:
        # Five bytes of FLV, five of the record, the count of parameter sets, the length of the first one.
        size = int.from_bytes(body[11:13])
        found = _read_parameter_set(_unescape(body[13 : 13 + size]))
    except IndexError as error:
        raise ProtocolError("an AVC sequence header is cut short") from error
    if not (0 < found.width <= SIDE_MAX and 0 < found.height <= SIDE_MAX):
        raise ProtocolError(f"a picture of {found.width}x{found.height}")
    return found


def is_closed(body: bytes, header: bytes) -> bool:
    """Tell whether a keyframe, as a whole FLV tag body, can be played from: it may be one of an open GOP.

    `header` is the AVC sequence header in force, which says how many bytes each length has.
    """
    length_bytes = (header[9] & 3) + 1 if len(header) > 9 else 4
    offset = 5
    while offset + length_bytes < len(body):
        size = int.from_bytes(body[offset : offset + length_bytes])
        offset += length_bytes
        if body[offset] & 0x1F == IDR:
            return True
        offset += size
    return False


def is_plain_aac(body: bytes) -> bool:
    """Tell whether an AAC sequence header, as a whole FLV tag body, is AAC-LC in mono or stereo."""
    config = body[2:4]
    if len(config) < 2:
        return False
    return config[0] >> 3 == AAC_LC and (config[1] >> 3) & 0x0F in {1, 2}


def _unescape(data: bytes) -> bytes:
    return data.replace(b"\x00\x00\x03", b"\x00\x00")


def _read_parameter_set(data: bytes) -> PictureSize:
    bits = _Bits(data[1:])
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    colour = COLOUR_420
    depths = (0, 0)  # more than 8 bits
    if profile in HIGH_PROFILES:
        colour = bits.golomb()
        if colour == 3:
            bits.take(1)
        depths = (bits.golomb(), bits.golomb())
        bits.take(1)
        if bits.take(1):
            for index in range(8 if colour != 3 else 12):
                if bits.take(1):
                    _skip_scaling_list(bits, 16 if index < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), 255)):
            bits.golomb()
    bits.golomb()
    bits.take(1)
    width = (bits.golomb() + 1) * 16
    map_height = bits.golomb() + 1
    is_whole_frame = bits.take(1)
    height = (2 - is_whole_frame) * map_height * 16
    if not is_whole_frame:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        across = 1 if colour in {0, 3} else 2
        down = (2 if colour == 1 else 1) * (2 - is_whole_frame)
        width -= (bits.golomb() + bits.golomb()) * across
        height -= (bits.golomb() + bits.golomb()) * down
    return PictureSize(width, height, profile in PLAYED_PROFILES and (colour, *depths) == (COLOUR_420, 0, 0))


def _skip_scaling_list(bits: "_Bits", size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


class _Bits:
    """Reads a bit string from its front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte = self._data[self._offset >> 3]
            value = value << 1 | byte >> (7 - (self._offset & 7)) & 1
            self._offset += 1
        return value

    def golomb(self) -> int:
        """Read an unsigned Exp-Golomb number (9.1): as many bits as there were zeros before them."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise IndexError
        return (1 << zeros) - 1 + self.take(zeros)

    def signed_golomb(self) -> int:
        number = self.golomb()
        return (number + 1) // 2 if number % 2 else -(number // 2)
