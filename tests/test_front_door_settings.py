"""What the front door makes of the settings: how many proxies it believes, which sites it serves, what it refuses."""

from pathlib import Path
from typing import Any

import pytest
import requests

from config.launcher import front_door
from config.launcher.processes import ProgramError
from tests.support import front_doors, web_servers
from tests.support.showfloor import free_ports


@pytest.mark.parametrize("proxies", [1, 2])
def test_so_many_proxies_are_believed_and_no_more(tmp_path: Path, proxies: int) -> None:
    ports = free_ports()
    behind = {"TRUSTED_PROXIES": str(proxies)}
    with web_servers.running(count=1, application="tests.support.echo_wsgi:application", **behind) as [web]:
        door = front_doors.running_door(
            "caddy",
            tmp_path,
            web=int(web.rpartition(":")[2]),
            realtime=ports["REALTIME_PORT"],
            camera=ports["SRT_PORT"],
            DOOR_PROXIES="trusted_proxies static 0.0.0.0/0 ::/0",
        )
        with door as opened:
            said = ["6.6.6.6", "203.0.113.9", "10.0.0.1"][: 1 + proxies]
            answer = requests.get(
                f"{opened.url}/who",
                headers={"X-Forwarded-For": ", ".join(said), "X-Forwarded-Proto": "https"},
                timeout=20,
            ).json()

    assert answer == answer | {"address": "203.0.113.9", "is_secure": True}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"SITE_URL": "https://shop.example.com", "PORT": 443}, {"DOOR_SITES": "https://shop.example.com:443"}),
        ({"SITE_URL": "https://localhost:8000"}, {"DOOR_CERTIFICATES": "tls internal"}),
        ({"SITE_URL": "https://192.168.1.5"}, {"DOOR_CERTIFICATES": "tls internal"}),
        ({"SITE_URL": "https://[2001:db8::5]:8443"}, {"DOOR_SCHEME": "https"}),
        ({"SITE_URL": "https://shop.example.com", "TRUSTED_PROXIES": 1}, {"DOOR_SCHEME": "http"}),
        ({"MEDIA_BASE_URL": "https://cdn.example.com/live"}, {"DOOR_MEDIA": "elsewhere"}),
        ({"PLAYLIST_TOKENS": True}, {"DOOR_MEDIA": "tokens"}),
        ({"BIND": "::"}, {"DOOR_BIND": "::"}),
    ],
    ids=str,
)
def test_every_kind_of_site_has_a_valid_configuration(
    settings: Any, changed: dict[str, Any], expected: dict[str, str]
) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    settings.USE_HTTPS = settings.SITE_URL.startswith("https:")

    assert expected.items() <= front_door.blanks().items()
    assert front_door.program().name == "door"


def test_a_bad_configuration_is_said_in_one_line(settings: Any) -> None:
    settings.BIND = "nowhere at all }"

    with pytest.raises(ProgramError, match=r"^The front door refuses its settings: .+") as error:
        front_door.program()
    assert "\n" not in str(error.value)


def test_a_caddy_that_does_not_run_is_told_from_a_bad_configuration(settings: Any) -> None:
    for there_is_none, why in (("/nonexistent", "No such file"), ("/bin/false", "ended with status 1")):
        settings.CADDY = there_is_none
        with pytest.raises(front_door.DoorError, match=why):
            front_door.program()
