"""Run lists, pins, opinions and keys of shows, and their figures."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from inventory.exceptions import NotInTransaction
from shop.models import AuditEntry, Product, Variant
from streams import figures, keys, locks, opinions, pins, run_list, tasks
from streams.chat import messages
from streams.exceptions import NotOnRunList, RunListFull, StateRefused, UnknownSkus
from streams.models import ChatMessage, Opinion, Pin, RunListItem, StreamSession
from streams.signals import opinions_changed, pin_changed, run_list_changed
from tests.support.factories import make_product, make_session, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def news() -> Iterator[list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []

    def hear(sender: object, **said: Any) -> None:
        said.pop("signal")
        heard.append(said)

    signals = [opinions_changed, pin_changed, run_list_changed]
    for signal in signals:
        signal.connect(hear, weak=False)
    yield heard
    for signal in signals:
        signal.disconnect(hear)


@pytest.fixture
def goods() -> Product:
    return make_product(skus=("A", "B", "C"))


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run calls side by side, each with a connection of its own; return results or exceptions."""
    barrier = Barrier(len(calls), timeout=10)

    def run(call: Callable[[], object]) -> object:
        try:
            barrier.wait()
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


# --- run lists ---


def test_a_run_list_is_what_was_set_in_its_order(goods: Product, news: list[dict[str, Any]]) -> None:
    session = make_session("kiln")

    assert run_list.set_skus(session, ["C", "A", "C"]) == ["C", "A"]

    assert [entry.variant.sku for entry in run_list.entries(session)] == ["C", "A"]
    assert news == [{"slug": "kiln", "skus": ["C", "A"]}]


def test_setting_the_same_list_again_tells_nothing(goods: Product, news: list[dict[str, Any]]) -> None:
    session = make_session(skus=("A", "B"))

    run_list.set_skus(session, ["A", "B"])

    assert news == []
    assert not AuditEntry.objects.exists()


def test_all_unknown_skus_are_named_and_nothing_changes(goods: Product, news: list[dict[str, Any]]) -> None:
    session = make_session(skus=("A",))
    Variant.objects.filter(sku="C").update(is_active=False)

    with pytest.raises(UnknownSkus) as refused:
        run_list.set_skus(session, ["B", "C", "NOPE"])

    assert refused.value.skus == ["C", "NOPE"]
    assert run_list.skus(session) == ["A"]
    assert news == []


def test_what_is_listed_stays_though_the_shop_stopped_selling_it(goods: Product) -> None:
    session = make_session(skus=("A", "B"))
    Variant.objects.filter(sku="A").update(is_active=False)

    assert run_list.add(session, "C") == ["A", "B", "C"]


def test_adding_removing_and_moving(goods: Product) -> None:
    session = make_session(skus=("A",))

    assert run_list.add(session, "B") == ["A", "B"]
    assert run_list.add(session, "B") == ["A", "B"]
    assert run_list.add(session, "C") == ["A", "B", "C"]
    assert run_list.move(session, "C", 0) == ["C", "A", "B"]
    assert run_list.move(session, "C", 99) == ["A", "B", "C"]
    assert run_list.remove(session, "B") == ["A", "C"]
    assert run_list.remove(session, "B") == ["A", "C"]
    with pytest.raises(NotOnRunList):
        run_list.move(session, "B", 0)


def test_a_run_list_has_an_end(goods: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_list, "ENTRIES_MAX", 2)
    session = make_session(skus=("A", "B"))

    with pytest.raises(RunListFull) as refused:
        run_list.add(session, "C")

    assert refused.value.most == 2
    assert run_list.skus(session) == ["A", "B"]


def test_taking_the_pinned_product_out_takes_it_off_the_table(goods: Product, news: list[dict[str, Any]]) -> None:
    session = make_session("kiln", skus=("A", "B"))
    pins.pin(session, "A", actor="user:x")
    news.clear()

    run_list.remove(session, "A")

    session.refresh_from_db()
    assert session.pinned is None
    assert Pin.objects.get().until_at is not None
    assert {"slug": "kiln", "sku": None} in news
    assert {"slug": "kiln", "skus": ["B"]} in news


def test_two_changes_at_once_add_up(goods: Product) -> None:
    session = make_session()

    at_once(lambda: run_list.add(session, "A"), lambda: run_list.add(session, "B"), lambda: run_list.add(session, "C"))

    assert sorted(run_list.skus(session)) == ["A", "B", "C"]
    assert sorted(RunListItem.objects.values_list("position", flat=True)) == [0, 1, 2]


@pytest.mark.parametrize("count", [1, 10])
def test_entries_cost_the_same_however_many(count: int, django_assert_num_queries: Any) -> None:
    session = make_session(skus=tuple(make_product().variants.get().sku for _ in range(count)))

    with django_assert_num_queries(2):
        names = [
            (entry.variant.product.name, entry.variant.picture, list(entry.variant.product.pictures.all()))
            for entry in run_list.entries(session)
        ]

    assert len(names) == count


# --- pins ---


def test_pinning_opens_a_chapter_and_the_next_closes_it(goods: Product, news: list[dict[str, Any]]) -> None:
    session = make_session("kiln", skus=("A", "B"))

    pins.pin(session, "A", actor="user:host")
    pins.pin(session, "B", actor="user:host")
    pins.pin(session, None, actor="user:host")

    first, second = Pin.objects.all()
    assert (first.variant.sku, second.variant.sku) == ("A", "B")
    assert first.until_at == second.from_at
    assert second.until_at is not None
    assert news == [{"slug": "kiln", "sku": sku} for sku in ("A", "B", None)]
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == ["pin", "pin", "unpin"]
    session.refresh_from_db()
    assert session.pinned is None


def test_pinning_what_is_pinned_changes_nothing(goods: Product, news: list[dict[str, Any]]) -> None:
    session = make_session(skus=("A",))
    pins.pin(session, "A", actor="user:host")

    pins.pin(session, "A", actor="user:host")

    assert Pin.objects.get().until_at is None
    assert len(news) == 1


def test_only_what_is_listed_can_be_pinned(goods: Product, news: list[dict[str, Any]]) -> None:
    session = make_session(skus=("A",))
    make_session(skus=("B",))

    for sku in ("B", "NOPE"):
        with pytest.raises(NotOnRunList):
            pins.pin(session, sku, actor="user:host")

    session.refresh_from_db()
    assert session.pinned is None
    assert not Pin.objects.exists()
    assert news == []


def test_two_pins_at_once_leave_one_open_chapter(goods: Product) -> None:
    session = make_session(skus=("A", "B"))

    at_once(lambda: pins.pin(session, "A", actor="user:x"), lambda: pins.pin(session, "B", actor="user:y"))

    session.refresh_from_db()
    open_chapter = Pin.objects.get(until_at=None)
    assert open_chapter.variant_id == session.pinned_id
    assert Pin.objects.count() == 2


def test_an_ended_show_stays_as_it_was(goods: Product) -> None:
    session = make_session(skus=("A",), state="ended")
    key = session.stream_key

    for change in (
        lambda: pins.pin(session, "A", actor="user:x"),
        lambda: run_list.add(session, "B"),
        lambda: keys.rotate(session),
    ):
        with pytest.raises(StateRefused):
            change()

    session.refresh_from_db()
    assert (session.pinned, run_list.skus(session), session.stream_key) == (None, ["A"], key)


def test_a_show_is_locked_in_a_transaction_only() -> None:
    session = make_session()

    with pytest.raises(NotInTransaction):
        locks.lock_session(session.pk)


# --- opinions ---


def test_a_second_like_changes_nothing(news: list[dict[str, Any]]) -> None:
    session, ana = make_session("kiln"), make_user()

    opinions.set_opinion(session, ana, "like")
    counts = opinions.set_opinion(session, ana, "like")

    assert counts == opinions.Counts(1, 0, "like")
    assert news == [{"slug": "kiln", "likes": 1, "dislikes": 0}]


def test_an_opinion_can_turn_and_go(news: list[dict[str, Any]]) -> None:
    session, ana, bo = make_session(), make_user(), make_user()
    opinions.set_opinion(session, bo, "like")

    opinions.set_opinion(session, ana, "like")
    assert opinions.set_opinion(session, ana, "dislike") == opinions.Counts(1, 1, "dislike")
    assert opinions.set_opinion(session, ana, None) == opinions.Counts(1, 0, None)
    assert opinions.set_opinion(session, ana, None) == opinions.Counts(1, 0, None)

    assert len(news) == 4
    assert opinions.counts(session, user=bo) == opinions.Counts(1, 0, "like")
    assert opinions.counts(session, user=ana) == opinions.Counts(1, 0, None)
    assert opinions.counts(make_session()) == opinions.Counts(0, 0, None)


def test_many_clicks_at_once_are_one_like() -> None:
    session, ana = make_session(), make_user()

    results = at_once(*[lambda: opinions.set_opinion(session, ana, "like")] * 8)

    assert Opinion.objects.count() == 1
    assert all(isinstance(result, opinions.Counts) for result in results)


# --- keys ---


def test_a_new_key_replaces_the_old_and_is_not_logged() -> None:
    session = make_session()
    old = session.stream_key

    new = keys.rotate(session, actor="user:host")

    assert new != old
    assert 10 <= len(new) <= 79
    assert StreamSession.objects.get().stream_key == session.stream_key == new
    entry = AuditEntry.objects.get()
    assert entry.action == "rotate_key"
    assert new not in str(entry.data)
    assert old not in str(entry.data)


# --- figures ---


def test_figures_of_a_show(monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_session("kiln", peak_viewers=3)
    monkeypatch.setattr(figures, "viewer_counter", lambda slugs: dict.fromkeys(slugs, 7))
    ana, bo = make_user(), make_user()
    for author in (ana, ana, bo):
        messages.post(session, author=author, text="hi")
    long_ago = timezone.now() - timedelta(minutes=5)
    ChatMessage.objects.create(session=session, author=bo, author_name="Bo", text="early", at=long_ago)

    read = figures.of_show(session)

    assert (read.viewers, read.peak_viewers, read.chat_per_minute, read.chatters) == (7, 7, 3, 2)
    assert (read.orders, read.unpaid, read.revenue_minor, read.sold, read.held) == (0, 0, 0, {}, {})
    assert StreamSession.objects.get().peak_viewers == 7


def test_the_peak_only_rises_and_only_on_air() -> None:
    session = make_session("kiln", peak_viewers=5)
    make_session("later", state="scheduled")

    figures.note_viewers("kiln", 4)
    figures.note_viewers("later", 9)

    session.refresh_from_db()
    assert session.peak_viewers == 5
    assert StreamSession.objects.get(slug="later").peak_viewers == 0


def test_peaks_are_noted_though_no_studio_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    make_session("kiln", peak_viewers=2)
    make_session("lamps", state="interrupted")
    make_session("gone", state="ended", peak_viewers=1)
    monkeypatch.setattr(figures, "viewer_counter", lambda slugs: dict.fromkeys(slugs, 40))

    tasks.note_audiences()

    assert dict(StreamSession.objects.values_list("slug", "peak_viewers")) == {"kiln": 40, "lamps": 40, "gone": 1}
