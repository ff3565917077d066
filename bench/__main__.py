"""Run benchmarks: `python -m bench [NAME …]`; without a name, all of them, one after the other."""

import argparse
import importlib
import pkgutil
import subprocess
import sys

import bench
from bench import report

NOT_MEASURES = {"__main__", "report", "lab", "load", "nginx_rtmp", "chromium", "crowd", "fanout_apps", "nchan"}


def main() -> None:
    names = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in NOT_MEASURES)
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Showfloor on this machine.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}")
    chosen = parser.parse_args().names or names
    if unknown := sorted(set(chosen) - set(names)):
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    if len(chosen) > 1:
        # Each in a process of its own: Django is set up once a process, and each has databases of its own.
        for name in chosen:
            subprocess.run([sys.executable, "-m", "bench", name], check=True)
    else:
        [name] = chosen
        figures = importlib.import_module(f"bench.{name}").run()
        report.show(name, figures)
        report.save(name, figures)


if __name__ == "__main__":
    main()
