"""AMF0: how RTMP writes the values of its commands (Adobe, Action Message Format 0)."""

import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from streams.ingest.exceptions import ProtocolError

OBJECT_END = b"\x00\x00\x09"
DEPTH_MAX = 8
VALUES_MAX = 1000


class Kind(IntEnum):
    """The byte before each value."""

    NUMBER = 0
    BOOLEAN = 1
    STRING = 2
    OBJECT = 3
    NULL = 5
    UNDEFINED = 6
    ECMA_ARRAY = 8
    STRICT_ARRAY = 10
    DATE = 11
    LONG_STRING = 12


def encode(*values: Any) -> bytes:
    """Write values one after the other: numbers, booleans, strings, None, and mappings of them."""
    return b"".join(_encode(value) for value in values)


def decode(data: bytes) -> list[Any]:
    """Read all values of a message. Raises ProtocolError if it is cut short, too deep, too many, or not AMF0."""
    reader = _Reader(data)
    values = []
    try:
        while reader.offset < len(data):
            values.append(reader.value())
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ProtocolError("an AMF0 value is broken") from error
    return values


def _encode(value: Any) -> bytes:
    match value:
        case None:
            return bytes([Kind.NULL])
        case bool():
            return bytes([Kind.BOOLEAN, value])
        case int() | float():
            return struct.pack(">Bd", Kind.NUMBER, value)
        case str():
            return bytes([Kind.STRING]) + _encode_key(value)
        case Mapping():
            pairs = b"".join(_encode_key(key) + _encode(one) for key, one in value.items())
            return bytes([Kind.OBJECT]) + pairs + OBJECT_END
    raise TypeError(f"no AMF0 for {type(value).__name__}")


def _encode_key(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


class _Reader:
    """Reads values off the front of a message, and counts them, so that a small message can't make a large object."""

    def __init__(self, data: bytes) -> None:
        self.offset = 0
        self._data = data
        self._count = 0

    def value(self, depth: int = 0) -> Any:
        self._count += 1
        if depth > DEPTH_MAX or self._count > VALUES_MAX:
            raise ProtocolError("an AMF0 value is too large")
        kind = self._unpack(">B")
        match kind:
            case Kind.NUMBER:
                return self._unpack(">d")
            case Kind.BOOLEAN:
                return bool(self._unpack(">B"))
            case Kind.STRING:
                return self._text(self._unpack(">H"))
            case Kind.LONG_STRING:
                return self._text(self._unpack(">I"))
            case Kind.OBJECT:
                return self._pairs(depth)
            case Kind.ECMA_ARRAY:
                self._unpack(">I")  # a count that nobody trusts: the end is marked
                return self._pairs(depth)
            case Kind.STRICT_ARRAY:
                return [self.value(depth + 1) for _ in range(min(self._unpack(">I"), VALUES_MAX + 1))]
            case Kind.DATE:
                moment = self._unpack(">d")
                self._unpack(">h")
                return moment
            case Kind.NULL | Kind.UNDEFINED:
                return None
        raise ProtocolError(f"AMF0 type {kind}")

    def _pairs(self, depth: int) -> dict[str, Any]:
        pairs = {}
        while self._data[self.offset : self.offset + 3] != OBJECT_END:
            key = self._text(self._unpack(">H"))
            pairs[key] = self.value(depth + 1)
        self.offset += len(OBJECT_END)
        return pairs

    def _unpack(self, form: str) -> Any:
        (value,) = struct.unpack_from(form, self._data, self.offset)
        self.offset += struct.calcsize(form)
        return value

    def _text(self, size: int) -> str:
        data = self._data[self.offset : self.offset + size]
        if len(data) < size:
            raise ProtocolError("an AMF0 string is cut short")
        self.offset += size
        return data.decode()
