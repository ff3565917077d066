"""Webhooks at least once, and side by side: senders that are killed, and that meet."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from pytest_django import Settings

from shop.models import WebhookDelivery
from shop.webhooks import deliveries
from tests.support.concurrency import together
from tests.support.realtime_servers import ROOT, database_urls, eventually
from tests.support.webhook_deliveries import come_due, endpoint_at, queue, send_all, states
from tests.support.webhook_receiver import Receiver, open_receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOK_PRIVATE_NETWORKS = [ip_network("127.0.0.1/32")]
    with open_receiver() as receiver:
        yield receiver


SEND = "import django; django.setup(); from shop.webhooks import deliveries; deliveries.send_due()"


@pytest.mark.django_db(transaction=True)
def test_a_killed_senders_delivery_comes_round_again_under_the_same_id(receiver: Receiver) -> None:
    endpoint_at(receiver)
    queue()
    receiver.answers.append("wait")
    sender = subprocess.Popen(
        [sys.executable, "-c", SEND],
        cwd=ROOT,
        env={**os.environ, **database_urls(), "WEBHOOK_PRIVATE_NETWORKS": "127.0.0.1/32"},
    )
    try:
        eventually(lambda: len(receiver.got) == 1, within_s=30)
        sender.send_signal(signal.SIGKILL)
    finally:
        sender.kill()
        sender.wait(10)

    assert deliveries.send_due() == 0  # while the killed one's lease runs
    come_due()
    assert deliveries.send_due() == 1

    assert receiver.ids == [str(WebhookDelivery.objects.get().pk)] * 2
    assert states() == ["delivered"]


def rush(receiver: Receiver) -> None:
    endpoint_at(receiver)
    for number in range(40):
        queue(number)
    together([send_all] * 4)


@pytest.mark.django_db(transaction=True)
def test_control_senders_that_do_not_lock_send_the_same(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = threading.Barrier(4, timeout=30)

    def read_without_lock() -> list[WebhookDelivery]:
        due = list(WebhookDelivery.objects.filter(state="due").select_related("endpoint")[:40])
        everyone.wait()
        return due

    monkeypatch.setattr(deliveries, "_claim", read_without_lock)

    rush(receiver)

    assert len(receiver.ids) > len(set(receiver.ids)) == 40


@pytest.mark.django_db(transaction=True)
def test_four_senders_at_once_send_each_delivery_once(receiver: Receiver) -> None:
    rush(receiver)

    assert len(receiver.ids) == len(set(receiver.ids)) == 40
    assert states() == ["delivered"] * 40


@pytest.mark.django_db(transaction=True)
def test_a_sender_that_outlived_its_lease_overwrites_nothing(receiver: Receiver) -> None:
    endpoint_at(receiver)
    queue()
    [slow] = deliveries._claim()
    come_due()
    send_all()

    deliveries._write_down(slow, deliveries.Outcome(500, "500"))

    assert states() == ["delivered"]
