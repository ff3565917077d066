"""Where chat is kept: months made ahead or when needed, dropped whole, and nobody who writes or reads waits for it.

Each race has a rival in the very moment; the control does without the guard and must go wrong.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from shop import partitions
from shop.models import User
from shop.partitions import Months
from streams import tasks
from streams.chat import messages, pinned
from streams.chat import partitions as chat_partitions
from streams.chat.partitions import MONTHS
from streams.models import ChatMessage, StreamSession
from tests.support.factories import make_session, make_user

pytestmark = pytest.mark.django_db(transaction=True)

WITHIN_S = 10
ACTOR = "user:mod"
TABLE = MONTHS.table
FAR = datetime(2091, 3, 31, 23, 59, tzinfo=UTC)
OLD = datetime(2001, 2, 3, tzinfo=UTC)
FEBRUARY = f"{TABLE}_y2001m02"


@pytest.fixture
def session() -> StreamSession:
    return make_session("kiln", started_at=OLD)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(autouse=True)
def odd_months() -> Iterator[None]:
    """Leave no months behind but those that are there anyway."""
    before = attached()
    yield
    with connection.cursor() as cursor:
        for name in attached() - before:
            cursor.execute(f"DROP TABLE {name}")


def attached() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [MONTHS.table]
        )
        return {name for (name,) in cursor.fetchall()}


def exists(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        (found,) = cursor.fetchone() or (None,)
        return bool(found)


def said(session: StreamSession, at: datetime, text: str = "hello") -> ChatMessage:
    MONTHS.ensure([at])
    return ChatMessage.objects.create(session=session, author_name="a", text=text, said_at=at, at=at)


def closing(call: Callable[[], Any]) -> Any:
    try:
        return call()
    finally:
        connection.close()


# --- made ---


def test_months_are_there_before_they_begin() -> None:
    assert len(attached()) > MONTHS.ahead
    assert MONTHS.ensure_ahead() == []


def test_a_message_goes_to_its_month(session: StreamSession) -> None:
    old, new = said(session, OLD, "old"), messages.post(session, author=make_user(), text="new")

    with connection.cursor() as cursor:
        cursor.execute("SELECT id, tableoid::regclass::text FROM streams_chatmessage")
        places = dict(cursor.fetchall())

    assert places == {old.pk: FEBRUARY, new.pk: f"{TABLE}_y{new.said_at:%Ym%m}"}
    assert [line.text for line in messages.history(session)] == ["old", "new"]


def test_a_message_is_kept_though_nobody_made_its_month(
    session: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: FAR)

    message = messages.post(session, author=make_user(), text="happy new decade")

    assert ChatMessage.objects.get().said_at == message.at == FAR
    assert {f"{TABLE}_y2091m0{month}" for month in (3, 4, 5, 6)} <= attached()


def test_control_without_a_month_a_message_is_refused(session: StreamSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: FAR)
    monkeypatch.setattr(chat_partitions, "in_its_month", lambda keep: keep())

    with pytest.raises(IntegrityError):
        messages.post(session, author=make_user(), text="happy new decade")


def test_what_the_database_refuses_for_another_reason_makes_no_month(session: StreamSession) -> None:
    def keep() -> ChatMessage:
        return ChatMessage.objects.create(session=session, author_name=None, text="x", at=FAR, said_at=timezone.now())

    with pytest.raises(IntegrityError):
        chat_partitions.in_its_month(keep)


def write_together(
    session: StreamSession, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> list[ChatMessage | Exception]:
    """Have two people be the first of a month, who both saw that it was missing."""
    people = [make_user(), make_user()]
    both, existing, seen = threading.Barrier(2), Months._existing, threading.local()

    def look(table: Months, on: Any) -> set[str]:
        found = existing(table, on)
        if not getattr(seen, "once", False):
            seen.once = True
            both.wait(WITHIN_S)
        return found

    monkeypatch.setattr(timezone, "now", lambda: FAR)
    monkeypatch.setattr(Months, "_existing", look)

    def write(author: User) -> ChatMessage | Exception:
        try:
            return closing(lambda: messages.post(session, author=author, text="first"))
        except DatabaseError as error:
            return error

    return [writing.result(WITHIN_S) for writing in [threads.submit(write, one) for one in people]]


def test_two_who_make_a_month_at_once_are_both_kept(
    session: StreamSession, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(isinstance(one, ChatMessage) for one in write_together(session, threads, monkeypatch))
    assert ChatMessage.objects.count() == 2


def test_control_without_the_lock_one_of_them_is_lost(
    session: StreamSession, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Months, "_lock", property(lambda table: str(uuid4())))

    kept = write_together(session, threads, monkeypatch)

    assert sorted(isinstance(one, ChatMessage) for one in kept) == [False, True]


# --- dropped ---


@contextmanager
def reading(threads: ThreadPoolExecutor) -> Iterator[Callable[[], int]]:
    """Read all messages in a transaction that stays open; what is given closes it, and says how many it saw."""
    there, go = threading.Event(), threading.Event()

    def read() -> int:
        with transaction.atomic():
            seen = ChatMessage.objects.count()
            there.set()
            go.wait(WITHIN_S)
        return seen

    result = threads.submit(closing, read)
    assert there.wait(WITHIN_S)

    def end() -> int:
        go.set()
        return int(result.result(WITHIN_S))

    try:
        yield end
    finally:
        go.set()


def post_meanwhile(session: StreamSession, threads: ThreadPoolExecutor, drop: Callable[[], Any]) -> tuple[bool, Any]:
    """Write while a drop waits for a reader; return whether that went without waiting, and what the drop says."""
    with reading(threads) as end:
        dropping = threads.submit(closing, drop)
        while not is_waiting():
            assert not dropping.done()
            time.sleep(0.01)
        was_kept = False
        with suppress(DatabaseError), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
            messages.post(session, author=make_user(), text="in between")
            was_kept = [line.text for line in messages.history(session)][-1:] == ["in between"]
        assert end() == 1
    return was_kept, dropping.result(WITHIN_S)


def is_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND (query LIKE %s OR query LIKE %s) AND pid <> pg_backend_pid())",
            ["ALTER TABLE streams_chatmessage DETACH%", "DROP TABLE streams_chatmessage%"],
        )
        (waits,) = cursor.fetchone() or (None,)
        return bool(waits)


def test_a_month_is_dropped_while_people_write_and_read(session: StreamSession, threads: ThreadPoolExecutor) -> None:
    said(session, OLD)
    limit = timezone.now() - timedelta(days=900)

    was_kept, dropped = post_meanwhile(session, threads, lambda: MONTHS.drop_before(limit))

    assert (was_kept, dropped) == (True, [FEBRUARY])
    assert not exists(FEBRUARY)
    assert [line.text for line in ChatMessage.objects.all()] == ["in between"]


def test_control_a_plain_drop_has_everyone_wait(session: StreamSession, threads: ThreadPoolExecutor) -> None:
    said(session, OLD)

    def drop() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {FEBRUARY}")

    assert post_meanwhile(session, threads, drop) == (False, None)


def test_a_month_that_is_being_read_is_gone_for_others_and_dropped_another_time(
    session: StreamSession, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "LOCK_TIMEOUT_MS", 50)
    said(session, OLD)
    limit = timezone.now() - timedelta(days=900)

    with reading(threads) as end:
        assert MONTHS.drop_before(limit) == []
        assert exists(FEBRUARY)
        assert messages.history(session) == []
        assert end() == 1

    assert MONTHS.drop_before(limit) == [FEBRUARY]
    assert MONTHS.drop_before(limit) == []


def test_a_month_that_was_taken_off_and_not_dropped_is_found(session: StreamSession) -> None:
    said(session, OLD)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {TABLE} DETACH PARTITION {FEBRUARY}")

    assert MONTHS.drop_before(OLD) == []  # it is not over then
    assert MONTHS.drop_before(timezone.now() - timedelta(days=900)) == [FEBRUARY]


def test_two_drops_at_once_do_it_once(session: StreamSession) -> None:
    said(session, OLD)
    limit = timezone.now() - timedelta(days=900)

    with MONTHS._alone() as first:
        assert first is not None
        assert MONTHS.drop_before(limit) == []

    assert MONTHS.drop_before(limit) == [FEBRUARY]


def test_old_messages_go_after_the_time_that_the_shop_sets(
    session: StreamSession, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHAT_RETENTION_DAYS = 30
    monkeypatch.setattr(timezone, "now", lambda: datetime(2011, 5, 20, tzinfo=UTC))
    for text, at in (("kept", datetime(2011, 4, 20, tzinfo=UTC)), ("gone", datetime(2011, 4, 1, tzinfo=UTC))):
        said(session, at, text)
    said(session, OLD, "old")
    pinned.pin(session, ChatMessage.objects.get(text="gone"), actor=ACTOR)

    assert tasks.forget_chat() == 1
    assert chat_partitions.forget_old() == 0

    assert [message.text for message in ChatMessage.objects.all()] == ["kept"]
    assert not exists(FEBRUARY)
    session.refresh_from_db()
    assert (session.pinned_message, session.pinned_message_id) == (None, None)


def test_without_a_time_nothing_goes(session: StreamSession, settings: Any) -> None:
    settings.CHAT_RETENTION_DAYS = 0
    said(session, OLD)

    assert tasks.forget_chat() == 0
    assert ChatMessage.objects.count() == 1


def test_a_pin_whose_month_is_gone_is_no_pin(session: StreamSession) -> None:
    message = said(session, OLD)
    pinned.pin(session, message, actor=ACTOR)
    assert session.pinned_message == message

    MONTHS.drop_before(timezone.now() - timedelta(days=900))

    assert StreamSession.objects.get().pinned_message is None


# --- read ---


def test_a_young_show_is_read_from_its_own_months_and_a_message_from_its_one() -> None:
    session = make_session()
    message = messages.post(session, author=make_user(), text="hello")
    MONTHS.ensure([OLD])

    def searched(queryset: Any) -> set[str]:
        plan = queryset.explain()
        return {name for name in attached() if name in plan}

    own = f"{TABLE}_y{message.said_at:%Ym%m}"
    assert own in searched(messages.visible(session))
    assert not {name for name in searched(messages.visible(session)) if name < own}
    assert searched(ChatMessage.objects.filter(pk=message.pk, said_at=message.said_at)) == {own}


# --- what was there before ---


@pytest.mark.slow
def test_messages_and_pins_survive_the_way_there_and_back() -> None:
    before, after = [("streams", "0008_audience")], MigrationExecutor(connection).loader.graph.leaf_nodes("streams")
    session = make_session(started_at=OLD)
    message = said(session, OLD)
    author = make_user()
    ChatMessage.objects.update(author=author)
    pinned.pin(session, message, actor=ACTOR)
    rows = list(ChatMessage.objects.values())
    try:
        MigrationExecutor(connection).migrate(before)
        assert rows_of("SELECT id, at, author_id FROM streams_chatmessage") == [(message.pk, OLD, author.pk)]
        assert rows_of("SELECT relkind FROM pg_class WHERE relname = 'streams_chatmessage'") == [("r",)]
        assert rows_of("SELECT pinned_message_id FROM streams_streamsession") == [(message.pk,)]
        with connection.cursor() as cursor, pytest.raises(IntegrityError):
            cursor.execute("UPDATE streams_streamsession SET pinned_message_id = %s", [UUID(int=0)])
    finally:
        MigrationExecutor(connection).migrate(after)

    assert list(ChatMessage.objects.values()) == rows
    assert StreamSession.objects.get().pinned_message == message
    assert MONTHS.ensure_ahead() == []


def rows_of(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())
