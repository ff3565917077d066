"""Where figures go: a JSON file each, and a table for people."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"

Figures = Mapping[str, Any]


def save(name: str, figures: Figures) -> Path:
    """Write figures, the moment and the machine to bench/results/<name>.json."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "cores": os.cpu_count(), "on": platform.platform()}
    path.write_text(json.dumps({**about, "figures": figures}, indent=2) + "\n")
    return path


def show(name: str, figures: Figures) -> None:
    table = Table("figure", "value", title=name.replace("_", " "))
    for figure, value in figures.items():
        table.add_row(figure, f"{value:.3g}" if isinstance(value, float) else str(value))
    Console().print(table)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
