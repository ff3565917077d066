"""Home, the list of shows, and a show's page, without a browser."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory import stock
from shop.models import Address, Variant
from streams import opinions, playback
from streams.chat import messages
from streams.models import ChatMessage, Opinion, Pin, StreamSession
from tests.support.factories import make_product, make_session, make_user
from tests.support.markup import flat

pytestmark = pytest.mark.django_db


def data_of(html: str, element: str = "show-data") -> dict[str, Any]:
    found = re.search(rf'<script id="{element}" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


def write_playlist(session: StreamSession, name: str) -> None:
    folder = playback.folder(session.pk)
    folder.mkdir(parents=True, exist_ok=True)
    Path(folder / name).write_text("#EXTM3U\n")


def make_replay(slug: str = "old", *, skus: tuple[str, ...], **fields: Any) -> StreamSession:
    begin = timezone.now() - timedelta(hours=2)
    return make_session(
        slug, state="ended", skus=skus, started_at=begin, ended_at=begin + timedelta(seconds=2892), **fields
    )


# --- home ---


def test_home_without_shows_says_so_and_leads_to_the_shop(client: Client) -> None:
    html = client.get("/").content.decode()

    assert "Nobody is on air right now" in html
    assert 'href="/shop/"' in html


def test_home_shows_what_is_on_with_the_product_on_the_table_and_its_stock(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), price_minor=8600, stock=12)
    make_session("kiln", title="Evening kiln", skus=("VASE",), pinned=Variant.objects.get(sku="VASE"))

    html = client.get("/").content.decode()

    assert 'href="/shows/kiln/"' in html
    assert "On the table" in html
    assert "$86.00" in html
    assert "12 left" in html


def test_home_lists_planned_shows_by_time_and_leaves_out_what_never_began(client: Client) -> None:
    now = timezone.now()
    make_session("later", title="Later", state="scheduled", starts_at=now + timedelta(days=2))
    make_session("soon", title="Sooner", state="scheduled", starts_at=now + timedelta(hours=2))
    make_session("missed", title="Missed", state="scheduled", starts_at=now - timedelta(days=1))

    html = client.get("/").content.decode()

    assert html.index("Sooner") < html.index("Later")
    assert "Missed" not in html


def test_home_names_how_much_of_a_replay_can_still_be_had(client: Client) -> None:
    make_product("Lamp", skus=("LAMP",), stock=3)
    make_product("Bulb", skus=("BULB",))
    make_replay(skus=("LAMP", "BULB"), title="Warm light")

    html = flat(client.get("/").content.decode())

    assert "Warm light" in html
    assert "48:12" in html
    assert "2 things, 1 still here" in html


def test_home_links_every_category_and_mixes_them_among_the_goods(client: Client) -> None:
    for number in range(10):
        make_product(f"Cup {number}", stock=5, category="cups")
    make_product("Only chair", stock=5, category="chairs")

    html = client.get("/").content.decode()

    assert 'href="/shop/?category=chairs"' in html
    assert 'href="/shop/?category=cups"' in html
    assert html.index("Only chair") < html.index("Cup 8")


def test_a_product_in_a_show_on_air_is_marked_and_one_in_an_ended_show_is_not(client: Client) -> None:
    make_product("Lamp", skus=("LAMP",), stock=3)
    session = make_session("kiln", skus=("LAMP",))
    assert "In a show now" in client.get("/").content.decode()

    StreamSession.objects.filter(pk=session.pk).update(state="ended")

    assert "In a show now" not in client.get("/").content.decode()


# --- the list of shows ---


def test_the_list_of_shows_pages_through_replays(client: Client) -> None:
    make_product("Lamp", skus=("LAMP",), stock=3)
    for number in range(14):
        make_replay(f"old-{number}", skus=("LAMP",), title=f"Replay number {number:02}")

    first = client.get("/shows/").content.decode()
    second = client.get("/shows/?page=2").content.decode()

    assert first.count("Replay number") == 12
    assert 'href="?page=2"' in first
    assert second.count("Replay number") == 2
    assert 'href="?page=1"' in second


# --- a show ---


def test_a_live_show_plays_and_sells_without_script(client: Client) -> None:
    make_product("Rust vase", skus=("VASE",), price_minor=8600, stock=12)
    session = make_session("kiln", skus=("VASE",), pinned=Variant.objects.get(sku="VASE"), started_at=timezone.now())
    write_playlist(session, "index.m3u8")

    html = client.get("/shows/kiln/").content.decode()

    assert "/checkout/?sku=VASE&amp;quantity=1&amp;session=kiln" in html
    data = data_of(html)
    assert data["playlist_url"] == f"/media/sessions/{session.pk}/index.m3u8"
    assert data["pinned_sku"] == "VASE"
    assert data["items"]["VASE"]["available"] == 12
    assert data["items"]["VASE"]["of"] == 12
    assert data["items"]["VASE"]["price"] == "$86.00"
    assert data["me"] is None
    assert "Sign in to say something" in html


def test_the_bar_is_measured_against_what_stands_in_the_warehouse(client: Client) -> None:
    make_product("Vase", skus=("VASE",), stock=10)
    make_session("kiln", skus=("VASE",))
    stock.receive(sku="VASE", warehouse="main", quantity=30, actor="system:test", note="")

    item = data_of(client.get("/shows/kiln/").content.decode())["items"]["VASE"]

    assert (item["available"], item["of"]) == (40, 40)


def test_sold_out_is_said_and_cannot_be_bought(client: Client) -> None:
    make_product("Teapot", skus=("POT",))
    make_session("kiln", skus=("POT",), pinned=Variant.objects.get(sku="POT"))

    html = client.get("/shows/kiln/").content.decode()

    assert "Sold out" in html
    pinned = html[html.index("data-pin-buy") :][:200]
    assert "aria-disabled" in pinned
    assert "href" not in pinned.split(">")[0]


def test_siblings_of_a_product_can_be_chosen_though_they_are_not_on_the_run_list(client: Client) -> None:
    make_product("Jumper", skus=("JUMPER-M", "JUMPER-L"), stock=4)
    make_session("knits", skus=("JUMPER-M",))

    data = data_of(client.get("/shows/knits/").content.decode())

    assert data["run_list"] == ["JUMPER-M"]
    assert data["items"]["JUMPER-M"]["choices"] == ["JUMPER-M", "JUMPER-L"]
    assert data["items"]["JUMPER-L"]["available"] == 4


def test_a_signed_in_person_finds_name_and_newest_address_filled_in(client: Client) -> None:
    person = make_user("maya@example.com", display_name="maya")
    Address.objects.create(
        user=person, name="Maya Rao", line1="12 Park Road", city="New Delhi", postal_code="110001", country="IN"
    )
    make_session("kiln")
    client.force_login(person)

    html = client.get("/shows/kiln/").content.decode()

    assert "Maya Rao, 12 Park Road, New Delhi 110001" in html
    assert 'value="maya@example.com"' in html
    assert data_of(html)["me"] == {"name": "maya", "role": "viewer", "refusal": None}


def test_chat_is_there_on_arrival_and_is_text_never_html(client: Client) -> None:
    session = make_session("kiln")
    messages.post(session, author=make_user(display_name="ada"), text="<b>how tall?</b>")

    html = client.get("/shows/kiln/").content.decode()

    assert "&lt;b&gt;how tall?&lt;/b&gt;" in html
    assert "<b>how tall?</b>" not in html


def test_a_title_that_closes_the_script_tag_stays_inside_the_data(client: Client) -> None:
    make_session("kiln", title="</script><script>alert(1)</script>")

    html = client.get("/shows/kiln/").content.decode()

    assert "<script>alert(1)" not in html
    assert data_of(html)["title"] == "</script><script>alert(1)</script>"


def test_a_planned_show_counts_down_and_shows_what_comes(client: Client) -> None:
    make_product("Lamp", skus=("LAMP",), stock=3)
    starts = timezone.now() + timedelta(hours=3)
    make_session(
        "lamps", state="scheduled", skus=("LAMP",), starts_at=starts, description="Nine lamps, one dark room."
    )

    html = client.get("/shows/lamps/").content.decode()

    assert "Not on air yet" in html
    assert f'data-countdown="{starts.isoformat(timespec="seconds")[:19]}' in html
    assert "What comes" in html
    assert "Nine lamps, one dark room." in html


def test_an_interrupted_show_says_that_it_comes_back_and_still_sells(client: Client) -> None:
    make_product("Vase", skus=("VASE",), stock=2)
    make_session("kiln", state="interrupted", skus=("VASE",), pinned=Variant.objects.get(sku="VASE"))

    html = client.get("/shows/kiln/").content.decode()

    assert "Back in a moment" in html
    assert "/checkout/?sku=VASE" in html


def test_a_replay_without_script_has_the_last_lines_of_the_show_and_the_newest_since(client: Client) -> None:
    session = make_replay(skus=())
    end = session.ended_at
    assert end
    for number in range(-60, 60):
        text, at = f"line {number}.", end + timedelta(seconds=number)
        ChatMessage.objects.create(session=session, author_name="a", text=text, at=at)

    page = client.get(session.get_absolute_url())

    lines = [f"line {number}." for number in [*range(-49, 1), *range(10, 60)]]
    assert re.findall(r"line -?\d+\.", page.content.decode()) == lines
    assert page.context["stage"].as_json()["has_earlier_chat"] is True
    ChatMessage.objects.filter(text="line 0.").delete()
    ChatMessage.objects.filter(at__lt=end - timedelta(seconds=49)).delete()
    assert client.get(session.get_absolute_url()).context["stage"].as_json()["has_earlier_chat"] is False


def test_a_replay_has_chapters_in_the_order_of_the_show_at_todays_price_and_stock(client: Client) -> None:
    make_product("Lamp", skus=("LAMP",), price_minor=1000, stock=3)
    make_product("Globe", skus=("GLOBE",), stock=5)
    make_product("Slip", skus=("SLIP",), stock=5)
    session = make_replay(skus=("GLOBE",))
    begin = session.started_at
    assert begin
    stretches = [("GLOBE", -90, -30), ("SLIP", -30, 1), ("LAMP", 5, 65), ("SLIP", 65, 66), ("GLOBE", 66, 120)]
    for sku, from_s, until_s in stretches:
        Pin.objects.create(
            session=session,
            variant=Variant.objects.get(sku=sku),
            from_at=begin + timedelta(seconds=from_s),
            until_at=begin + timedelta(seconds=until_s),
        )
    Variant.objects.filter(sku="LAMP").update(price_minor=1250)
    write_playlist(session, "replay.m3u8")

    html = client.get("/shows/old/").content.decode()

    data = data_of(html)
    assert data["playlist_url"].endswith("/replay.m3u8")
    assert [chapter["sku"] for chapter in data["chapters"]] == ["LAMP", "GLOBE"]
    assert data["pinned_sku"] == "LAMP"
    assert data["items"]["LAMP"]["price"] == "$12.50"
    assert data["items"]["LAMP"]["available"] == 3
    assert ">0:05<" in html
    assert ">1:06<" in html


def test_an_ended_show_without_a_recording_says_so(client: Client) -> None:
    make_replay(skus=())

    html = client.get("/shows/old/").content.decode()

    assert "There is no recording of it" in html


def test_an_unknown_show_is_not_found(client: Client) -> None:
    assert client.get("/shows/none/").status_code == 404


def test_the_run_list_alone_carries_the_data_of_its_items(client: Client) -> None:
    make_product("Vase", skus=("VASE",), stock=2)
    make_session("kiln", skus=("VASE",))

    html = client.get("/shows/kiln/run-list/").content.decode()

    assert "<html" not in html
    assert data_of(html, "run-list-data")["items"]["VASE"]["available"] == 2


# --- opinions without script ---


def test_liking_without_script_counts_once_and_the_pressed_button_takes_it_back(client: Client) -> None:
    session = make_session("kiln")
    client.force_login(make_user())

    client.post("/shows/kiln/opinion/", {"opinion": "like"})
    answer = client.post("/shows/kiln/opinion/", {"opinion": "like"})
    assert (answer.status_code, answer["Location"]) == (302, "/shows/kiln/")
    assert opinions.counts(session).likes == 1
    assert 'value="none" data-like aria-pressed="true"' in flat(client.get("/shows/kiln/").content.decode())

    client.post("/shows/kiln/opinion/", {"opinion": "none"})
    assert not Opinion.objects.exists()


def test_liking_as_a_guest_asks_to_sign_in_and_comes_back_to_the_show(client: Client) -> None:
    make_session("kiln")

    answer = client.post("/shows/kiln/opinion/", {"opinion": "like"})

    assert answer["Location"] == "/accounts/login/?next=/shows/kiln/"
    assert not Opinion.objects.exists()


# --- queries ---


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def fill(count: int, *, session: str) -> None:
    """Add `count` of everything that a page repeats."""
    show = StreamSession.objects.get(slug=session)
    host = make_user(is_host=True)
    for _ in range(count):
        number = Variant.objects.count()
        skus = (f"A-{number}", f"B-{number}")
        make_product(skus=skus, stock=5, category=f"category-{number}")
        show.run_list.create(variant=Variant.objects.get(sku=skus[0]), position=number)
        messages.post(show, author=make_user(), text="hello")
        make_session(host=host, skus=skus)
        make_session(host=host, skus=skus, state="scheduled", starts_at=timezone.now() + timedelta(hours=1))
        old = make_replay(f"old-{number}", skus=skus, host=host)
        for replay in (old, StreamSession.objects.get(slug="replay")):
            begin = replay.started_at or timezone.now()
            Pin.objects.create(
                session=replay, variant=Variant.objects.get(sku=skus[0]), from_at=begin, until_at=begin + timedelta(60)
            )


@pytest.mark.parametrize("path", ["/", "/shows/", "/shows/main/", "/shows/main/run-list/", "/shows/replay/"])
def test_a_page_asks_the_database_as_often_for_one_row_as_for_ten(client: Client, path: str) -> None:
    make_session("main")
    make_replay("replay", skus=())
    person = make_user()
    Address.objects.create(user=person, name="M", line1="1", city="D", postal_code="110001", country="IN")
    client.force_login(person)
    fill(1, session="main")
    queries_of(client, path)  # what is read once for a process
    with_one = queries_of(client, path)

    fill(9, session="main")

    assert queries_of(client, path) == with_one
