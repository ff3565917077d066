"""What `manage.py check --deploy` warns of."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings


def warned() -> set[str | None]:
    return {message.id for message in run_checks(include_deployment_checks=True)}


@pytest.mark.parametrize(
    ("provider", "is_debug", "site", "is_warned"),
    [
        ("sandbox", False, "https://shop.example.com", True),
        ("stripe", False, "https://shop.example.com", False),
        ("sandbox", True, "https://shop.example.com", False),
        ("sandbox", False, "http://127.0.0.1:8000", False),
    ],
)
def test_a_public_shop_that_takes_play_money_is_warned_of(
    settings: Settings, provider: str, is_debug: bool, site: str, is_warned: bool
) -> None:
    settings.PAYMENT_PROVIDER, settings.DEBUG, settings.SITE_URL = provider, is_debug, site

    assert ("orders.W001" in warned()) == is_warned


@pytest.mark.parametrize(
    ("token", "is_debug", "site", "is_warned"),
    [
        ("", False, "https://shop.example.com", True),
        ("a-word", False, "https://shop.example.com", False),
        ("", True, "https://shop.example.com", False),
        ("", False, "http://127.0.0.1:8000", False),
    ],
)
def test_a_stream_limit_that_asks_nobody_is_warned_of(
    settings: Settings, token: str, is_debug: bool, site: str, is_warned: bool
) -> None:
    settings.STREAM_LIMIT_TOKEN, settings.DEBUG, settings.SITE_URL = token, is_debug, site

    assert ("streams.W001" in warned()) == is_warned
