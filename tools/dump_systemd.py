"""systemd's table: the keys of service and socket units, from systemd itself.

    dump_systemd.py [--write | --check]
    dump_systemd.py --write ROOT…

`systemd --dump-configuration-items` tells the keys. What a key takes is tried on the parser: `systemd-analyze verify` reads a
unit in which it has one value after the other, and tells the lines that it skips. Words to try, defaults, and the release that
brought a key, are what the manual pages print in bold, after "Defaults to" and after "Added in version".

Each ROOT is another release's package, unpacked (`dpkg-deb -x`); with them the table is made anew, from them and from what is
installed. A release between two of them has the newer one's keys as far as the manual says, and the older one's.
"""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import tablefile
from folding import Rows

KINDS = {"Unit": "service", "Service": "service", "Install": "service", "Socket": "socket"}
"""The sections that are looked at, and in what kind of unit they stand."""
MANUALS = ("service", "exec", "kill", "unit", "socket", "resource-control")
TRUTH = ("yes", "no", "true", "false", "on", "off", "1", "0", "y", "n", "t", "f")
NONSENSE = "serveaudit"
PROBES = (NONSENSE, *TRUTH, "SIGTERM", "SIGTERM SIGINT", "yes no", "5min 20s", "3G", "0640", "999", "12")
HEADER = re.compile(r"^\.PP\n\\fI[A-Z]\w+=\\fR(?:, \\fI[A-Z]\w+=\\fR)*$", re.MULTILINE)


def asked(root: Path) -> tuple[str, Rows]:
    """The release that is installed below a directory, and its rows."""
    keys = list(configuration_items(root))
    told = manual(root)
    words = sorted({word for text in told.values() for word in re.findall(r"(?:\\fB|\")([a-z][\w:+-]+)(?:\\fR|\")", text)})
    taken = accepted(root, [(section, key, value) for section, key in keys for value in PROBES])
    narrow = [each for each in keys if NONSENSE not in taken[each]]
    more = accepted(root, [(*each, word) for each in narrow for word in words])
    twice = accepted(root, [(*each, f"{word} {word}") for each in narrow for word in more[each]])
    rows: Rows = {}
    for each in keys:
        section, key = each
        new = row(taken[each] | twice[each], more[each], told.get(key, ""))
        old = rows.setdefault(key, new)
        old["sections"] = sorted({*old.get("sections", ()), section})
    return said(root, "lib/systemd/systemd", "--version").split()[1], {key: tablefile.slim(each) for key, each in rows.items()}


def configuration_items(root: Path) -> Iterator[tuple[str, str]]:
    section = ""
    for line in said(root, "lib/systemd/systemd", "--dump-configuration-items").splitlines():
        if head := re.fullmatch(r"\[(\w+)\]", line):
            section = head[1]
        elif section in KINDS and "=" in line:
            yield section, line.partition("=")[0]


def row(taken: set[str], more: set[str], text: str) -> dict[str, Any]:
    more = {word for word in more if ":" not in word}
    kind = kind_of(taken, more)
    choices = more | (taken & set(TRUTH)) if kind == "choice" else more - set(TRUTH)
    default = re.findall(r"[Dd]efaults to\s+\\fB([\w+-]+)\\fR", text)
    since = re.findall(r"Added in version (\d+)", text)
    return {
        "type": kind,
        "choices": sorted(choices) if kind not in ("str", "list", "signal") else [],
        "default": default[0] if default and kind not in ("str", "list") else None,
        "since": since[-1] if since and int(since[-1]) > OLDEST else None,
    }


def kind_of(taken: set[str], more: set[str]) -> str:
    """What values are, by the ones that were taken."""
    if NONSENSE in taken:
        return "str"
    if "5min 20s" in taken:
        return "duration"
    if any(" " in value for value in taken):
        return "list"
    if "yes" in taken:
        return "choice" if more - set(TRUTH) else "bool"
    if "0640" in taken and "999" not in taken:
        return "octal"
    tried = {"SIGTERM": "signal", "3G": "size", "12": "int"}
    return next((kind for value, kind in tried.items() if value in taken), "choice" if len(more) > 1 else "str")


def accepted(root: Path, tries: list[tuple[str, str, str]]) -> dict[tuple[str, str], set[str]]:
    """The values that each key of a section takes, out of those that are tried."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for kind in sorted(set(KINDS.values())):
        own = [each for each in tries if KINDS[each[0]] == kind]
        lines = [line for section, key, value in own for line in (f"[{section}]", f"{key}={value}")]
        skipped = complaints(root, kind, lines) if own else set()
        for number, (section, key, value) in enumerate(own, 1):
            if 2 * number not in skipped:
                found[section, key].add(value)
    return found


def complaints(root: Path, kind: str, lines: list[str]) -> set[int]:
    """The numbers of the lines that systemd skips. Where one ends the reading, all lines of its key count, and are left out."""
    found: set[int] = set()
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / f"probe.{kind}"
        while True:
            unit.write_text("\n".join(lines) + "\n", encoding="utf-8")
            told = said(root, "bin/systemd-analyze", "verify", "--man=no", str(unit))
            numbers = re.findall(rf"probe\.{kind}:(\d+): (?!.*(?:obsolete|deprecated))", told)
            found |= set(map(int, numbers))
            if "fatal error" not in told and "failed to load" not in told:
                return found
            key = lines[int(numbers[-1]) - 1].partition("=")[0]
            of_key = {number for number, line in enumerate(lines, 1) if line.startswith(key + "=")}
            found |= of_key
            lines = ["" if number in of_key else line for number, line in enumerate(lines, 1)]


def manual(root: Path) -> dict[str, str]:
    """What the manual pages say of each key."""
    found: dict[str, str] = {}
    for name in MANUALS:
        path = root / f"usr/share/man/man5/systemd.{name}.5.gz"
        text = gzip.decompress(path.read_bytes()).decode().replace("\\&", "").replace("\\-", "-") if path.exists() else ""
        for head, following in pairwise([*HEADER.finditer(text), None]):
            said = text[head.end() : following.start() if following else len(text)] if head else ""
            for key in re.findall(r"fI(\w+)=", head[0]) if head else ():
                found.setdefault(key, said)
    return found


def said(root: Path, program: str, *words: str) -> str:
    """What a program of that release says, with its own libraries."""
    path = next((each for each in (root / "usr" / program, root / program) if each.exists()), None)
    if path is None:
        raise ModuleNotFoundError(str(root / program))
    libraries = {str(each.parent) for each in root.glob("**/libsystemd-*.so")} if root != Path("/") else set()
    env = {**os.environ, "LD_LIBRARY_PATH": ":".join(sorted(libraries)), "SYSTEMD_LOG_COLOR": "0", "LC_ALL": "C"}
    done = subprocess.run([path, *words], capture_output=True, text=True, check=False, env=env)
    return done.stdout + done.stderr


def between(older: Rows, newer: Rows, release: int) -> Rows:
    """The rows of a release between two."""
    return older | {key: row for key, row in newer.items() if int(row.get("since", 0)) <= release}


def without_since(rows: Rows) -> Rows:
    """Rows as a snapshot has them: since when a key is there is told by the releases that have it."""
    return {key: {cell: value for cell, value in row.items() if cell != "since"} for key, row in rows.items()}


def releases(roots: list[Path]) -> dict[str, Rows]:
    """The rows of every release from the oldest to the newest one."""
    known = {int(version): rows for version, rows in map(asked, roots)}
    every = dict(known)
    for older, newer in pairwise(sorted(known)):
        every |= {release: between(known[older], known[newer], release) for release in range(older + 1, newer)}
    return {str(release): without_since(every[release]) for release in sorted(every)}


OLDEST = 247
"""Debian 11's; what came earlier is not told."""

if __name__ == "__main__":
    roots = tablefile.directories()
    if not roots:
        version, rows = asked(Path("/"))
        sys.exit(tablefile.main("systemd", lambda: (version, without_since(rows))))
    (tablefile.DATA / "systemd.json").write_text(tablefile.table("systemd", releases([*roots, Path("/")])), encoding="utf-8")
