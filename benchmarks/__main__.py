"""``make bench``: runs the benchmarks; those on real comments want ``ARGS="--data DIR"``."""

from __future__ import annotations

import argparse
import subprocess
import sys

#: Module, and whether it needs the folder of labelled comments, which is not part of the project.
BENCHMARKS = (
    ("intake", False),
    ("queue", False),
    ("desk", True),
    ("judge", True),
    ("judge_evasion", True),
    ("judge_sites", True),
    ("judge_training", False),
    ("replay", True),
)


def main() -> int:
    """Run one after the other; return the worst exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder with the labelled *.jsonl files")
    parser.add_argument("--only", choices=[name for name, _ in BENCHMARKS], help="run just this one")
    given = parser.parse_args()
    worst = 0
    for name, needs_data in BENCHMARKS:
        if given.only not in {None, name}:
            continue
        if needs_data and not given.data:
            print(f"{name}: left out, since it needs the labelled comments (--data DIR).", flush=True)
            continue
        print(f"# {name}", flush=True)
        options = ["--data", given.data] if needs_data else []
        worst = max(
            worst, subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False).returncode
        )
    return worst


if __name__ == "__main__":
    sys.exit(main())
