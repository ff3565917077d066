"""The stream-limit API against its contract, over real HTTP, from a real web process."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from streams.models import StreamHolder
from tests.support import web_servers

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/video-streams/subscription"
FULL = {"status": 429, "error": "You've reached the maximum number of concurrent video streams"}


@pytest.fixture(scope="module")
def site(django_db_setup: None) -> Iterator[str]:
    with web_servers.running(count=1) as [address]:
        yield address


def send(site: str, body: bytes | object, *, method: str = "POST", **headers: str) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return requests.request(method, f"{site}{PATH}", data=data, headers=headers, timeout=10)


def wish(user: str = "u1", stream: str = "v1") -> dict[str, str]:
    return {"userId": user, "videoStreamId": stream}


def held() -> dict[str, list[str]]:
    return {str(row): [bytes(stream).decode() for stream in row.stream_ids] for row in StreamHolder.objects.all()}


def test_a_stream_is_taken_and_told_back(site: str) -> None:
    answer = send(site, wish())

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.text == '{"status":200,"data":{"userId":"u1","videoStreamId":"v1"}}'
    assert held() == {"u1": ["v1"]}


def test_a_fourth_stream_is_refused_and_changes_nothing(site: str) -> None:
    assert [send(site, wish(stream=f"v{number}")).status_code for number in (1, 2, 3)] == [200, 200, 200]

    answer = send(site, wish(stream="v4"))

    assert (answer.status_code, answer.json()) == (429, FULL)
    assert answer.headers["Content-Type"] == "application/json"
    assert held() == {"u1": ["v1", "v2", "v3"]}
    assert send(site, wish("u2", "v4")).status_code == 200  # somebody else's limit is their own


def test_a_held_stream_counts_once_and_is_accepted_at_the_limit(site: str) -> None:
    for stream in ("v1", "v1", "v2", "v3"):
        assert send(site, wish(stream=stream)).status_code == 200

    again = send(site, wish(stream="v2"))

    assert (again.status_code, again.json()) == (200, {"status": 200, "data": wish(stream="v2")})
    assert held() == {"u1": ["v1", "v2", "v3"]}


def test_giving_back_makes_room_and_is_never_refused(site: str) -> None:
    for number in (1, 2, 3):
        send(site, wish(stream=f"v{number}"))

    for stream in ("v2", "v2", "never-held"):
        answer = send(site, wish(stream=stream), method="DELETE")
        assert (answer.status_code, answer.content) == (204, b"")

    assert send(site, wish(stream="v4")).status_code == 200
    assert held() == {"u1": ["v1", "v3", "v4"]}
    assert send(site, wish("stranger"), method="DELETE").status_code == 204


def test_who_holds_nothing_leaves_nothing_behind(site: str) -> None:
    send(site, wish())
    send(site, wish(), method="DELETE")

    assert held() == {}


FAULTS: list[tuple[bytes | object, str]] = [
    # Nothing, and what is not JSON (RFC 8259)
    (b"", '"userId" is required'),
    (b" ", "Malformed JSON"),
    (b"{", "Malformed JSON"),
    (b"userId=u1&videoStreamId=v1", "Malformed JSON"),
    (b"{'userId': 'u1'}", "Malformed JSON"),
    (b'{"userId":"u1","videoStreamId":"v1",}', "Malformed JSON"),
    (b'{"userId":"u1","videoStreamId":"v1"} x', "Malformed JSON"),
    (b'{"userId":NaN}', "Malformed JSON"),
    (b'{"userId":"\xff"}', "Malformed JSON"),
    (b'\xef\xbb\xbf{"userId":"u1","videoStreamId":"v1"}', "Malformed JSON"),
    (b'{"userId":"\\ud800","videoStreamId":"v1"}', "Malformed JSON"),  # half a character can't be written again
    (b"[" * 100_000, "Malformed JSON"),
    # JSON, but no object
    ([], '"value" must be of type object'),
    ([wish()], '"value" must be of type object'),
    ("userId", '"value" must be of type object'),
    (None, '"value" must be of type object'),
    (7, '"value" must be of type object'),
    (True, '"value" must be of type object'),
    # userId first, then videoStreamId, then what is not known, in the body's order
    ({}, '"userId" is required'),
    ({"videoStreamId": ""}, '"userId" is required'),
    ({"x": 1, "videoStreamId": 1}, '"userId" is required'),
    ({"userid": "u1", "videoStreamId": "v1"}, '"userId" is required'),
    ({"userId": "", "videoStreamId": ""}, '"userId" is not allowed to be empty'),
    ({"x": 1, "userId": "u1"}, '"videoStreamId" is required'),
    ({"userId": "u1", "videoStreamId": 1, "x": 1}, '"videoStreamId" must be a string'),
    ({"userId": "u1", "videoStreamId": ""}, '"videoStreamId" is not allowed to be empty'),
    ({**wish(), "x": 1}, '"x" is not allowed'),
    ({"b": 1, **wish(), "a": 1}, '"b" is not allowed'),
    ({**wish(), "": None}, '"" is not allowed'),
    ({**wish(), "größe": 1}, '"größe" is not allowed'),
    ({**wish(), 'a"b\n': 1}, '"a"b\n" is not allowed'),
    # no string is made of what is none
    *[({"userId": value, "videoStreamId": "v1"}, '"userId" must be a string') for value in (None, 1, 0.5, True)],
    *[({"userId": value, "videoStreamId": "v1"}, '"userId" must be a string') for value in ([], ["u1"], {}, wish())],
    # 36 characters, as JavaScript counts them
    (wish("u" * 37), '"userId" length must be less than or equal to 36 characters long'),
    (wish("u" * 1_000_000), '"userId" length must be less than or equal to 36 characters long'),
    (wish("😀" * 19), '"userId" length must be less than or equal to 36 characters long'),
    (wish(stream="v" * 37), '"videoStreamId" length must be less than or equal to 36 characters long'),
    (wish("", "v" * 37), '"userId" is not allowed to be empty'),
]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_the_first_fault_is_told(site: str, method: str) -> None:
    answers = [send(site, body, method=method) for body, _ in FAULTS]

    assert [answer.json() for answer in answers] == [{"status": 400, "error": text} for _, text in FAULTS]
    assert {(answer.status_code, answer.headers["Content-Type"]) for answer in answers} == {(400, "application/json")}
    assert held() == {}


def test_any_text_of_36_characters_is_a_name(site: str) -> None:
    for word in ("u" * 36, "😀" * 18, "é" * 36, " ", "\u0000", "0", "'; --", "%s", "日本語", "e\u0301", "null"):
        answer = send(site, wish(word, word))

        assert (answer.status_code, answer.json()) == (200, {"status": 200, "data": wish(word, word)})
        assert held() == {word: [word]}
        assert send(site, wish(word, word), method="DELETE").status_code == 204
        assert held() == {}


def test_names_are_compared_sign_by_sign(site: str) -> None:
    for stream in ("a", "A", "a "):
        assert send(site, wish("é", stream)).status_code == 200

    assert send(site, wish("é", "b")).status_code == 429
    assert send(site, wish("e\u0301", "b")).status_code == 200


def test_of_a_name_twice_in_a_body_the_last_counts(site: str) -> None:
    assert send(site, b'{"userId":1,"userId":"u1","videoStreamId":"v1"}').json() == {"status": 200, "data": wish()}


def test_the_body_is_json_whatever_it_is_called(site: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense", ""):
        assert send(site, wish(), **{"Content-Type": kind}).status_code == 200
        assert send(site, wish(), method="DELETE", **{"Content-Type": kind}).status_code == 204
        assert held() == {}


def test_a_body_in_pieces_is_read_whole(site: str) -> None:
    pieces = iter([b'{"userId":"u1",', b'"videoStreamId":"v1"}'])
    answer = requests.post(f"{site}{PATH}", data=pieces, timeout=10)

    assert answer.status_code == 200
    assert held() == {"u1": ["v1"]}


def test_a_body_beyond_measure_is_refused(site: str) -> None:
    huge = json.dumps(wish("u" * 6_000_000)).encode()

    for data in (huge, iter([huge])):  # with its length, and in pieces
        answer = requests.post(f"{site}{PATH}", data=data, timeout=10)
        assert (answer.status_code, answer.json()) == (413, {"status": 413, "error": "Body too large"})


def test_other_methods_are_none_of_it(site: str) -> None:
    for method in ("GET", "HEAD", "PUT", "PATCH", "OPTIONS"):
        answer = send(site, wish(), method=method)

        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, DELETE")
        assert method == "HEAD" or answer.json() == {"status": 405, "error": "Method Not Allowed"}
    assert held() == {}


def test_no_cookie_is_set_and_none_is_needed(site: str) -> None:
    answer = send(site, wish(), Cookie="showfloor_session=nonsense")

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_one_connection_serves_many_calls(site: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=10)
    seen = []
    for method, body in [("POST", wish()), ("DELETE", wish()), ("POST", {}), ("DELETE", wish()), ("POST", wish())]:
        connection.request(method, PATH, json.dumps(body))
        answer = connection.getresponse()
        answer.read()
        seen.append(answer.status)
    connection.close()

    assert seen == [200, 204, 400, 204, 200]


def test_nobody_is_told_to_slow_down(site: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: send(site, wish()).status_code, range(400)))

    assert set(seen) == {200}


def test_with_a_token_only_its_bearer_is_answered(django_db_setup: None) -> None:
    refused = (401, {"status": 401, "error": "Unauthorized"})

    def seen(answer: requests.Response) -> tuple[int, Any]:
        return answer.status_code, answer.json()

    with web_servers.running(count=1, STREAM_LIMIT_TOKEN="open sesame") as [site]:
        assert seen(send(site, wish())) == refused
        assert seen(send(site, b"{", Authorization="Bearer open")) == refused
        assert seen(send(site, wish(), method="DELETE", Authorization="open sesame")) == refused
        assert held() == {}
        assert send(site, wish(), Authorization="Bearer open sesame").status_code == 200
        assert send(site, b"{", Authorization="Bearer open sesame").json()["error"] == "Malformed JSON"


def test_the_limit_is_a_setting(django_db_setup: None) -> None:
    with web_servers.running(count=1, MAX_CONCURRENT_STREAMS="1") as [site]:
        assert [send(site, wish(stream=stream)).status_code for stream in ("v1", "v2", "v1")] == [200, 429, 200]


def test_without_the_database_it_says_so_in_its_own_words(django_db_setup: None) -> None:
    with web_servers.running(count=1, DATABASE_URL="postgres://nobody@127.0.0.1:9/none") as [site]:
        answer = send(site, wish())

    assert (answer.status_code, answer.json()) == (503, {"status": 503, "error": "Try again later"})
    assert answer.headers["Retry-After"] == "1"
