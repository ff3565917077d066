"""Who is let in, without any media: ports, keys and tickets, and what happens when two come at once."""

import asyncio
import threading
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.core import signing
from django.db import connection
from django.utils import timezone

from shop.models import User
from streams import broadcasts, keys, shows
from streams.exceptions import KeyRefused
from streams.ingest.camera import tickets
from streams.ingest.srt import port, slots
from streams.media.owner import Owner
from streams.models import Broadcast, StreamSession
from tests.support.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.keeps_redis]

State = StreamSession.State


def plan(count: int = 1) -> list[StreamSession]:
    host = make_user(is_host=True)
    return [shows.create(host=host, title=f"Show {number}") for number in range(count)]


# --- SRT ports ---


def test_each_show_has_a_port_of_its_own_until_it_ends() -> None:
    first, second = plan(2)
    assert (slots.port(first), slots.port(second)) == (slots.lease(first), slots.lease(second))
    assert [first.srt_slot, second.srt_slot] == [0, 1]

    shows.end(first, actor="test")
    first.refresh_from_db()

    assert (first.srt_slot, slots.lease(first)) == (None, None)
    assert plan()[0].srt_slot == 0


def test_without_a_free_port_the_show_longest_past_gives_up_its_own() -> None:
    planned = plan(slots.SLOTS)
    late, live, sent_to = planned[3], planned[4], planned[5]
    StreamSession.objects.filter(pk=late.pk).update(starts_at=timezone.now() - timedelta(days=9))
    past = timezone.now() - timedelta(days=30)
    StreamSession.objects.filter(pk=live.pk).update(starts_at=past, state=State.LIVE)
    StreamSession.objects.filter(pk=sent_to.pk).update(starts_at=past)
    Broadcast.objects.create(session=sent_to, protocol="rtmp")

    new = plan()[0]

    late.refresh_from_db()
    assert (new.srt_slot, late.srt_slot) == (3, None)
    assert StreamSession.objects.exclude(srt_slot=None).count() == slots.SLOTS


def test_with_every_port_in_use_a_show_is_planned_without_one() -> None:
    plan(slots.SLOTS)
    StreamSession.objects.update(state=State.LIVE)

    new = plan()[0]

    assert (new.srt_slot, slots.port(new)) == (None, None)


def test_an_encoders_first_packet_and_nothing_else_is_a_call() -> None:
    call = bytes.fromhex("80000000") + bytes(12) + bytes.fromhex("00000004") + bytes(44)

    assert port.is_handshake(call)
    for other in (b"", call[:63], b"\x80\x02" + call[2:], call[:16] + bytes(48), bytes(1316)):
        assert not port.is_handshake(other)


def test_a_key_is_quoted_for_ffmpeg() -> None:
    lines = port.script("::1", 8890, "it's").splitlines()

    assert "file 'srt://[::1]:8890?mode=listener'" in lines
    assert r"option passphrase 'it'\''s'" in lines


# --- Keys ---


def test_a_show_in_use_is_free_for_nobody_unless_its_host_allows_it() -> None:
    session = plan()[0]
    assert broadcasts.check_free(session) is session
    broadcasts.open(partial(keys.session_of, session.stream_key), "rtmp")

    with pytest.raises(KeyRefused, match="in_use"):
        broadcasts.check_free(session)
    session.allows_takeover = True
    assert broadcasts.check_free(session) is session


def test_a_new_key_drops_who_came_with_the_old_one_but_not_a_camera() -> None:
    by_key, by_camera = plan(2)
    opened = [
        Broadcast.objects.create(session=by_key, protocol="srt"),
        Broadcast.objects.create(session=by_camera, protocol=broadcasts.CAMERA),
    ]

    keys.rotate(by_key)
    keys.rotate(by_camera)

    for broadcast in opened:
        broadcast.refresh_from_db()
    assert [broadcast.end_reason for broadcast in opened] == [broadcasts.KEY_REPLACED, ""]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_guarded", [True, False], ids=["guarded", "control"])
def test_a_key_that_is_replaced_while_its_publisher_comes_in_lets_nobody_in(
    monkeypatch: pytest.MonkeyPatch, is_guarded: bool
) -> None:
    """The key is read, then replaced, then the broadcast is written: without the lock the old key has a broadcast."""
    session = plan()[0]
    old_key = session.stream_key
    has_read, may_write = threading.Event(), threading.Event()
    reads = []

    def admit() -> StreamSession:
        found = keys.session_of(old_key)
        reads.append(found)
        if len(reads) == 2:  # the reading that counts
            has_read.set()
            may_write.wait(1.5)
        return found

    if not is_guarded:
        monkeypatch.setattr(broadcasts, "lock_session", lambda pk: None)

    def come() -> None:
        try:
            broadcasts.open(admit, "rtmp")
        except KeyRefused:
            pass
        finally:
            connection.close()

    coming = threading.Thread(target=come)
    coming.start()
    assert has_read.wait(10)
    # With the lock this waits for the publisher, and then closes its broadcast.
    keys.rotate(session)
    may_write.set()
    coming.join(10)

    is_let_in = broadcasts.is_open(session.pk)
    assert is_let_in is not is_guarded
    assert session.stream_key != old_key


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_guarded", [True, False], ids=["guarded", "control"])
def test_two_publishers_at_once_do_not_both_own_a_show(is_guarded: bool) -> None:
    """One connection is given the same lock twice: the database alone would let both in."""
    session_id = uuid4()

    class Forgetful(set):  # type: ignore[type-arg]
        def __contains__(self, item: object) -> bool:
            return False

    async def come() -> list[bool]:
        owner = Owner()
        await owner.acquire(uuid4())  # connects
        if not is_guarded:
            owner._asked = Forgetful()
        try:
            return await asyncio.gather(*(owner.acquire(session_id) for _ in range(5)))
        finally:
            await owner.close()

    assert sum(asyncio.run(come())) == (1 if is_guarded else 5)


# --- The camera's tickets ---


def test_a_ticket_opens_its_hosts_show_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    session = plan()[0]
    ticket = tickets.issue(session)
    assert tickets.redeem(ticket) == session

    monkeypatch.setattr(tickets, "MAX_AGE_S", -1)
    with pytest.raises(KeyRefused, match="unknown"):
        tickets.redeem(ticket)


@pytest.mark.parametrize("change", ["forged", "another salt", "no host any more", "signed out for good", "given away"])
def test_a_ticket_that_is_no_longer_true_opens_nothing(change: str) -> None:
    session = plan()[0]
    ticket = tickets.issue(session)
    people = User.objects.filter(pk=session.host_id)
    match change:
        case "forged":
            ticket = ticket[:-2] + ("aa" if ticket[-2:] != "aa" else "bb")
        case "another salt":
            ticket = signing.dumps({"show": str(session.pk), "host": session.host_id}, salt="realtime.ticket")
        case "no host any more":
            people.update(is_host=False)
        case "signed out for good":
            people.update(is_active=False)
        case "given away":
            StreamSession.objects.update(host=make_user(is_host=True))

    with pytest.raises(KeyRefused, match="unknown"):
        tickets.redeem(ticket)


def test_a_ticket_of_a_show_that_is_over_opens_nothing() -> None:
    session = plan()[0]
    ticket = tickets.issue(session)
    shows.end(session, actor="test")

    with pytest.raises(KeyRefused, match="ended"):
        tickets.redeem(ticket)
