"""Seconds from `make run` to READY: in a fresh clone on a warm package cache, and the second time."""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.showfloor import free_ports

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "bench" / "results"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="fresh clones to measure; the fastest counts")
    runs = [measure() for _ in range(parser.parse_args().runs)]
    figures = {name: min(run[name] for run in runs) for name in runs[0]}
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "startup.json").write_text(json.dumps({"unit": "s", "runs": runs, "best": figures}, indent=2) + "\n")
    for name, seconds in figures.items():
        print(f"{name:<40} {seconds:6.1f} s")


def measure() -> dict[str, float]:
    folder = Path(tempfile.mkdtemp(prefix="showfloor-bench-"))
    folder.chmod(0o711)
    try:
        clone = folder / "showfloor"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", PROJECT, clone], check=True)
        ports = {name: str(port) for name, port in free_ports().items()}
        kept = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "SHOWFLOOR_HOME"}}
        environment = {**kept, **ports}
        first = run_until_ready(clone, environment)
        second = run_until_ready(clone, environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "fresh clone, make run to READY": first["ready"],
        "of it set-up": first["set_up"],
        "second make run to READY": second["ready"],
        "stop": second["stop"],
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


if __name__ == "__main__":
    main()
