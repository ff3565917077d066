"""Who may send, by whichever door, and who takes whose place: real encoders, a real media process."""

import signal
import socket
from collections.abc import Iterator

import pytest

from streams import broadcasts, keys, shows
from streams.ingest.srt import slots
from streams.models import Broadcast, StreamSession
from tests.support.factories import make_session, make_user
from tests.support.media_process import MediaProcess, decode, media_playlist, push
from tests.support.realtime_servers import eventually

State = StreamSession.State
WRONG = "not-the-passphrase-of-this-show"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.keeps_redis,
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def media(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[MediaProcess]:
    with django_db_blocker.unblock():
        media = MediaProcess()
    yield media
    media.process.kill()
    media.process.wait()


@pytest.fixture(autouse=True)
def put_away(media: MediaProcess) -> Iterator[None]:
    """Begin each test with a media process that has nothing left to do from the last one."""
    yield
    StreamSession.objects.update(srt_slot=None)
    eventually(lambda: not Broadcast.objects.filter(ended_at=None).exists() and not media.encoders())


@pytest.fixture
def session() -> StreamSession:
    return shows.create(host=make_user(is_host=True), title="A planned show")


def is_in(session: StreamSession, state: State) -> bool:
    session.refresh_from_db()
    return session.state == state


def latest(session: StreamSession) -> Broadcast:
    return Broadcast.objects.filter(session=session).latest("pk")


def segments(session: StreamSession, name: str = "high") -> int:
    return len(media_playlist(session, name).segments)


def wait_for_port(media: MediaProcess, session: StreamSession) -> None:
    """Wait until the show's SRT port is open: nobody else can bind it."""

    def is_taken() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", media.srt_port + (session.srt_slot or 0)))
            except OSError:
                return True
        return False

    eventually(is_taken)


def test_srt_lets_the_right_passphrase_in_and_no_other(media: MediaProcess, session: StreamSession) -> None:
    wait_for_port(media, session)
    # Noise on the port, before and in between: nothing comes of it.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
        noise.connect(("127.0.0.1", media.srt_port + (session.srt_slot or 0)))
        for packet in (b"", b"\x80\0\0\0", bytes(1500), b"\x80" + bytes(63)):
            noise.send(packet)
    assert media.encoders() == []

    for address in (media.srt_address(session, key=WRONG), media.srt_address(session).partition("?")[0]):
        with push(address) as refused:
            assert "Error opening output" in refused.last_words(30)
    assert not Broadcast.objects.exists()

    with push(media.srt_address(session)):
        eventually(lambda: is_in(session, State.LIVE), within_s=60)
        eventually(lambda: segments(session) >= 3)
        assert latest(session).protocol == "srt"
        live = media_playlist(session, "high")
    eventually(lambda: is_in(session, State.INTERRUPTED))
    assert all(decode(session, live).values())
    assert media_playlist(session, "index").playlists[0].stream_info.resolution == (320, 180)


def test_srt_publisher_that_is_killed_comes_back_to_the_same_show(media: MediaProcess, session: StreamSession) -> None:
    wait_for_port(media, session)
    with push(media.srt_address(session)):
        eventually(lambda: is_in(session, State.LIVE), within_s=60)
    eventually(lambda: is_in(session, State.INTERRUPTED))

    wait_for_port(media, session)
    with push(media.srt_address(session)):
        eventually(lambda: is_in(session, State.LIVE), within_s=60)
    assert Broadcast.objects.filter(session=session).count() == 2


@pytest.mark.parametrize("door", ["rtmp", "srt"])
def test_frozen_publisher_is_dropped_and_its_key_is_free(
    media: MediaProcess, session: StreamSession, door: str
) -> None:
    wait_for_port(media, session)
    with push(media.address(session.stream_key) if door == "rtmp" else media.srt_address(session)) as frozen:
        eventually(lambda: is_in(session, State.LIVE), within_s=60)
        frozen.process.send_signal(signal.SIGSTOP)
        eventually(lambda: is_in(session, State.INTERRUPTED))
        assert latest(session).end_reason in {"silent", "ended by the encoder"}  # SRT itself gives up earlier
        assert frozen.process.poll() is None

        with push(media.address(session.stream_key)):
            eventually(lambda: is_in(session, State.LIVE), within_s=60)


def test_second_publisher_is_refused_by_every_door(media: MediaProcess, session: StreamSession) -> None:
    wait_for_port(media, session)
    with push(media.address(session.stream_key)) as first:
        eventually(lambda: is_in(session, State.LIVE), within_s=60)
        with push(media.address(session.stream_key)) as second:
            assert "Another encoder" in second.last_words()
        with push(media.srt_address(session)) as third:
            assert "Error opening output" in third.last_words(30)

        assert first.process.poll() is None
        assert Broadcast.objects.count() == 1


def test_second_publisher_takes_over_where_the_host_allows_it(media: MediaProcess, session: StreamSession) -> None:
    StreamSession.objects.filter(pk=session.pk).update(allows_takeover=True)
    wait_for_port(media, session)
    with push(media.srt_address(session)) as first:
        eventually(lambda: is_in(session, State.LIVE), within_s=60)
        before = segments(session)
        with push(media.address(session.stream_key), size="480x270") as second:
            eventually(lambda: first.process.poll() is not None)
            eventually(lambda: Broadcast.objects.filter(session=session).count() == 2)
            eventually(
                lambda: media_playlist(session, "index").playlists[0].stream_info.resolution == (480, 270), within_s=60
            )
            assert second.process.poll() is None
            # The show never stopped: nobody was told of a lost encoder.
            assert is_in(session, State.LIVE)

    reasons = list(Broadcast.objects.order_by("pk").values_list("protocol", "end_reason"))
    assert reasons[0] == ("srt", broadcasts.TAKEN_OVER)
    assert segments(session) > before


def test_take_over_reaches_another_process(media: MediaProcess, session: StreamSession) -> None:
    StreamSession.objects.filter(pk=session.pk).update(allows_takeover=True)
    other = MediaProcess()
    try:
        with push(media.address(session.stream_key)) as first:
            eventually(lambda: is_in(session, State.LIVE), within_s=60)
            with push(other.address(session.stream_key)) as second:
                eventually(lambda: first.process.poll() is not None)
                eventually(lambda: "0002" in media_playlist(session, "high").segments[-1].uri, within_s=60)
                assert second.process.poll() is None
                assert len(media.encoders()) == 0
                assert is_in(session, State.LIVE)
    finally:
        other.stop()


def test_rotated_key_drops_a_connected_encoder(media: MediaProcess, session: StreamSession) -> None:
    wait_for_port(media, session)
    other = make_session(state=State.SCHEDULED)
    with push(media.address(other.stream_key)) as untouched, push(media.srt_address(session)) as leaked:
        eventually(lambda: is_in(session, State.LIVE) and is_in(other, State.LIVE), within_s=60)

        keys.rotate(session)

        eventually(lambda: leaked.process.poll() is not None)
        eventually(lambda: is_in(session, State.INTERRUPTED))
        assert latest(session).end_reason == broadcasts.KEY_REPLACED
        assert untouched.process.poll() is None
        assert is_in(other, State.LIVE)

    # The port answers to the new key now, and to the old one no more.
    with push(media.srt_address(session, key=WRONG)) as refused:
        assert "Error opening output" in refused.last_words(30)
    session.refresh_from_db()
    with push(media.srt_address(session)):
        eventually(lambda: is_in(session, State.LIVE), within_s=60)
    assert slots.port(session) is not None


def test_ended_show_closes_its_port(media: MediaProcess, session: StreamSession) -> None:
    wait_for_port(media, session)
    address = media.srt_address(session)
    shows.end(session, actor="test")

    session.refresh_from_db()
    assert session.srt_slot is None
    with push(address) as late:
        assert "Error opening output" in late.last_words(30)
    assert not Broadcast.objects.exists()
