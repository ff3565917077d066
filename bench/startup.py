"""Seconds from `make run` to READY: in a fresh clone on a warm package cache, and the second time."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from bench import lab
from bench.report import Figures
from tests.support.showfloor import free_ports

PROJECT = Path(__file__).resolve().parent.parent


def run() -> Figures:
    with lab.new_home() as folder:
        clone = folder / "showfloor"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", PROJECT, clone], check=True)
        ports = {name: str(port) for name, port in free_ports().items()}
        kept = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "SHOWFLOOR_HOME"}}
        first = run_until_ready(clone, kept | ports)
        second = run_until_ready(clone, kept | ports)
    return {
        "fresh clone, make run to READY (s)": first["ready"],
        "of it set-up (s)": first["set_up"],
        "second make run to READY (s)": second["ready"],
        "stop (s)": second["stop"],
    }


def run_until_ready(clone: Path, environment: dict[str, str]) -> dict[str, float]:
    """Run `make run`, note when `up` begins to speak and when it says READY, stop it."""
    began = time.monotonic()
    set_up = ready = 0.0
    log = (clone / "make.log").open("w")
    process = subprocess.Popen(
        ["make", "run"], cwd=clone, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout
    for line in process.stdout:
        log.write(line)
        if line.startswith("Showfloor, with its data"):
            set_up = time.monotonic() - began
        if re.match(r"READY http", line):
            ready = time.monotonic() - began
            break
    if not ready:
        log.close()
        raise SystemExit(f"It did not get ready:\n{(clone / 'make.log').read_text()}")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.stdout.read()
    process.wait()
    return {"ready": ready, "set_up": set_up, "stop": time.monotonic() - began}
