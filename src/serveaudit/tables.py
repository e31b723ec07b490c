"""What the programs say of their settings: data/<program>.json, generated from the real packages, read when first asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from serveaudit.serving import Row
from serveaudit.suggest import nearest

DATA = Path(__file__).parent / "data"
LIKENESS = 0.72
"""Less alike names are meant to be something else: `cores` is no misspelt `workers`."""


@dataclass(eq=False)
class Facts:
    """One program's table.

    version  the release that the rows were read from
    rows     every setting by the program's own name
    wrong    names and flags that people take for settings: `becomes` what they mean, `because` why there is none
    """

    program: str
    version: str
    rows: Mapping[str, Row] = field(default_factory=dict)
    wrong: Mapping[str, Row] = field(default_factory=dict)

    def row(self, name: str) -> Row | None:
        """The setting of this name, its own or an alias."""
        return self.rows.get(name) or self._aliases.get(name)

    def flag(self, spelled: str) -> Row | None:
        """The setting that a flag sets (`-w`, `--workers`, `--no-access-log`), spelled in full."""
        return self.flags.get(spelled)

    def abbreviated(self, spelled: str) -> list[str]:
        """The flags that start with this one, as argparse and getopt take them: one is meant where they are one setting's."""
        return [flag for flag in self.flags if flag.startswith(spelled)] if spelled.startswith("--") else []

    def by_env(self, variable: str) -> Row | None:
        """The setting that a variable sets."""
        return self._variables.get(variable)

    def denies(self, spelled: str) -> bool:
        """Whether a flag says no to its setting: `--no-access-log`."""
        row = self.flag(spelled)
        return row is not None and spelled in row.negations

    def instead_of(self, name: str) -> Row:
        """What somebody means who writes a name that is no setting: a row whose `becomes` is the name of a setting (empty where
        none is near) and whose `because` says why, where it is known."""
        known = self.wrong.get(name) or self.wrong.get(name.lower())
        if known:
            return known
        row = self.row(name.lower()) or self.flag("--" + name.lower().replace("_", "-"))
        return Row(name, becomes=row.name if row else nearest(name, self._names, LIKENESS) or "")

    def instead_of_flag(self, spelled: str) -> Row:
        """The same for a flag: `becomes` is a flag."""
        known = self.wrong.get(spelled)
        if known:
            return known
        row = self.row(spelled.lstrip("-").replace("-", "_"))
        if row and row.flags:
            return Row(spelled, becomes=row.flags[-1])
        return Row(spelled, becomes=nearest(spelled, filter(_long, self.flags), LIKENESS) or "" if _long(spelled) else "")

    @cached_property
    def flags(self) -> Mapping[str, Row]:
        """Every spelling on the command line."""
        return {flag: row for row in self.rows.values() for flag in (*row.flags, *row.negations)}

    @cached_property
    def _aliases(self) -> Mapping[str, Row]:
        return {alias: row for row in self.rows.values() for alias in row.aliases}

    @cached_property
    def _variables(self) -> Mapping[str, Row]:
        return {row.env: row for row in self.rows.values() if row.env}

    @property
    def _names(self) -> Iterator[str]:
        return (name for row in self.rows.values() for name in (row.name, *row.aliases))


@cache
def facts(program: str) -> Facts:
    """The program's table; an empty one for a program that has none."""
    path = DATA / f"{program}.json"
    if not path.exists():
        return Facts(program, "")
    read = json.loads(path.read_text(encoding="utf-8"))
    return Facts(program, read["version"], _rows(read["rows"]), _rows(read["wrong"]))


_SEQUENCES = ("flags", "negations", "choices", "aliases", "implies")


def _rows(read: Mapping[str, Mapping[str, Any]]) -> dict[str, Row]:
    return {name: Row(name, **{key: _cell(key, value) for key, value in row.items()}) for name, row in read.items()}


def _cell(key: str, value: Any) -> Any:
    if key in _SEQUENCES:
        return tuple(value)
    return str(value) if key == "takes" else value


def _long(flag: str) -> bool:
    return flag.startswith("--")
