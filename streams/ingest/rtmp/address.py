"""Where an encoder says that it sends to, in whatever way its host has pasted it."""

from urllib.parse import unquote

from streams.ingest.exceptions import ProtocolError

APP = "live"
QUOTES = "\"'<>"


def parts_of(address: str) -> list[str]:
    """Return what stands between the slashes of a path, or of a whole address, without its query."""
    path = address.partition("?")[0].partition("#")[0]
    if "://" in path:
        path = path.partition("://")[2].partition("/")[2]
    return [part for one in path.split("/") if (part := _visible(unquote(one)))]


def is_ours(app: str) -> bool:
    """Whether an application's name begins as our addresses do."""
    return [part.lower() for part in parts_of(app)[:1]] == [APP]


def key_of(app: str, name: str) -> str:
    """Return the stream key, which is the last part of both together; empty if there is none.

    OBS's server may hold the whole address, with the stream key left empty, and the key may be the whole address as
    well. Raises ProtocolError.
    """
    parts = [*parts_of(app), *parts_of(name)]
    if not is_ours(app):
        raise ProtocolError(f"an address that does not end in /{APP}")
    return next((part for part in reversed(parts) if part.lower() != APP), "")


def _visible(text: str) -> str:
    """Leave out blanks, line ends and what else nobody sees, and quotes around the rest."""
    return "".join(one for one in text if one.isprintable() and not one.isspace()).strip(QUOTES)
