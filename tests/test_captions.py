"""Captions of a replay: what a host may give, what players read then, and that they go where the recording goes."""

import fcntl
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import m3u8
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shop.models import AuditEntry, User
from streams import captions, playback, retention
from streams.exceptions import StateRefused
from streams.hls import captions as webvtt
from streams.hls.exceptions import BadCaptions
from streams.hls.origin import Origin
from streams.hls.recording import Entry, Rendition, Run, Segment
from streams.models import StreamSession
from tests.support.api_client import Caller
from tests.support.factories import make_session, make_user

State = StreamSession.State
START = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
HIGH = Rendition("high", "avc1.64001f,mp4a.40.2", 2_000_000, 1280, 720, 25.0)
AUDIO = Rendition("audio", "mp4a.40.2", 128_000)
GOOD = b"WEBVTT\n\n00:01.000 --> 00:03.000\nGood evening.\n\n00:05.500 --> 00:09.000\nAnd welcome back.\n"


def a_run(number: int, seconds: int, *, anchor_s: float, media_s: float = 0.0) -> list[Entry]:
    """Make a run whose media begins `media_s` after its own time zero."""
    anchor_at = START + timedelta(seconds=anchor_s)
    entries: list[Entry] = [Run(number, anchor_at, (HIGH, AUDIO))]
    for second in range(seconds):
        at = anchor_at + timedelta(seconds=media_s + second)
        for name in ("high", "audio"):
            entries.append(Segment(number, name, f"runs/{number:04d}/{name}/{second:06d}.m4s", at, 1.0, size=9))
    return entries


def a_replay(folder: Path, *, since: datetime | None = None) -> Origin:
    """Publish ten seconds in two runs, the first of which begins at 1.5 seconds of its media's time."""
    origin = Origin(folder)
    origin.add([*a_run(1, 6, anchor_s=0, media_s=1.5), *a_run(2, 4, anchor_s=60)])
    origin.publish(has_ended=True)
    origin.publish_replay(since=since)
    return origin


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


# --- what a host may give ---


def test_a_file_is_read_with_its_language_settings_and_several_lines() -> None:
    data = (
        "\ufeffWEBVTT - a show\r\nLanguage: de-AT\r\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\r\n\r\n"
        "STYLE\r\n::cue { color: red }\r\n\r\nNOTE for us\r\n\r\n"
        "first\r\n00:00.500 --> 00:02.000 align:start line:0\r\nGrüß Gott\r\nund <b>guten</b> Abend\r\n\r\n"
        "00:00:02.000 --> 00:00:10.900\r\nBis gleich\r\n"
    ).encode()

    read = webvtt.parse(data, length_s=10)

    assert read.language == "de-AT"
    assert read.cues == (
        webvtt.Cue(0.5, 2.0, "Grüß Gott\nund <b>guten</b> Abend", "align:start line:0"),
        webvtt.Cue(2.0, 10, "Bis gleich"),
    )


@pytest.mark.parametrize(
    ("fault", "line", "data"),
    [
        ("no_head", 1, b"1\n00:01.000 --> 00:02.000\nSubRip\n"),
        ("no_head", 1, b""),
        ("no_cues", 3, b"WEBVTT\n\n"),
        ("not_text", 4, b"WEBVTT\n\n00:01.000 --> 00:02.000\n\xe9t\xe9\n"),
        ("not_text", 4, b"WEBVTT\n\n00:01.000 --> 00:02.000\na\0b\n"),
        ("bad_time", 2, b"WEBVTT\n00:01.000 --> 00:02.000\na\n\n00:03.000 --> 00:04.000\nb\n"),
        ("bad_time", 3, b"WEBVTT\n\nGood evening.\n"),
        ("bad_time", 4, b"WEBVTT\n\nfirst\n00:01,000 --> 00:02,000\na\n"),
        ("bad_time", 3, b"WEBVTT\n\n00:61.000 --> 01:02.000\na\n"),
        ("bad_time", 5, b"WEBVTT\n\n00:01.000 --> 00:02.000\na\n00:03.000 --> 00:04.000\nb\n"),
        ("falls", 6, b"WEBVTT\n\n00:03.000 --> 00:04.000\na\n\n00:01.000 --> 00:02.000\nb\n"),
        ("ends_early", 3, b"WEBVTT\n\n00:03.000 --> 00:03.000\na\n"),
        ("beyond", 3, b"WEBVTT\n\n00:08.000 --> 00:11.500\na\n"),
        ("beyond", 3, b"WEBVTT\n\n00:10.000 --> 00:10.500\na\n"),
        ("too_big", 0, GOOD + b"\n" * webvtt.MOST_BYTES),
    ],
)
def test_what_is_wrong_is_told_with_its_line(fault: str, line: int, data: bytes) -> None:
    with pytest.raises(BadCaptions) as refused:
        webvtt.parse(data, length_s=10)

    assert (refused.value.fault, refused.value.line) == (fault, line)


# --- what players read ---


def test_a_replay_lists_captions_for_every_quality_with_the_pictures_discontinuities(tmp_path: Path) -> None:
    origin = a_replay(tmp_path)

    origin.put_captions(b"WEBVTT\nLanguage: en\n" + GOOD.removeprefix(b"WEBVTT\n"))

    listed = m3u8.load(str(tmp_path / "replay.m3u8"))
    (media,) = listed.media
    assert (media.type, media.language, media.default, media.autoselect) == ("SUBTITLES", "en", "NO", "YES")
    assert [one.stream_info.subtitles for one in listed.playlists] == [media.group_id] * 2
    words = m3u8.load(str(tmp_path / media.uri))
    picture = m3u8.load(str(tmp_path / "high-replay.m3u8"))
    assert (words.playlist_type, words.is_endlist, words.target_duration) == ("vod", True, 6)
    assert [(one.duration, one.discontinuity) for one in words.segments] == [(6.0, False), (4.0, True)]
    assert words.discontinuity_sequence == picture.discontinuity_sequence
    begins = [picture.segments[0].program_date_time, picture.segments[6].program_date_time]
    assert [one.program_date_time for one in words.segments] == begins
    assert [(tmp_path / one.uri).read_text() for one in words.segments] == [
        "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:135000\n\n00:00:01.000 --> 00:00:03.000\nGood evening.\n\n"
        "00:00:05.500 --> 00:00:06.000\nAnd welcome back.\n",
        "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:06.000,MPEGTS:0\n\n00:00:06.000 --> 00:00:09.000\nAnd welcome back.\n",
    ]


def test_times_count_from_what_viewers_see_of_a_show_that_was_rehearsed(tmp_path: Path) -> None:
    since = START + timedelta(seconds=4.5)
    origin = a_replay(tmp_path, since=since)

    origin.put_captions(b"WEBVTT\n\n00:05.000 --> 00:06.000\nLater\n", since=since)

    words = m3u8.load(str(tmp_path / webvtt.PLAYLIST))
    assert [one.duration for one in words.segments] == [3.0, 4.0]
    texts = [(tmp_path / one.uri).read_text() for one in words.segments]
    assert ["MPEGTS:405000" in texts[0], "Later" in texts[0], "Later" in texts[1]] == [True, False, True]


def test_other_captions_have_other_names_and_without_any_all_is_as_it_was(tmp_path: Path) -> None:
    origin = a_replay(tmp_path)
    before = files(tmp_path)
    origin.put_captions(GOOD)
    first = set(files(tmp_path)) - set(before)

    origin.put_captions(GOOD.replace(b"Good", b"Fine"))
    second = set(files(tmp_path)) - set(before)

    assert first & second == {webvtt.FILE, webvtt.PLAYLIST}
    assert len(second) == 4
    origin.put_captions(None)
    origin.put_captions(None)
    assert files(tmp_path) == before


def test_a_bad_file_changes_nothing_and_publishing_again_keeps_what_was_given(tmp_path: Path) -> None:
    origin = a_replay(tmp_path)
    origin.put_captions(GOOD)
    given = files(tmp_path)

    with pytest.raises(BadCaptions):
        origin.put_captions(b"WEBVTT\n\n00:01.000 --> 00:99.000\na\n")
    Origin(tmp_path).publish_replay()

    assert files(tmp_path) == given


# --- a host's hand ---


@pytest.fixture
def host(db: None) -> User:
    return make_user(is_host=True, display_name="Kiln")


@pytest.fixture
def session(host: User, tmp_path: Path, settings: Any) -> StreamSession:
    settings.MEDIA_ROOT = tmp_path
    end = START + timedelta(seconds=70)
    made = make_session("kiln", host=host, state=State.ENDED, started_at=START, ended_at=end)
    a_replay(playback.folder(made.pk))
    return made


def post(user: User, data: bytes | None, **fields: str) -> str:
    client = Client()
    client.force_login(user)
    file = {"captions": SimpleUploadedFile("talk.vtt", data, "text/vtt")} if data is not None else {}
    answer = client.post("/host/shows/kiln/captions/", {**fields, **file}, follow=True)
    return answer.content.decode()


def test_the_studio_takes_a_file_names_a_bad_line_and_takes_it_away(session: StreamSession, host: User) -> None:
    folder = playback.folder(session.pk)

    assert "Choose a WebVTT file first." in post(host, None)
    assert "Line 3: this lies beyond the replay, which is 0:10 long." in post(
        host, b"WEBVTT\n\n00:08.000 --> 00:19.000\na\n"
    )
    assert not captions.has_captions(session)
    assert AuditEntry.objects.count() == 0

    assert "Remove captions" in post(host, GOOD)
    assert (folder / "captions.vtt").read_bytes() == GOOD
    assert "TYPE=SUBTITLES" in (folder / "replay.m3u8").read_text()

    assert "Add captions" in post(host, None, do="remove")
    assert "SUBTITLES" not in (folder / "replay.m3u8").read_text()
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", "subject"))
    assert actions == [("give_captions", "show:kiln"), ("remove_captions", "show:kiln")]


def test_the_api_takes_a_file_and_takes_it_away(session: StreamSession, host: User) -> None:
    client = Client()
    client.force_login(host)

    def put(data: bytes, kind: str = "text/vtt") -> Any:
        return client.put("/api/v1/host/sessions/kiln/captions", data, content_type=kind)

    assert put(GOOD, "application/json").status_code == 415
    bad = put(b"SRT")
    assert (bad.status_code, bad.json()["errors"]) == (
        400,
        {"captions": ["Line 1: a WebVTT file begins with the word WEBVTT."]},
    )
    assert put(GOOD).status_code == 204
    assert captions.has_captions(session)
    assert Caller(make_user(is_host=True)).call("DELETE", "host/sessions/kiln/captions").status_code == 404
    assert Caller(host).call("DELETE", "host/sessions/kiln/captions").status_code == 204
    assert not captions.has_captions(session)


@pytest.mark.parametrize("state", [State.LIVE, State.SCHEDULED])
def test_a_show_without_a_replay_has_no_captions(session: StreamSession, host: User, state: State) -> None:
    session.state = state
    session.save()

    assert "Captions belong to a replay, and there is none." in post(host, GOOD)
    assert not captions.has_captions(session)


def test_captions_go_with_the_recording(session: StreamSession, host: User) -> None:
    captions.give(session, GOOD, actor="test")
    StreamSession.objects.update(replay_days=1)

    assert retention.remove_overdue() == 1

    assert not playback.folder(session.pk).exists()
    session.refresh_from_db()
    with pytest.raises(StateRefused):
        captions.give(session, GOOD, actor="test")


def test_nobody_else_writes_a_replay_or_removes_it_meanwhile(tmp_path: Path) -> None:
    alone: list[tuple[str, bool]] = []

    class Watched(Origin):
        def _put(self, name: str, text: str) -> None:
            other = os.open(tmp_path, os.O_RDONLY)
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
                alone.append((name, False))
            except BlockingIOError:
                alone.append((name, True))
            finally:
                os.close(other)
            super()._put(name, text)

    a_replay(tmp_path)
    watched = Watched(tmp_path)

    watched.publish_replay()
    watched.put_captions(GOOD)

    assert len(alone) == 7
    assert all(is_alone for _, is_alone in alone)
