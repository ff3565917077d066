"""Erasing a host: the shop keeps its recordings, nobody learns whose they were, and the host's keys open nothing."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from shop.models import AuditEntry, User
from shop.people import erasure
from streams import captions, keys, playback
from streams.exceptions import KeyRefused
from streams.media.show import publish_replay
from tests.support.factories import make_session, make_user
from tests.support.stored_show import encode

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "Maria Sole"


def test_a_hosts_recordings_stay_without_their_name(client: Client, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    host = make_user("maria@example.com", is_host=True, display_name=NAME)
    ended_at = timezone.now() - timedelta(days=1)
    over = make_session("over", host=host, state="ended", started_at=ended_at - timedelta(hours=1), ended_at=ended_at)
    encode(over, 3)
    publish_replay(over)
    captions.give(over, b"WEBVTT\n\n00:01.000 --> 00:02.000\nGood evening.\n", actor="test")
    files = sorted(playback.folder(over.pk).rglob("*"))
    pages = ["/", "/shows/", over.get_absolute_url(), "/api/v1/sessions", "/api/v1/sessions/over"]
    assert all(NAME in client.get(page).content.decode() for page in pages[2:])

    erasure.erase("maria@example.com", actor="user:1")

    assert sorted(playback.folder(over.pk).rglob("*")) == files
    shown = {page: client.get(page).content.decode() for page in pages}
    assert not [page for page, text in shown.items() if NAME in text or "maria" in text.lower()]
    assert client.get("/api/v1/sessions/over").json()["playlist_url"].endswith("/replay.m3u8")


def test_the_keys_that_a_host_knew_open_nothing() -> None:
    host, other = make_user("maria@example.com", is_host=True), make_user(is_host=True)
    states = ("scheduled", "rehearsal")
    planned = [make_session(host=host, state=state) for state in states]
    theirs = make_session(host=other, state="scheduled")

    assert erasure.erase("maria@example.com", actor="user:1")["stream_keys"] == 2

    for show in planned:
        with pytest.raises(KeyRefused):
            keys.session_of(show.stream_key)
    assert keys.session_of(theirs.stream_key) == theirs
    assert AuditEntry.objects.filter(action="rotate_key").count() == 2
    assert not User.objects.filter(email="maria@example.com").exists()
