"""Media files on one machine: the contract's headers, ranges, and nothing that is not meant for the outside."""

from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import FileWrapper, setup_testing_defaults

import pytest

from streams.media.files import serve

BODY = bytes(range(256)) * 400  # more than one chunk


@pytest.fixture
def root(tmp_path: Path) -> Path:
    show = tmp_path / "media" / "sessions" / "1"
    for name in (
        "index.m3u8",
        "journal.jsonl",
        "runs/0001/high/000001.m4s",
        "runs/0001/audio/init.mp4",
        ".hidden.mp4",
    ):
        path = show / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(BODY)
    (tmp_path / "media" / "pictures").mkdir()
    (tmp_path / "media" / "pictures" / "mug.svg").write_bytes(b"<svg/>")
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (show / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    return tmp_path / "media"


class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(root: Path, path: str, method: str = "GET", **headers: str) -> Answer:
    answer = Answer()

    def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> object:
        answer.status, answer.headers = int(status.split()[0]), dict(headers)
        return None

    def otherwise(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("From", "the pages")])
        return [b"a page"]

    environ: WSGIEnvironment = {"PATH_INFO": path, "REQUEST_METHOD": method, "wsgi.file_wrapper": FileWrapper}
    setup_testing_defaults(environ)
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    answer.body = b"".join(serve("/media", root, otherwise)(environ, start_response))
    return answer


@pytest.mark.parametrize(
    ("path", "kind", "cache"),
    [
        ("/media/sessions/1/index.m3u8", "application/vnd.apple.mpegurl", "max-age=1"),
        ("/media/sessions/1/runs/0001/high/000001.m4s", "video/iso.segment", "max-age=31536000, immutable"),
        ("/media/sessions/1/runs/0001/audio/init.mp4", "audio/mp4", "max-age=31536000, immutable"),
    ],
)
def test_a_file_comes_whole_with_its_headers(root: Path, path: str, kind: str, cache: str) -> None:
    answer = ask(root, path)

    assert (answer.status, answer.body) == (200, BODY)
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Cache-Control"] == cache
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Length"] == str(len(BODY))


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=70000-80000", 70000, 80000),
        ("bytes=102390-", 102390, 102399),
        ("bytes=-5", 102395, 102399),
        ("bytes=5-999999", 5, 102399),
    ],
)
def test_a_part_comes_as_asked(root: Path, asked: str, first: int, last: int) -> None:
    answer = ask(root, "/media/sessions/1/runs/0001/high/000001.m4s", range=asked)

    assert (answer.status, answer.body) == (206, BODY[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/102400"
    assert answer.headers["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=102400-", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(root: Path, asked: str) -> None:
    answer = ask(root, "/media/sessions/1/index.m3u8", range=asked)

    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */102400")


@pytest.mark.parametrize("asked", ["bytes=9-5", "bytes=1-2,4-5", "lines=1-2", "bytes=-", "bytes=x-", "bytes=١-٢"])
def test_what_is_no_range_gets_the_whole(root: Path, asked: str) -> None:
    assert ask(root, "/media/sessions/1/index.m3u8", range=asked).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/media/sessions/1/journal.jsonl",
        "/media/sessions/1/none.m4s",
        "/media/sessions/1/.hidden.mp4",
        "/media/sessions/1/link.mp4",
        "/media/../secret.mp4",
        "/media//etc/passwd.mp4",
        "/media/sessions/1/runs/0001/high.mp4/../../../../../../secret.mp4",
        "/media/sessions/1\0.mp4",
        "/media/sessions/1",
        "/media/",
    ],
)
def test_what_is_not_meant_for_the_outside_is_not_there(root: Path, path: str) -> None:
    answer = ask(root, path)
    assert (answer.status, answer.body) == (404, b"")


def test_a_picture_can_not_run_as_a_page(root: Path) -> None:
    answer = ask(root, "/media/pictures/mug.svg")

    assert answer.headers["Cache-Control"] == "max-age=86400"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_other_methods(root: Path) -> None:
    head = ask(root, "/media/sessions/1/index.m3u8", "HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "102400")
    assert ask(root, "/media/sessions/1/index.m3u8", "OPTIONS").status == 204
    assert ask(root, "/media/sessions/1/index.m3u8", "POST").status == 405


def test_other_paths_are_left_to_the_pages(root: Path) -> None:
    assert ask(root, "/shop/").body == b"a page"
    assert ask(root, "/mediator").body == b"a page"


def test_a_range_of_any_length_is_no_error(root: Path) -> None:
    nines = "9" * 5000

    assert ask(root, "/media/sessions/1/index.m3u8", range=f"bytes=0-{nines}").status == 200
