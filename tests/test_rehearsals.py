"""An announced show while its host tries the encoder: to all but insiders nothing has changed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from streams import shows
from streams.chat import messages
from streams.models import Moderator
from tests.support.factories import make_session, make_user

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_a_rehearsal_leaves_the_announced_show_as_it_is_to_strangers(client: Client) -> None:
    show = make_session(
        "soon",
        state="scheduled",
        title="A coming show",
        starts_at=timezone.now() + timedelta(hours=2),
        has_preview=True,
    )
    moderator = make_user()
    Moderator.objects.create(session=show, user=moderator)
    paths = ("/", "/shows/", "/shows/soon/")
    before = [seen(client, path) for path in paths]
    shows.rehearse(show)
    messages.post(show, author=show.host, text="can anybody hear me?")

    for stranger in (None, make_user(), make_user(is_host=True)):
        if stranger:
            client.force_login(stranger)
        for path, was in zip(paths, before, strict=True):
            html = seen(client, path)
            assert html.count("A coming show") == was.count("A coming show") > 0
            assert html.count("data-countdown") == was.count("data-countdown")
            assert "rehears" not in html
            assert "hear me" not in html
            assert "previews/" not in html
    for insider in (show.host, moderator, make_user(is_staff=True)):
        client.force_login(insider)
        assert 'data-state="rehearsal"' in seen(client, "/shows/soon/")
        assert "Not on air yet" in seen(client, "/shows/soon/")


def seen(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()
