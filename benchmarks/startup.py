"""How long serveaudit takes beside a bare Python, so that the numbers mean the same on every machine.

    python benchmarks/startup.py [PATH] [--runs N]

Prints the median wall time of whole processes, and how many times that of `python -c pass` it is. PATH is a deployment to
audit, all of `fixtures` by default.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time


def seconds(command: list[str], runs: int) -> float:
    """The median wall time of a command; its first run only warms the caches."""
    taken = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        taken.append(time.perf_counter() - start)
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return statistics.median(taken[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("path", nargs="?", default="fixtures")
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    serveaudit = [sys.executable, "-m", "serveaudit"]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "serveaudit --version": [*serveaudit, "--version"],
        "serveaudit --help": [*serveaudit, "--help"],
        f"serveaudit {options.path}": [*serveaudit, options.path],
        f"serveaudit --color always {options.path}": [*serveaudit, "--color", "always", options.path],
        f"serveaudit --format json {options.path}": [*serveaudit, "--format", "json", options.path],
    }
    bare = 0.0
    for name, command in commands.items():
        taken = seconds(command, options.runs)
        bare = bare or taken
        print(f"{taken * 1000:8.1f} ms {taken / bare:6.1f}x  {name}")


if __name__ == "__main__":
    main()
