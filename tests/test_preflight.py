"""What is checked before anything starts; each fault is one line that names what to change."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import pytest

from config.launcher import preflight
from config.launcher.preflight import PreflightError
from tests.support.showfloor import free_ports

HOST = "127.0.0.1"
Ports = TypeVar("Ports")


@pytest.fixture
def taken() -> Iterator[int]:
    """A TCP port that somebody listens on."""
    with socket.create_server((HOST, free_ports()["PORT"])) as listener:
        yield int(listener.getsockname()[1])


def on(bind: str, ports: dict[str, Ports]) -> dict[str, tuple[str, Ports]]:
    return {name: (bind, port) for name, port in ports.items()}


def refusal(tcp: dict[str, int], udp: dict[str, range] | None = None, bind: str = HOST) -> str:
    with pytest.raises(PreflightError) as error:
        preflight.check_ports(on(bind, tcp), on(bind, udp or {}))
    return str(error.value)


def test_free_ports_are_accepted() -> None:
    ports = free_ports()
    srt = ports.pop("SRT_PORT")

    preflight.check_ports(on(HOST, ports), {"SRT_PORT": (HOST, range(srt, srt + preflight.SRT_PORTS))})


def test_port_in_use_is_named_with_its_variable(taken: int) -> None:
    assert refusal({"RTMP_PORT": taken}) == (
        f"RTMP_PORT: port {taken} is in use by another program; stop it, or set RTMP_PORT to another port"
    )


def test_udp_port_within_the_range_is_named() -> None:
    first = free_ports()["SRT_PORT"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, first + 7))

        assert refusal({}, {"SRT_PORT": range(first, first + preflight.SRT_PORTS)}).startswith(
            f"SRT_PORT: port {first + 7} is in use"
        )


def test_one_port_for_two_servers_is_refused() -> None:
    port = free_ports()["PORT"]

    assert refusal({"PORT": port, "REALTIME_PORT": port}) == (
        f"REALTIME_PORT: port {port} is PORT's already; set one of them to another"
    )


def test_address_of_another_machine_is_refused() -> None:
    assert (
        refusal({"PORT": free_ports()["PORT"]}, bind="192.0.2.1")
        == "BIND: 192.0.2.1 is not an address of this machine"
    )


@pytest.mark.parametrize(
    ("free_mb", "warning"), [(50_000, ""), (700, "700 MB left on the disk of {home}")], ids=["roomy", "getting full"]
)
def test_disk_with_little_room_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_mb: int, warning: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free_mb * 1024**2))

    assert preflight.check_disk(tmp_path) == warning.format(home=tmp_path)


def test_full_disk_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5 * 1024**2))

    with pytest.raises(
        PreflightError, match=r"SHOWFLOOR_HOME: only 5 MB left on the disk of .*; Showfloor needs 300 MB"
    ):
        preflight.check_disk(tmp_path)


def test_home_is_held_by_one_and_free_again_after(tmp_path: Path) -> None:
    first = preflight.lock_home(tmp_path)
    with pytest.raises(PreflightError, match=r"is in use by a Showfloor that runs already \(pid \d+\)"):
        preflight.lock_home(tmp_path)

    first.close()

    preflight.lock_home(tmp_path).close()


def test_home_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(PreflightError, match=r"SHOWFLOOR_HOME: .*/file can't be written to \(Not a directory\)"):
        preflight.lock_home(tmp_path / "file")
