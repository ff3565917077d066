"""The front doors, Caddy and nginx: the same files, headers, bounds and addresses, whichever stands in front."""

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from config.static_files import CompressedStorage
from streams.store import headers, tokens
from tests.support import front_doors, web_servers
from tests.support.front_doors import Door
from tests.support.showfloor import free_ports

BODY = bytes(range(256)) * 400
SHOW = "sessions/0f0e7a5c-94a4-4b3e-bc4d-0a4f9a1c7e55"
FILES = {
    f"{SHOW}/index.m3u8": "max-age=1",
    f"{SHOW}/high-replay.m3u8": "max-age=86400",
    f"{SHOW}/runs/0001/high/000001.m4s": "max-age=31536000, immutable",
    f"{SHOW}/runs/0001/high/init.mp4": "max-age=31536000, immutable",
    f"{SHOW}/runs/0001/audio/000001.m4s": "max-age=31536000, immutable",
    f"{SHOW}/runs/0001/audio/init.mp4": "max-age=31536000, immutable",
    f"{SHOW}/captions.vtt": "max-age=86400",
    "pictures/mug.webp": "max-age=86400",
    "pictures/mug.jpg": "max-age=86400",
    "pictures/mug.png": "max-age=86400",
    "pictures/mug.svg": "max-age=86400",
}
CROWD = 1000


@dataclass(frozen=True)
class Floor:
    """A door, and the ports of what stands behind it."""

    door: Door
    home: Path
    web: int

    @property
    def url(self) -> str:
        return self.door.url


@pytest.fixture(scope="module", params=front_doors.KINDS)
def floor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A door before a web server that says what reached it."""
    home = tmp_path_factory.mktemp(request.param)
    for name in FILES:
        write(home / "media" / name)
    for name in (f"{SHOW}/journal.jsonl", f"{SHOW}/.hidden.mp4", ".trash/old.mp4", "notes.txt"):
        write(home / "media" / name)
    write(home / "secret.mp4")
    make_static(home / "static")
    proxies = {"TRUSTED_PROXIES": "0" if request.param == "caddy" else "1"}
    ports = free_ports()
    with ExitStack() as stack:
        [web] = stack.enter_context(
            web_servers.running(count=1, application="tests.support.echo_wsgi:application", **proxies)
        )
        port = int(web.rpartition(":")[2])
        door = front_doors.running_door(
            request.param, home, web=port, realtime=ports["REALTIME_PORT"], camera=ports["SRT_PORT"]
        )
        yield Floor(stack.enter_context(door), home, port)


def write(path: Path, body: bytes = BODY) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def make_static(folder: Path) -> None:
    """Collect one small and one large script, as a release does."""
    storage = CompressedStorage(location=str(folder), base_url="/static/")
    write(folder / "app.js", b"export const one = 1;\n" * 500)
    write(folder / "tiny.js", b"export {};\n")
    for _ in storage.post_process({name: (storage, name) for name in ("app.js", "tiny.js")}):
        pass


def ask(floor: Floor, path: str, method: str = "GET", **headers: str) -> requests.Response:
    """Send a path exactly as it is written."""
    prepared = requests.Request(method, floor.url, headers=headers).prepare()
    prepared.url = f"{floor.url}{path}"
    with requests.Session() as session:
        return session.send(prepared, timeout=20)


@pytest.mark.parametrize("name", FILES)
def test_a_file_comes_whole_with_its_headers(floor: Floor, name: str) -> None:
    answer = ask(floor, f"/media/{name}")

    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["Content-Type"] == headers.content_type(name)
    assert answer.headers["Cache-Control"] == headers.cache_control(name) == FILES[name]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Last-Modified" in answer.headers
    assert answer.headers.get("Content-Security-Policy", "") == (headers.SVG_POLICY if name.endswith(".svg") else "")


def test_a_playlist_goes_out_compressed(floor: Floor) -> None:
    answer = ask(floor, f"/media/{SHOW}/index.m3u8", **{"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert answer.content == BODY


def test_a_segment_goes_out_as_it_is(floor: Floor) -> None:
    answer = ask(floor, f"/media/{SHOW}/runs/0001/high/000001.m4s", **{"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Content-Length"] == str(len(BODY))


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=70000-", 70000, 102399),
        ("bytes=-5", 102395, 102399),
        ("bytes=5-999999", 5, 102399),
    ],
)
def test_a_part_comes_as_asked(floor: Floor, asked: str, first: int, last: int) -> None:
    answer = ask(floor, f"/media/{SHOW}/runs/0001/high/000001.m4s", Range=asked)

    assert (answer.status_code, answer.content) == (206, BODY[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/102400"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_part_that_is_not_there_is_refused(floor: Floor) -> None:
    answer = ask(floor, f"/media/{SHOW}/runs/0001/high/000001.m4s", Range="bytes=102400-")

    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */102400")


@pytest.mark.parametrize(
    "path",
    [
        f"/media/{SHOW}/journal.jsonl",
        f"/media/{SHOW}/none.m4s",
        f"/media/{SHOW}/.hidden.mp4",
        "/media/.trash/old.mp4",
        "/media/notes.txt",
        f"/media/{SHOW}",
        f"/media/{SHOW}/",
        "/media/",
    ],
)
def test_what_is_not_meant_for_the_outside_is_not_there(floor: Floor, path: str) -> None:
    answer = ask(floor, path)

    assert answer.status_code in {400, 404}
    assert BODY[:32] not in answer.content


@pytest.mark.parametrize(
    "path",
    [
        "/media/../secret.mp4",
        "/media/%2e%2e/secret.mp4",
        "/media/..%2fsecret.mp4",
        "/media/pictures/..%2f..%2fsecret.mp4",
        "/static/../secret.mp4",
        "/static/..%2fsecret.mp4",
    ],
)
def test_no_path_leads_out_of_its_folder(floor: Floor, path: str) -> None:
    answer = ask(floor, path)

    assert BODY[:32] not in answer.content
    assert answer.status_code in {400, 404} or "address" in answer.json()  # a page, for web to judge


def test_what_is_missing_is_not_remembered_as_missing(floor: Floor) -> None:
    answer = ask(floor, f"/media/{SHOW}/runs/0001/high/000777.m4s")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "max-age=1")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_other_methods(floor: Floor) -> None:
    head = ask(floor, f"/media/{SHOW}/runs/0001/high/000001.m4s", "HEAD")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", "102400")
    question = ask(floor, f"/media/{SHOW}/index.m3u8", "OPTIONS")
    assert (question.status_code, question.headers["Access-Control-Allow-Headers"]) == (204, "Range")
    assert ask(floor, f"/media/{SHOW}/index.m3u8", "POST").status_code == 405


def test_static_files_keep_for_good_under_their_digests(floor: Floor) -> None:
    [hashed] = [path.name for path in (floor.home / "static").glob("app.*.js")]

    by_digest = ask(floor, f"/static/{hashed}", **{"Accept-Encoding": "gzip"})
    by_name = ask(floor, "/static/app.js")

    assert by_digest.headers["Cache-Control"] == "max-age=31536000, immutable"
    assert by_digest.headers["Content-Encoding"] == "gzip"
    assert by_digest.headers["Content-Length"] == str((floor.home / "static" / f"{hashed}.gz").stat().st_size)
    assert by_digest.content == by_name.content == b"export const one = 1;\n" * 500
    assert by_name.headers["Cache-Control"] == "max-age=60"
    assert by_name.headers["Content-Type"].startswith("text/javascript")
    assert not (floor.home / "static" / "tiny.js.gz").exists()


def test_who_asks_can_not_be_forged(floor: Floor) -> None:
    plain = ask(floor, "/who").json()
    forged = ask(
        floor,
        "/who",
        **{
            "X-Forwarded-For": "6.6.6.6, 7.7.7.7",
            "X-Forwarded-Proto": "https",
            "X-Real-IP": "6.6.6.6",
            "Forwarded": "for=6.6.6.6",
            "X-Front-Door": "mark https",
        },
    ).json()

    assert plain["address"] == forged["address"] == "127.0.0.1"
    assert (plain["is_secure"], forged["is_secure"]) == (False, False)


def test_an_address_of_our_own_is_not_asked_from_outside(floor: Floor) -> None:
    assert ask(floor, "/media-access", **{"X-Forwarded-Uri": f"/media/{SHOW}/index.m3u8"}).status_code == 404


def test_paths_come_as_they_were_sent(floor: Floor) -> None:
    assert ask(floor, "/api/v1/cart/lines/A%2FB%20C").json()["path"] == "/api/v1/cart/lines/A/B C"


@pytest.mark.parametrize("path", ["/", "/api/v1/orders"])
def test_a_body_comes_whole(floor: Floor, path: str) -> None:
    body = os.urandom(1_500_000)

    answer = requests.post(f"{floor.url}{path}", data=body, timeout=20).json()

    assert (answer["bytes"], answer["digest"]) == (len(body), hashlib.sha256(body).hexdigest())


def test_a_body_of_unknown_length_comes_whole(floor: Floor) -> None:
    parts = [os.urandom(100_000) for _ in range(5)]

    answer = requests.post(f"{floor.url}/", data=iter(parts), timeout=20).json()

    assert answer["digest"] == hashlib.sha256(b"".join(parts)).hexdigest()


def test_a_body_too_large_is_refused_before_web_sees_it(floor: Floor) -> None:
    body = bytes(3_000_000)

    page, call = (requests.post(f"{floor.url}{path}", data=body, timeout=20) for path in ("/", "/api/v1/orders"))

    assert (page.status_code, call.status_code) == (413, 413)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Nothing was changed" in page.text
    assert call.headers["Content-Type"] == "application/problem+json"
    assert call.json()["code"] == "too_large"


def test_a_body_of_unknown_length_too_large_is_refused(floor: Floor) -> None:
    parts = (bytes(100_000) for _ in range(40))

    assert requests.post(f"{floor.url}/api/v1/orders", data=parts, timeout=20).status_code == 413


@pytest.mark.parametrize("path", ["/admin/upload", "/host/shows/kiln/", "/api/v1/suppliers/north/items"])
def test_uploads_may_be_larger(floor: Floor, path: str) -> None:
    body = os.urandom(8_000_000)

    assert requests.post(f"{floor.url}{path}", data=body, timeout=20).json()["bytes"] == len(body)


@pytest.mark.parametrize("networks", [1, 50])
def test_a_crowd_that_says_nothing_or_little_keeps_nobody_out(floor: Floor, networks: int) -> None:
    beginnings = [
        b"",
        b"POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\na",
        b"GET /slow HTTP/1.1\r\nHost: loc",
    ]
    with ExitStack() as crowd:
        for number in range(CROWD):
            source = f"127.0.0.{2 + number % networks}"
            socket_ = crowd.enter_context(
                closing(socket.create_connection(("127.0.0.1", floor.door.port), 20, source_address=(source, 0)))
            )
            socket_.sendall(beginnings[number % len(beginnings)])

        answers = [ask(floor, "/who").status_code for _ in range(20)]

        assert answers == [200] * 20
        assert requests.post(f"{floor.url}/", data=b"all of it", timeout=20).json()["bytes"] == 9
        assert ask(floor, f"/media/{SHOW}/index.m3u8").content == BODY
        assert connections_to(floor.web) < 200


def connections_to(port: int) -> int:
    import psutil

    ours = psutil.net_connections("tcp")
    return sum(bool(one.laddr and one.laddr.port == port and one.status == "ESTABLISHED") for one in ours)


def test_a_crowd_that_does_not_read_keeps_nobody_out(floor: Floor) -> None:
    """Forty times a page of 10 MB is asked for and not read: more than web has threads."""
    with ExitStack() as crowd:
        for _ in range(40):
            reader = crowd.enter_context(closing(socket.create_connection(("127.0.0.1", floor.door.port), 20)))
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")

        assert [ask(floor, "/who").status_code for _ in range(5)] == [200] * 5


@pytest.fixture(scope="module", params=front_doors.KINDS)
def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A door before the real web, both asked for playlist tokens."""
    home = tmp_path_factory.mktemp(f"{request.param}-tokens")
    for name in FILES:
        write(home / "media" / name)
    proxies = {"TRUSTED_PROXIES": "0" if request.param == "caddy" else "1"}
    ports = free_ports()
    with ExitStack() as stack:
        [web] = stack.enter_context(web_servers.running(count=1, PLAYLIST_TOKENS="1", DEBUG="1", **proxies))
        port = int(web.rpartition(":")[2])
        door = front_doors.running_door(
            request.param, home, web=port, realtime=ports["REALTIME_PORT"], camera=ports["SRT_PORT"], tokens=True
        )
        yield Floor(stack.enter_context(door), home, port)


def hosts_token(show: str) -> str:
    return tokens._Signer(show).sign(f"kiln:{tokens.HOST}")


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("sessions")])
def test_the_door_hands_out_video_to_a_good_token_alone(guarded: Floor, name: str) -> None:
    good, foreign = hosts_token(SHOW.removeprefix("sessions/")), hosts_token("another-show")

    assert ask(guarded, f"/media/for/{good}/{name}").content == BODY
    assert ask(guarded, f"/media/for/{good}/{name}").headers["Cache-Control"] == headers.cache_control(name)
    for path in (
        f"/media/{name}",
        f"/media//{name}",
        f"/media/x/../{name}",
        f"/media/./{name}",
        f"/media/%2e/{name}",
        f"/media/for/{foreign}/{name}",
        f"/media/for/forged/{name}",
        f"/media/for/{good}x/{name}",
        f"/media/for/{foreign}/sessions/another-show/../../{name}",
        f"/media/for/{foreign}/sessions/another-show/..%2f..%2f{name}",
        f"/media/for/forged/../../{name}",
    ):
        answer = ask(guarded, path)
        assert answer.status_code in {400, 403, 404}, path
        assert BODY[:32] not in answer.content, path
    assert ask(guarded, "/media/pictures/mug.webp").content == BODY
