"""The tables of facts, src/serveaudit/data/<program>.json: what a program says of its settings, one setting a line.

A dump script asks an installed program and hands its rows to `main`. What the program does not say in a form that can be
read (units, what a default is computed from, names that people take for settings) is merged from notes/<program>.toml.
A table holds every release that it was ever asked for (`folding`); `history` asks for many.
"""

from __future__ import annotations

import enum
import json
import os
import sys
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from folding import Rows, before, fold, order, unfolded

HERE = Path(__file__).parent
DATA = HERE.parent / "src" / "serveaudit" / "data"
NOT_INSTALLED = 3
"""Exit status where the program can't be imported by this interpreter."""


def scrub() -> None:
    """Take everything out of the environment that a program may compute a default from. To be called before its import."""
    os.environ.clear()
    os.environ.update(HOME="/nonexistent", PATH="/usr/bin:/bin")
    os.chdir("/")


def main(program: str, ask: Callable[[], tuple[str, Rows]]) -> int:
    """Print what the installed program says; with --write add it to the table; with --check compare it with what the table says
    of this release. Returns the exit status: 1 for a difference, 3 where the program is not installed."""
    scrub()
    try:
        version, rows = ask()
    except ModuleNotFoundError as error:
        print(f"{program} is not installed: {error}", file=sys.stderr)
        return NOT_INSTALLED
    rows = {name: slim(row) for name, row in rows.items()}
    path = DATA / f"{program}.json"
    if {"--write", "--check"}.isdisjoint(sys.argv):
        print(json.dumps({"version": version, "rows": rows}))
        return 0
    return deliver(path, table(program, snapshots(path) | {version: rows}))


def deliver(path: Path, text: str) -> int:
    """Print a table's text; with --write write the table; with --check compare it with the text. Returns the exit status."""
    if "--write" in sys.argv:
        path.write_text(text, encoding="utf-8")
    elif "--check" in sys.argv:
        return compare(path, text)
    else:
        print(text, end="")
    return 0


def directories() -> list[Path]:
    """The words of the command line that are no options."""
    return [Path(word) for word in sys.argv[1:] if not word.startswith("--")]


def complain(complaints: Iterable[str]) -> int:
    """Print how installed programs and their table differ. Returns the exit status."""
    lines = list(complaints)
    print(*lines, sep="\n", end="\n" if lines else "")
    return 1 if lines else 0


def snapshots(path: Path) -> dict[str, Rows]:
    """The rows of each release that a table tells; none where there is no table yet."""
    if not path.exists():
        return {}
    read = json.loads(path.read_text(encoding="utf-8"))
    return {version: unfolded(read["rows"], version) for version in read.get("releases", ())}


def table(program: str, releases: dict[str, Rows]) -> str:
    """The file's text. A note on a setting that no release has is an error."""
    notes = tomllib.loads((HERE / "notes" / f"{program}.toml").read_text(encoding="utf-8"))
    of_rows = notes.get("rows", {})
    unknown = of_rows.keys() - {name for rows in releases.values() for name in rows}
    if unknown:
        raise SystemExit(f"notes/{program}.toml: {program} has no setting {', '.join(sorted(unknown))}")
    known = sorted(releases, key=order)
    told = [(version, with_notes(releases[version], of_rows, version)) for version in known]
    parts = [f'"program": {json.dumps(program)}', f'"version": {json.dumps(known[-1])}', f'"releases": {json.dumps(known)}']
    parts += [section("rows", fold(told)), section("wrong", notes.get("wrong", {}))]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def with_notes(rows: Rows, notes: Rows, version: str) -> Rows:
    """A release's rows with what the notes say of them. A note may have a `was`, as a row has."""
    held = {name: before(note, version) for name, note in notes.items()}
    return {name: slim(row | held.get(name, {})) for name, row in rows.items()}


def section(title: str, rows: Rows) -> str:
    lines = [f"  {json.dumps(name)}: {json.dumps(slim(rows[name]), sort_keys=True)}" for name in sorted(rows)]
    return f'"{title}": {{\n' + ",\n".join(lines) + "\n}"


def slim(row: dict[str, Any]) -> dict[str, Any]:
    """The row without what is empty; an empty default is one. False and 0 are no emptiness."""
    return {key: value for key, value in row.items() if value is not None and (key == "default" or value not in ("", [], {}))}


def plain(value: Any) -> Any:
    """A default as JSON has it; None for what has no text of its own (a function, a class)."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, set | frozenset | tuple | list):
        return [plain(member) for member in value]
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, bool | int | float | str):
        return type(value).__mro__[-2](value) if type(value) not in (bool, int, float, str) else value
    return None


def compare(path: Path, text: str) -> int:
    import difflib

    old = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = difflib.unified_diff(old.splitlines(), text.splitlines(), path.name, "with what is installed", lineterm="", n=0)
    difference = "\n".join(lines)
    if difference:
        print(difference)
    return 1 if difference else 0
