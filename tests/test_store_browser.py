"""A live show in Chromium, from a real S3 server that fails one upload in ten."""

from collections.abc import Iterator

import pytest
from django.db import connections

from streams.models import StreamSession
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.support import web_servers
from tests.support.factories import make_session
from tests.support.media_process import MediaProcess, push
from tests.support.realtime_servers import eventually
from tests.support.store_servers import Store, running_store
from tests.support.viewers import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.keeps_redis,
    pytest.mark.timeout(180),
]

State = StreamSession.State


@pytest.fixture
def store() -> Iterator[Store]:
    with running_store() as store:
        yield store


@pytest.fixture
def media(store: Store) -> Iterator[MediaProcess]:
    media = MediaProcess(**store.environment)
    yield media
    media.process.kill()
    media.process.wait()
    connections.close_all()


@pytest.fixture
def site(store: Store) -> Iterator[str]:
    with web_servers.running(count=1, DEBUG="1", **store.environment) as [address]:
        yield address
    connections.close_all()


def test_the_picture_goes_on_though_uploads_fail_and_nobody_reloads(
    store: Store, media: MediaProcess, site: str
) -> None:
    from playwright.sync_api import sync_playwright

    session = make_session("kiln", state=State.SCHEDULED)
    store.gate.fail_every = 10
    with push(media.address(session.stream_key)):
        eventually(lambda: StreamSession.objects.filter(pk=session.pk, state=State.LIVE).exists())
        # From here on the browser runs alone: no test may use the database beside its loop.
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
            page = browser.new_page()
            page.goto(f"{site}{session.get_absolute_url()}")
            until(page, "() => document.querySelector('video')?.currentTime > 1")
            failed = store.gate.failed
            begin_s = page.evaluate("document.querySelector('video').currentTime")
            until(page, "begin => document.querySelector('video').currentTime > begin + 8", begin_s)

            assert store.gate.failed > failed
            assert page.evaluate("document.querySelector('video').videoWidth") > 0
            assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
            browser.close()
