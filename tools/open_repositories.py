"""Fetches the repositories of tests/open/repositories.toml, each at its commit, into a directory: about a gigabyte.

tools/open_repositories.py DIRECTORY
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

LIST = Path(__file__).parents[1] / "tests" / "open" / "repositories.toml"


def main(argv: list[str]) -> int:
    if len(argv) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    for repository in tomllib.loads(LIST.read_text("utf-8"))["repository"]:
        fetch(repository["name"], repository["commit"], Path(argv[0]))
    return 0


def fetch(name: str, commit: str, root: Path) -> None:
    """The repository at its commit. A short commit can only be checked out from a whole history."""
    target = root / name.replace("/", "+")
    if not target.exists():
        subprocess.run(["git", "clone", "--quiet", "--filter=blob:none", f"https://github.com/{name}", target], check=True)
    subprocess.run(["git", "-C", target, "checkout", "--quiet", commit], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
