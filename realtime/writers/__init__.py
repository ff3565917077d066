"""Prebuilt frames into the transports of Daphne and uvicorn, for sockets and for server-sent events.

Both servers build a frame anew for every socket that sends it; a fan-out writes the same bytes to all. `daphne` and
`uvicorn` know the servers' inside. They look before they write, and where they don't find what they know, writing
falls back on plain ASGI `send`. tests/test_realtime_sockets.py and tests/test_realtime_streams.py fail when a server's
inside changes.

A stream's head, and a first part of its body, were sent through ASGI before: only then the servers know its framing.
Each frame is one chunk (HTTP/1.1), or the bare event where a proxy speaks HTTP/1.0.
"""

from realtime.writers.daphne import DaphneStream, DaphneWriter, spare_formatting
from realtime.writers.plain import PlainStream, PlainWriter
from realtime.writers.uvicorn import UvicornStream, UvicornWriter
from realtime.writers.writer import FRAME_MAX_BYTES, Send, Writer

__all__ = ["FRAME_MAX_BYTES", "Send", "Writer", "spare_formatting", "stream_writer_of", "writer_of"]


def writer_of(send: Send) -> Writer:
    """Return the fastest writer for an accepted socket."""
    return DaphneWriter.find(send) or UvicornWriter.find(send) or PlainWriter(send)


def stream_writer_of(send: Send) -> Writer:
    """Return the fastest writer for an answer whose head and first bytes are sent."""
    return DaphneStream.find(send) or UvicornStream.find(send) or PlainStream(send)
