"""Serves the files of MEDIA_ROOT on one machine, with the headers that players and browsers need.

In production nginx or a CDN does this (docs/video.md); Python then never sees a segment. A static mount of the web
server would not do: it caches playlists for a day, sends no CORS headers and knows no byte ranges.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from streams.store.headers import TYPES, cache_control, content_type
from streams.store.tokens import PART

CHUNK_BYTES = 64 * 1024
CORS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Headers", "Range"),
    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
    ("Access-Control-Expose-Headers", "Content-Length, Content-Range"),
]

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


IsAllowed = Callable[[str, str], bool]
"""Tells whether a token opens a show's file."""


def serve(
    prefix: str, root: Path, otherwise: WSGIApplication, *, is_allowed: IsAllowed | None = None
) -> WSGIApplication:
    """Return an application that answers paths below `prefix` from `root`, and leaves the rest to another one.

    With `is_allowed`, video wants a token in its path: `for/<token>/sessions/…`.
    """
    prefix = prefix.rstrip("/") + "/"

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(prefix):
            return otherwise(environ, start_response)
        name = path.removeprefix(prefix)
        if is_allowed:
            token, name = _token(name)
            if _is_video(name) and not is_allowed(token, name):
                return _without_body(HTTPStatus.FORBIDDEN, [*CORS, ("Cache-Control", "no-store")], start_response)
        return _answer(name, root, environ, start_response)

    return application


def _token(name: str) -> tuple[str, str]:
    """Part a path into its token, if it has one, and the name of the file."""
    word, _, rest = name.partition("/")
    token, _, file = rest.partition("/")
    return (token, file) if word == PART else ("", name)


def _is_video(name: str) -> bool:
    return name.startswith("sessions/") and name.endswith((".m3u8", ".m4s", ".mp4", ".vtt"))


def _answer(name: str, root: Path, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    method = environ["REQUEST_METHOD"]
    if method == "OPTIONS":
        return _without_body(HTTPStatus.NO_CONTENT, [*CORS, ("Access-Control-Max-Age", "86400")], start_response)
    if method not in {"GET", "HEAD"}:
        return _without_body(HTTPStatus.METHOD_NOT_ALLOWED, [*CORS, ("Allow", "GET, HEAD, OPTIONS")], start_response)
    file = _open(name, root)
    if file is None:
        return _without_body(HTTPStatus.NOT_FOUND, [*CORS, ("Cache-Control", "max-age=1")], start_response)
    about = os.fstat(file.fileno())
    headers = [*CORS, *_headers(name, about)]
    span = _span(environ.get("HTTP_RANGE", ""), about.st_size)
    if span is None:
        file.close()
        headers.append(("Content-Range", f"bytes */{about.st_size}"))
        return _without_body(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers, start_response)
    first, last = span
    is_part = (first, last) != (0, about.st_size - 1)
    if is_part:
        headers.append(("Content-Range", f"bytes {first}-{last}/{about.st_size}"))
    headers.append(("Content-Length", str(last - first + 1)))
    start_response(_line(HTTPStatus.PARTIAL_CONTENT if is_part else HTTPStatus.OK), headers)
    if method == "HEAD":
        file.close()
        return []
    if not is_part and "wsgi.file_wrapper" in environ:
        wrap: Callable[[BinaryIO, int], Iterable[bytes]] = environ["wsgi.file_wrapper"]
        return wrap(file, CHUNK_BYTES)
    return _read(file, first, last - first + 1)


def _open(name: str, root: Path) -> BinaryIO | None:
    """Open a file that may be served: a regular one of a known kind, inside `root`, no part of its path hidden."""
    parts = name.split("/")
    if Path(name).suffix not in TYPES or any(not part or part.startswith(".") or "\0" in part for part in parts):
        return None
    path = root.joinpath(*parts)
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            return None
        file = path.open("rb")
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        return None
    return file


def _headers(name: str, about: os.stat_result) -> list[tuple[str, str]]:
    headers = [
        ("Content-Type", content_type(name)),
        ("Cache-Control", cache_control(name)),
        ("Last-Modified", formatdate(about.st_mtime, usegmt=True)),
        ("Accept-Ranges", "bytes"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if name.endswith(".svg"):
        # A picture that somebody uploaded must not run as a page of ours.
        headers.append(("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"))
    return headers


def _span(header: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte asked for; None for a range that the file does not have.

    Several ranges, and what is no range at all, are answered with the whole file (RFC 9110, 14.2).
    """
    whole = (0, size - 1)
    match = RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return whole
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size - 1) if int(last) and size else None
    if int(first) >= size or (last and int(last) < int(first)):
        return None if int(first) >= size else whole
    return int(first), min(int(last), size - 1) if last else size - 1


def _read(file: BinaryIO, first: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while length > 0 and (chunk := file.read(min(CHUNK_BYTES, length))):
            length -= len(chunk)
            yield chunk


def _without_body(
    status: HTTPStatus, headers: list[tuple[str, str]], start_response: StartResponse
) -> Iterable[bytes]:
    start_response(_line(status), [*headers, ("Content-Length", "0")])
    return []


def _line(status: HTTPStatus) -> str:
    return f"{status.value} {status.phrase}"
