"""Print how much of each app the tests ran: lines, and branches, which show more. There is no limit to stay above.

A number that must be reached invites tests that look at nothing; this one is for reading.
"""

import json
import sys
from collections import Counter
from pathlib import Path

counts: dict[str, Counter[str]] = {}
for path, file in json.load(sys.stdin)["files"].items():
    of_app = counts.setdefault(Path(path).parts[0], Counter())
    of_app.update({name: value for name, value in file["summary"].items() if isinstance(value, int)})

sys.stdout.write(f"\n{'measured':<12}{'lines':>8}{'run':>8}{'branches':>10}{'run':>8}\n")
for app, count in sorted(counts.items()):
    lines, branches = count["num_statements"], count["num_branches"]
    lines_run = count["covered_lines"] / max(lines, 1)
    branches_run = count["covered_branches"] / max(branches, 1)
    sys.stdout.write(f"{app:<12}{lines:>8}{lines_run:>8.1%}{branches:>10}{branches_run:>8.1%}\n")
