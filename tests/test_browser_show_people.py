"""Chat and buying beside the stage, in real browsers against a whole Showfloor."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.showfloor import Showfloor
from tests.support.viewers import PHONE, People, coming, expect_left, wait_for_fresh_numbers, wait_for_picture

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def people(browser: "Browser", demo_site: Showfloor) -> Iterator[People]:
    with coming(browser, demo_site) as those:
        yield those


def test_two_people_chat_and_a_third_finds_it_on_arrival(people: People) -> None:
    one = people.come(email="shopper@example.com")
    two = people.come(email="shopper2@example.com")

    one.get_by_label("Say something").fill("is it <b>glazed</b> inside?")
    one.get_by_label("Say something").press("Enter")
    expect(two.get_by_text("is it <b>glazed</b> inside?")).to_be_visible()
    two.get_by_label("Say something").fill("it holds water, I asked")
    two.get_by_role("button", name="Send").click()

    expect(one.get_by_text("it holds water, I asked")).to_be_visible()
    expect(one.get_by_text("is it <b>glazed</b> inside?")).to_have_count(1)
    expect(one.locator("[data-line]")).to_have_count(two.locator("[data-line]").count())
    assert one.locator("[data-lines] b b").count() == 0

    third = people.come()
    expect(third.get_by_text("it holds water, I asked")).to_be_visible()
    expect(third.get_by_role("link", name="Sign in to say something")).to_be_visible()


@pytest.mark.slow
def test_what_is_written_while_the_connection_is_broken_waits_and_goes_out(people: People) -> None:
    one = people.come(email="shopper@example.com")
    two = people.come()
    wait_for_fresh_numbers(one)
    one.context.set_offline(True)

    one.get_by_label("Say something").fill("still there?")
    one.get_by_label("Say something").press("Enter")
    expect(one.locator("[data-mine=queued]")).to_contain_text("still there?")
    expect(two.get_by_text("still there?")).to_have_count(0)

    one.context.set_offline(False)
    expect(two.get_by_text("still there?")).to_have_count(1)
    expect(one.locator("[data-mine=queued]")).to_have_count(0)
    expect(one.get_by_text("still there?")).to_have_count(1)


def test_a_number_that_may_be_old_says_so_and_buying_goes_on(people: People) -> None:
    page = people.come()
    count = wait_for_fresh_numbers(page)
    wait_for_picture(page)

    page.context.set_offline(True)
    expect(page.locator("[data-pinned] [data-left]")).to_have_text(f"About {count} left, checking again")
    expect(page.locator("[data-pin-buy]")).to_have_attribute("href", re.compile("/checkout/"))

    page.context.set_offline(False)
    expect_left(page, count)


@pytest.mark.slow
def test_where_sockets_never_open_the_page_is_live_all_the_same(people: People) -> None:
    one = people.come(email="shopper@example.com")
    two = people.come()
    one.add_init_script("""globalThis.WebSocket = class {
      constructor() { setTimeout(() => this.onclose?.({ code: 1006 })); }
      close() {}
    }""")
    one.reload()
    wait_for_fresh_numbers(one)

    one.get_by_label("Say something").fill("from behind a proxy")
    one.get_by_label("Say something").press("Enter")

    expect(two.get_by_text("from behind a proxy")).to_have_count(1)
    expect(one.locator("[data-line]", has_text="from behind a proxy")).to_have_count(1)


@pytest.mark.slow
def test_a_time_out_is_said_at_once_and_slow_modes_countdown_survives_a_reload(
    people: People, demo_site: Showfloor
) -> None:
    page = people.come(email="shopper2@example.com")
    wait_for_fresh_numbers(page)
    note, field = page.locator("[data-say-note]"), page.locator("#say")
    try:
        do(demo_site, "silences.time_out(show, shopper2, 600, actor='test')")
        expect(note).to_have_text(re.compile(r"You can write again in (10:00|9:\d\d)\.\s*$"))
        page.reload()
        expect(note).to_have_text(re.compile(r"You can write again in 9:\d\d\.\s*$"))

        do(demo_site, "silences.lift(show, shopper2, actor='test'); messages.set_slow_mode(show, 120)")
        expect(page.locator("[data-slow]")).to_have_text("slow mode, 120 s")
        field.fill("I am calm now")
        field.press("Enter")
        expect(note).to_be_hidden()
        expect(field).to_have_attribute("placeholder", re.compile(r"^You can write again in 1[12]\d s$"))
        page.reload()
        expect(field).to_have_attribute("placeholder", re.compile(r"^You can write again in (1[01]|9|8)\d s$"))
        field.fill("one more")
        field.press("Enter")
        expect(field).to_have_value("one more")
        expect(page.get_by_text("I am calm now")).to_have_count(1)
    finally:
        do(demo_site, "silences.lift(show, shopper2, actor='test'); messages.set_slow_mode(show, 0)")


@pytest.mark.slow
def test_many_announcements_leave_picture_and_goods_in_sight(people: People, demo_site: Showfloor) -> None:
    long = "Colours on your screen may differ from the goods, and sizes are taken by hand before firing. " * 2
    page = people.come(size=PHONE)
    try:
        do(demo_site, f"[announcements.make(text, kind='flash', actor='test') for text in ('First news', {long!r})]")
        expect(page.get_by_text("Colours on your screen")).to_be_visible()
        more = page.get_by_role("button", name="Show all announcements")
        expect(more).to_have_text("+1")
        expect(page.get_by_text("First news")).to_be_hidden()
        expect(page.locator("[data-pin-buy]")).to_be_in_viewport(ratio=1)
        picture, rail = page.locator(".frame").bounding_box(), page.locator(".rail").bounding_box()
        assert picture
        assert rail
        assert picture["y"] + picture["height"] <= rail["y"]

        more.click()
        expect(page.get_by_text("First news")).to_be_visible()
        assert page.locator(".frame").bounding_box() == picture
    finally:
        do(demo_site, "[announcements.end(one, actor='test') for one in announcements.in_force(show)]")
    expect(page.get_by_text("Colours on your screen")).to_have_count(0)


def do(site: Showfloor, deed: str) -> None:
    """Do something to the live show, as its host would."""
    site.manage(
        "shell",
        "-c",
        "from shop.models import User; from streams import announcements; "
        "from streams.chat import messages, silences; from streams.models import StreamSession; "
        "shopper2 = User.objects.get(email='shopper2@example.com'); "
        f"show = StreamSession.objects.get(slug='demo-live'); {deed}",
    )


# --- buying ---


def test_a_purchase_in_one_browser_is_seen_in_another_without_a_reload(people: People) -> None:
    buyer = people.come(email="shopper@example.com")
    watcher = people.come()
    count = wait_for_fresh_numbers(watcher)
    wait_for_picture(buyer)
    watcher.evaluate("window.wasNotReloaded = true")

    hold(buyer, quantity=2)
    expect_left(watcher, count - 2)
    pay(buyer, "Approve")

    expect(buyer.get_by_text("Paid. It is yours")).to_be_visible()
    expect(buyer.get_by_role("link", name="See the order")).to_have_attribute(
        "href", re.compile(r"^/orders/[0-9a-f-]{36}/$")
    )
    expect_left(watcher, count - 2)
    assert watcher.evaluate("window.wasNotReloaded") is True
    wait_for_picture(buyer)


def test_a_declined_payment_gives_the_units_back_and_can_be_tried_again(people: People) -> None:
    buyer = people.come(email="shopper@example.com")
    watcher = people.come()
    count = wait_for_fresh_numbers(watcher)
    hold(buyer)
    expect_left(watcher, count - 1)

    pay(buyer, "Decline")

    expect(buyer.get_by_text("The payment did not go through")).to_be_visible()
    expect_left(watcher, count)
    buyer.get_by_role("button", name="Try again").click()
    expect(buyer.locator("[data-buy-submit]")).to_be_enabled()


def test_a_guest_who_walks_away_loses_the_hold_and_the_others_see_it(people: People, demo_site: Showfloor) -> None:
    guest = people.come(size=PHONE)
    watcher = people.come()
    count = wait_for_fresh_numbers(watcher)
    guest.locator("[data-pin-buy]").click()
    guest.locator("[data-buy-submit]").click()
    expect(guest.get_by_text("This is needed.")).to_have_count(4)
    for name, value in {"E-mail": "guest@example.com", "Name": "A Guest", "Street": "4 Lane", "City": "Delhi"}.items():
        guest.get_by_label(name).fill(value)
    guest.locator("#buy-postal_code").fill("11")
    guest.locator("[data-buy-submit]").click()
    expect(guest.locator("#buy-postal_code-error")).to_be_visible()
    guest.locator("#buy-postal_code").fill("110001")
    guest.locator("[data-buy-submit]").click()
    expect(guest.locator("[data-hold-left]")).to_have_text(re.compile(r"^Held for \d:\d\d$"))
    expect_left(watcher, count - 1)
    number = guest.locator("[data-held-number]").inner_text().removeprefix("SF-")

    demo_site.manage(
        "shell",
        "-c",
        "from datetime import timedelta; from django.utils import timezone; from orders.models import Order; "
        f"Order.objects.filter(number_seq={number}).update(expires_at=timezone.now() - timedelta(minutes=1))",
    )

    expect(guest.get_by_text("The time to pay ran out")).to_be_visible()
    expect_left(watcher, count)


@pytest.mark.slow
def test_an_order_that_is_let_go_frees_its_units_at_once(people: People) -> None:
    buyer = people.come(email="shopper2@example.com")
    watcher = people.come()
    count = wait_for_fresh_numbers(watcher)
    buyer.locator("[data-pin-buy]").click()
    for name, value in {"Name": "Second Shopper", "Street": "4 Lane", "City": "Delhi"}.items():
        if buyer.get_by_label(name).is_visible():
            buyer.get_by_label(name).fill(value)
    buyer.locator("[data-buy-submit]").click()
    expect_left(watcher, count - 1)
    buyer.get_by_role("button", name="Back to the chat").locator("visible=true").click()
    expect(buyer.locator("[data-held-open]")).to_contain_text("Held for")

    buyer.locator("[data-held-open]").click()
    buyer.get_by_role("button", name="Let it go").click()

    expect(buyer.locator("[data-end-title]")).to_have_text("Let go")
    expect_left(watcher, count)


def hold(page: "Page", *, quantity: int = 1) -> None:
    """Hold what is on the table, as somebody whose address is known."""
    page.locator("[data-pin-buy]").click()
    for _ in range(quantity - 1):
        page.locator("[data-more]").click()
    page.locator("[data-buy-submit]").click()
    expect(page.locator("[data-hold-left]")).to_have_text(re.compile(r"^Held for \d:\d\d$"))


def pay(page: "Page", button: str) -> None:
    """Open the provider's page in its own tab, press one of its buttons, and close it."""
    with page.expect_popup() as popup:
        page.locator("[data-pay]").click()
    popup.value.get_by_role("button", name=button).click()
    popup.value.wait_for_url(re.compile("/orders/"))
    popup.value.close()
