"""What is said over every page: made and ended by staff, told on the wire, drawn by the server without script."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from realtime import seeding, topic_log
from shop.models import AuditEntry, User
from streams import announcements
from streams.models import Announcement, StreamSession
from tests.support.factories import make_session, make_user

pytestmark = pytest.mark.django_db(transaction=True)

ADMIN = "/admin/streams/announcement/"


@pytest.fixture
def show() -> StreamSession:
    return make_session("kiln")


@pytest.fixture
def admin() -> Iterator[Client]:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def shown(topic: str) -> list[str]:
    return [one["text"] for one in seeding.seeded_snapshot(topic).state["announcements"]]


def make(text: str = "Back in ten minutes", **more: Any) -> Announcement:
    return announcements.make(text, kind=more.pop("kind", "flash"), actor="user:x", **more)


def test_one_is_told_to_every_page_that_is_open_and_in_every_snapshot(show: StreamSession) -> None:
    until = timezone.now() + timedelta(hours=1)
    heads = {topic: seeding.seeded_snapshot(topic).head for topic in (topic_log.SITE, "session:kiln")}

    made = make("  Back in\n ten minutes ", until=until)

    for topic, head in heads.items():
        [(_, event)] = topic_log.tail(topic, since=head.seq).entries
        assert event["type"] == "announcement"
        assert {name: event[name] for name in ("id", "kind", "text")} == {
            "id": str(made.pk),
            "kind": "flash",
            "text": "Back in ten minutes",
        }
        assert event["until"].startswith(until.strftime("%Y-%m-%dT%H:%M"))
        assert shown(topic) == ["Back in ten minutes"]
    make_session("later")
    assert shown("session:later") == ["Back in ten minutes"]


def test_it_ends_once_everywhere(show: StreamSession) -> None:
    made, other = make(), make("Stay calm", kind="emergency")
    assert shown("session:kiln") == ["Back in ten minutes", "Stay calm"]
    head = seeding.seeded_snapshot(topic_log.SITE).head

    assert announcements.end(made, actor="user:x")
    assert not announcements.end(made, actor="user:x")

    assert [event for _, event in topic_log.tail(topic_log.SITE, since=head.seq).entries] == [
        {"type": "announcement_ended", "id": str(made.pk)}
    ]
    assert shown("session:kiln") == shown(topic_log.SITE) == ["Stay calm"]
    assert list(announcements.in_force()) == [other]
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "announce",
        "announce",
        "end_announcement",
    ]


def test_a_shows_own_is_said_over_that_show_alone(show: StreamSession) -> None:
    make_session("other")
    topics = ("session:kiln", "session:other", topic_log.SITE)
    for topic in topics:
        seeding.seeded_snapshot(topic)

    made = make("Glaze is hot", session=show)

    assert [shown(topic) for topic in topics] == [["Glaze is hot"], [], []]
    assert list(announcements.in_force(show)) == [made]
    assert "Glaze is hot" in Client().get("/shows/kiln/").content.decode()
    assert "Glaze is hot" not in Client().get("/shows/other/").content.decode()


def test_one_ends_by_itself_at_its_time(show: StreamSession) -> None:
    seeding.seeded_snapshot("session:kiln")
    past, lasting = make("Past"), make("Lasting")
    Announcement.objects.filter(pk=past.pk).update(until=timezone.now() - timedelta(seconds=1))

    assert list(announcements.in_force()) == [lasting]
    assert announcements.end_overdue() == 1
    assert announcements.end_overdue() == 0

    assert shown("session:kiln") == ["Lasting"]


def test_news_that_redis_lost_is_healed(show: StreamSession) -> None:
    lost, ended = make("Lost"), make("Ended")
    for topic in (topic_log.SITE, "session:kiln"):
        seeding.seeded_snapshot(topic)
        topic_log.publish(topic, [{"type": "announcement_ended", "id": str(lost.pk)}])
    Announcement.objects.filter(pk=ended.pk).update(ended_at=timezone.now())

    assert seeding.heal_live_shows() == 4

    assert shown("session:kiln") == shown(topic_log.SITE) == ["Lost"]
    assert seeding.heal_live_shows() == 0


def test_staff_make_and_end_one_in_the_admin(admin: Client) -> None:
    made = admin.post(ADMIN + "add/", {"kind": "emergency", "text": "Leave by the side door", "session": ""})

    announcement = Announcement.objects.get()
    assert made.status_code == 302
    assert (announcement.kind, announcement.text, announcement.until) == ("emergency", "Leave by the side door", None)
    assert admin.post(f"{ADMIN}{announcement.pk}/change/", {"text": "Changed"}).status_code == 403
    assert admin.post(f"{ADMIN}{announcement.pk}/delete/", {"post": "yes"}).status_code == 403
    admin.post(ADMIN, {"action": "end", "_selected_action": [str(announcement.pk)]})

    announcement.refresh_from_db()
    assert announcement.ended_at
    staff = User.objects.get()
    assert set(AuditEntry.objects.values_list("actor", flat=True)) == {f"user:{staff.public_id}"}


def test_a_host_announces_over_their_own_show_and_ends_it(show: StreamSession) -> None:
    client = Client()
    client.force_login(show.host)
    elsewhere = make("Elsewhere", session=make_session())
    body = {"text": "Glaze is hot", "kind": "flash", "minutes": "5"}

    client.post("/host/shows/kiln/announce/", body)
    for wrong in ({"text": " \u200b"}, {"kind": "emergency"}, {"text": "x" * 281}, {"minutes": "-1"}):
        client.post("/host/shows/kiln/announce/", body | wrong)
    client.post(f"/host/shows/kiln/announcements/{elsewhere.pk}/end/")

    made = Announcement.objects.get(session=show)
    assert made.until
    assert timedelta(minutes=4) < made.until - timezone.now() <= timedelta(minutes=5)
    page = client.get("/host/shows/kiln/?ask=announce").content.decode()
    assert "Over your show now" in page
    assert "Elsewhere" not in page
    client.post(f"/host/shows/kiln/announcements/{made.pk}/end/")
    assert [one.text for one in announcements.in_force(show)] == []
    elsewhere.refresh_from_db()
    assert elsewhere.ended_at is None


def test_others_make_none() -> None:
    for person in (make_user(), make_user(is_host=True)):
        client = Client()
        client.force_login(person)
        assert client.post(ADMIN + "add/", {"kind": "flash", "text": "Mine"}).status_code == 302
    assert not Announcement.objects.exists()


def test_a_page_without_script_says_it(client: Client) -> None:
    make("<b>Rain</b> in Jaipur")
    announcements.end(make("Over"), actor="user:x")

    for path in ("/", "/shop/", "/accounts/login/"):
        page = client.get(path).content.decode()
        assert "&lt;b&gt;Rain&lt;/b&gt; in Jaipur" in page
        assert "Over</p>" not in page


def test_pages_and_the_admins_list_cost_the_same_for_one_and_ten(admin: Client, show: StreamSession) -> None:
    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(path).status_code == 200
        return len(queries)

    paths = ("/shop/", "/shows/kiln/", ADMIN)
    make(session=show)
    for path in paths:
        cost(path)
    one = [cost(path) for path in paths]
    for number in range(9):
        make(f"News {number}", session=show if number % 2 else None)

    assert [cost(path) for path in paths] == one
