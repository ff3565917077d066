"""What Showfloor is measured by. `make bench` runs all; `python -m bench NAME …` runs some.

Each module has `run() -> Figures`: it starts what it needs in a folder and on ports of its own, stops it, and returns
what it saw. Results go to bench/results/, which is not committed; figures worth quoting go to docs/performance.md.
"""
