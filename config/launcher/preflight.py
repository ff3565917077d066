"""What must be true before anything is started; each fault is one line that says what to do."""

import errno
import fcntl
import os
import shutil
import socket
from pathlib import Path
from typing import IO

ENOUGH_BYTES = 1024**3
LEAST_BYTES = 300 * 1024**2
SRT_PORTS = 16


class PreflightError(Exception):
    """Showfloor can't start as things are; the message is one line for the operator."""


def lock_home(home_dir: Path) -> IO[str]:
    """Take the home for this process until the returned file is closed (by the kernel, should we be killed)."""
    path = home_dir / "run" / "up.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise PreflightError(f"SHOWFLOOR_HOME: {home_dir} can't be written to ({error.strerror})") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        other = file.read().strip() or "unknown"
        file.close()
        raise PreflightError(
            f"SHOWFLOOR_HOME: {home_dir} is in use by a Showfloor that runs already (pid {other})"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def check_disk(home_dir: Path) -> str:
    """Refuse a disk that is full; return a warning for one that soon will be, else an empty string."""
    free = shutil.disk_usage(home_dir).free
    left = f"{free // 1024**2} MB left on the disk of {home_dir}"
    if free < LEAST_BYTES:
        raise PreflightError(f"SHOWFLOOR_HOME: only {left}; Showfloor needs {LEAST_BYTES // 1024**2} MB")
    return left if free < ENOUGH_BYTES else ""


def check_ports(tcp: dict[str, tuple[str, int]], udp: dict[str, tuple[str, range]]) -> None:
    """Refuse a port that two settings share or that somebody listens on; names come from the environment.

    Each setting's value is the address that will be listened on, and its port or ports.
    """
    seen: dict[int, str] = {}
    for name, (bind, port) in tcp.items():
        if port in seen:
            raise PreflightError(f"{name}: port {port} is {seen[port]}'s already; set one of them to another")
        seen[port] = name
        _check_port(bind, port, socket.SOCK_STREAM, name)
    for name, (bind, ports) in udp.items():
        for port in ports:
            _check_port(bind, port, socket.SOCK_DGRAM, name)


def _check_port(bind: str, port: int, kind: socket.SocketKind, name: str) -> None:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            probe.bind((bind, port))
        except OSError as error:
            raise PreflightError(_port_fault(bind, port, name, error)) from error


def _port_fault(bind: str, port: int, name: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{name}: port {port} is in use by another program; stop it, or set {name} to another port"
    if error.errno == errno.EACCES:
        return f"{name}: port {port} is not ours to open; set {name} to one above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"BIND: {bind} is not an address of this machine"
    return f"{name}: port {port} can't be opened ({error.strerror})"
