"""A host with no encoder: live from the browser's own camera, in Chromium with the fake one it brings."""

import os
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support.showfloor import Showfloor
from tests.test_browser_studio import PHONE, WITHIN_MS, Floor, encoder, until, wait_for_picture

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]

CAMERA_FLAGS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
SLOWLY_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium with a fake camera, and a user who allows it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_FLAGS, *CAMERA_FLAGS])
        yield chromium
        chromium.close()


@pytest.fixture
def floor(browser: "Browser", demo_site: Showfloor) -> Iterator[Floor]:
    expect.set_options(timeout=SLOWLY_MS)
    everyone = Floor(browser, demo_site)
    yield everyone
    for context in everyone.contexts:
        context.close()
    expect.set_options(timeout=WITHIN_MS)
    assert everyone.errors == []


@pytest.fixture
def plan(floor: Floor) -> Callable[..., "Page"]:
    def planned(title: str, **options: object) -> "Page":
        host = floor.open("/host/", email="host@example.com", **options)  # type: ignore[arg-type]
        host.fill("[name=title]", title)
        host.get_by_role("button", name="Plan it").click()
        expect(host.get_by_role("heading", name="Go live from here")).to_be_visible()
        return host

    return planned


def see_oneself(host: "Page") -> None:
    until(host, "() => document.querySelector('[data-camera-self]').videoWidth > 0")


def go_live(host: "Page") -> None:
    """Two clicks, and nothing else."""
    host.get_by_role("button", name="Use this camera").locator("visible=true").first.click()
    see_oneself(host)
    host.get_by_role("button", name="Go live").locator("visible=true").click()


def end(host: "Page") -> None:
    host.get_by_role("link", name="End show").click()
    host.get_by_role("dialog").get_by_role("button", name="End show").click()
    expect(host.get_by_role("heading", name="That was your show")).to_be_visible()


# What a browser answers on a machine where no microphone is plugged in; Chromium's fake devices always have one.
NO_MICROPHONE = """() => {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    if (wanted.audio) throw new DOMException("Requested device not found", "NotFoundError");
    return real(wanted);
  };
}"""


SMALL_CAMERA = """() => {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (wanted) =>
    real({ ...wanted, video: { ...wanted.video, width: { ideal: 640 }, height: { ideal: 360 } } });
}"""


def test_a_camera_without_a_microphone_goes_live_and_the_studio_says_it_is_silent(plan: Callable[..., "Page"]) -> None:
    host = plan("In silence")
    host.evaluate(NO_MICROPHONE)

    go_live(host)

    expect(host.locator(".lamp")).to_contain_text("On air")
    expect(host.get_by_text("No sound arrives with your picture.")).to_be_visible()
    expect(host.get_by_text("The disk is nearly full.")).to_be_hidden()
    end(host)


def test_a_host_goes_live_in_two_clicks_while_another_watches(floor: Floor, plan: Callable[..., "Page"]) -> None:
    host = plan("From my kitchen")
    slug = host.url.rstrip("/").rpartition("/")[2]
    shopper = floor.open(f"/shows/{slug}/")
    expect(shopper.get_by_text("Not on air yet")).to_be_visible()

    host.get_by_role("button", name="Use this camera").first.click()
    see_oneself(host)
    expect(host.locator(".cam")).to_contain_text("Only you see this")
    expect(host.locator(".cam")).to_contain_text("Nothing is sent yet.")
    expect(host.locator("#cam-picture option")).not_to_have_count(0)
    until(host, "() => document.querySelector('[data-camera-level]').style.getPropertyValue('--level') > 0.05")
    expect(shopper.get_by_text("Not on air yet")).to_be_visible()
    host.get_by_role("button", name="Go live").locator("visible=true").click()

    expect(host.locator(".lamp")).to_contain_text("On air")
    expect(host.locator(".cam")).to_contain_text("Sending from here")
    wait_for_picture(shopper)
    wait_for_picture(host)
    expect(host.locator("[data-health-picture]")).to_contain_text("1280 × 720")
    expect(host.locator("[data-fig=viewers]")).to_have_text("1")

    # Another microphone, and the show goes on, for the shopper, too.
    host.select_option("#cam-sound", index=1)
    chosen = host.locator("#cam-sound").input_value()
    until(host, "id => document.querySelector('#cam-sound').value === id", chosen)
    host.get_by_role("button", name="Mute").click()
    expect(host.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    until(host, "() => document.querySelector('[data-camera-level]').style.getPropertyValue('--level') < 0.05")
    shopper.wait_for_timeout(3000)
    wait_for_picture(shopper)
    expect(host.locator(".lamp")).to_contain_text("On air")

    # Stopped, the show has a pause; sent again, it goes on.
    host.get_by_role("button", name="Stop sending").click()
    expect(host.locator(".lamp")).to_contain_text("Picture lost")
    host.get_by_role("button", name="Send again").click()
    expect(host.locator(".lamp")).to_contain_text("On air")
    wait_for_picture(shopper)

    end(host)
    host.get_by_role("link", name="Watch the replay").click()
    wait_for_picture(host)


def test_a_camera_comes_back_by_itself_when_the_media_process_dies(
    floor: Floor, plan: Callable[..., "Page"], demo_site: Showfloor
) -> None:
    host = plan("From a shaky train", size=PHONE)
    assert host.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    go_live(host)
    expect(host.locator(".lamp")).to_contain_text("On air")
    assert host.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    host.wait_for_timeout(5000)  # what ends sooner was a picture that nobody can read

    media = demo_site.program("run_media")
    (translator,) = (child for child in media.children() if "matroska" in child.cmdline())
    for victim in (translator, media):
        os.kill(victim.pid, signal.SIGKILL)
        expect(host.locator(".cam")).to_contain_text("The connection broke. Trying again.")
        expect(host.locator(".cam")).to_contain_text("Sending from here")
    expect(host.locator(".lamp")).to_contain_text("On air")
    wait_for_picture(host)
    end(host)


def test_a_camera_waits_its_turn_or_takes_over(plan: Callable[..., "Page"]) -> None:
    host = plan("Two cameras")
    server, key = host.locator("#c-server").input_value(), host.locator("#c-key").input_value()
    with encoder(server, key) as sending:
        expect(host.locator(".lamp")).to_contain_text("Preview")
        host.get_by_role("link", name="Encoder and stream key").click()
        host.get_by_role("dialog").get_by_role("button", name="Use this camera").click()
        see_oneself(host)
        host.locator("[data-camera-go]").click()
        expect(host.locator(".cam")).to_contain_text("An encoder is sending to this show.")
        assert sending.poll() is None

        host.get_by_role("link", name="Encoder and stream key").click()
        host.get_by_label("A second encoder takes over").locator("visible=true").check()
        host.get_by_role("dialog").get_by_role("link", name="Close").click()
        host.locator("[data-camera-go]").click()
        # Go live was pressed, so there is no preview any more.
        expect(host.locator(".lamp")).to_contain_text("On air")
        expect(host.locator(".cam")).to_contain_text("Sending from here")
        sending.wait(timeout=30)

    with encoder(server, key):
        expect(host.locator(".cam")).to_contain_text("Another encoder has taken over.")
        expect(host.locator(".lamp")).to_contain_text("On air")
        end(host)


def test_a_browser_without_h264_is_encoded_for(plan: Callable[..., "Page"]) -> None:
    host = plan("As Firefox records")
    host.evaluate(
        "() => { const may = MediaRecorder.isTypeSupported.bind(MediaRecorder);"
        " MediaRecorder.isTypeSupported = (mime) => mime.includes('vp8') && may(mime) }"
    )
    host.evaluate(SMALL_CAMERA)  # for here the browser and the server encode it, both on this machine
    go_live(host)

    expect(host.locator(".lamp")).to_contain_text("On air")
    wait_for_picture(host)
    end(host)


def test_the_studio_says_that_the_camera_needs_https(floor: Floor, plan: Callable[..., "Page"]) -> None:
    host = plan("From the LAN")
    host.add_init_script("Object.defineProperty(globalThis, 'isSecureContext', { value: false })")
    host.reload()

    expect(host.get_by_text("Browsers lend their camera only to pages with HTTPS")).to_be_visible()
    expect(host.get_by_role("button", name="Use this camera").locator("visible=true")).to_have_count(0)


def test_the_studio_says_when_there_is_no_camera(floor: Floor, plan: Callable[..., "Page"]) -> None:
    host = plan("No camera")
    host.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')) }"
    )
    host.get_by_role("button", name="Use this camera").first.click()

    expect(host.locator(".cam")).to_contain_text("The camera is not allowed.")
    expect(host.get_by_role("button", name="Try again").locator("visible=true")).to_be_visible()
    host.get_by_role("button", name="Close the camera").click()
    expect(host.get_by_role("heading", name="Connect your encoder")).to_be_visible()
