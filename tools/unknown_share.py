"""How much `serveaudit settings` does not know: `unknown_share.py DIRECTORY…`, each a repository.

Of all settings that something other than a default gives, in every context, prints how many are unknown, and of how many only
something is known (between which numbers, or one value unless a variable is set), by program; and the reasons of the unknown
ones, the commonest first.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "serveaudit", "settings", "--format", "json", "--all-contexts"]


def servers(directory: Path) -> list[dict[str, Any]]:
    """What `serveaudit settings` tells of a repository."""
    done = subprocess.run([*COMMAND, "."], cwd=directory, capture_output=True, text=True, check=False)
    if not done.stdout:
        sys.exit(f"{directory}: {done.stderr}")
    return list(json.loads(done.stdout)["servers"])


def settings(directory: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Program, name and value of each setting that is no default."""
    for server in servers(directory):
        for name, setting in server["settings"].items():
            if setting["origin"]["kind"] != "default":
                yield server["program"], name, setting


def kind(setting: dict[str, Any]) -> str:
    """How much is known of a setting."""
    if setting["known"]:
        return "known"
    if "between" in setting:
        return "in bounds"
    cases = [kind(each) for each in setting.get("alternatives", ())]
    return "one of several" if set(cases) - {"unknown"} else "unknown"


def main(directories: list[str]) -> None:
    counts: dict[str, Counter[str]] = {}
    reasons, examples = Counter[str](), dict[str, str]()
    for directory in map(Path, directories):
        for program, name, setting in settings(directory):
            found = kind(setting)
            for each in (program, "all"):
                counts.setdefault(each, Counter())[found] += 1
            if found != "known":
                why = f"{found}: " + re.sub(r"\$\w+", "$X", setting["why"])[:120]
                reasons[why] += 1
                examples.setdefault(why, f"{directory.name}: {program} {name}")
    for program, found in sorted(counts.items(), key=lambda item: item[1].total()):
        shares = ", ".join(f"{count} {each} ({count / found.total():.1%})" for each, count in found.most_common())
        print(f"{program:10} {found.total():5}: {shares}")
    for why, count in reasons.most_common():
        print(f"{count:4} {why}  [{examples[why]}]")


if __name__ == "__main__":
    main(sys.argv[1:])
