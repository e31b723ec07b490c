"""What the programs say of their settings: data/<program>.json, generated from the real packages, read when first asked for.

A file holds every release that was looked at. A row's own cells are those of the newest; `was` tells what was otherwise before
(tools/folding.py writes it and has its meaning).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from serveaudit.releases import order
from serveaudit.serving import Row
from serveaudit.suggest import nearest

DATA = Path(__file__).parent / "data"
LIKENESS = 0.72
"""Less alike names are meant to be something else: `cores` is no misspelt `workers`."""
Cells = Mapping[str, Any]


@dataclass(eq=False)
class Facts:
    """One program's table, as one of its releases has it.

    version   the release
    rows      every setting by the program's own name
    wrong     names and flags that people take for settings: `becomes` what they mean, `because` why there is none
    releases  all releases that were looked at, oldest first
    told      what all of them say, as the file has it
    """

    program: str
    version: str
    rows: Mapping[str, Row] = field(default_factory=dict)
    wrong: Mapping[str, Row] = field(default_factory=dict)
    releases: Sequence[str] = ()
    told: Mapping[str, Cells] = field(default_factory=dict, repr=False)

    def at(self, version: str | None) -> Facts:
        """The table of a release: of `23` that of the newest 23 that was looked at, of one that was not looked at that of the
        last one before it. None: the newest."""
        release = self.closest(version) if version else self.releases[-1] if self.releases else self.version
        return self if release == self.version else _facts_at(self.program, release)

    def closest(self, version: str) -> str:
        """The release that was looked at and that stands for a version; the version itself where none does."""
        wanted = order(version)
        return next(
            (each for each in reversed(self.releases) if order(each) <= wanted or each.startswith(f"{version}.")), version
        )

    def elsewhere(self, name: str) -> Row | None:
        """A setting that this release does not have and others have: `since` and `until` say which, `because` in words."""
        if name in self.rows or name not in self.told:
            return None
        return self._other([era for era in eras(self.told[name]) if era.cells is not None], name)

    def choice_elsewhere(self, name: str, word: str) -> Row | None:
        """The same for a word that a setting takes."""
        return self._word_elsewhere(word, "choices", [self.told[name]] if name in self.told else [])

    def flag_elsewhere(self, spelled: str) -> Row | None:
        """The same for a flag; `becomes` is a flag."""
        found = self._word_elsewhere(spelled, "flags", self.told.values())
        found = found or self._word_elsewhere(spelled, "negations", self.told.values())
        meant = self.row(found.becomes) if found else None
        return replace(found, becomes=meant.flags[-1]) if found and meant and meant.flags else found

    def as_switch(self, name: str) -> Row | None:
        """The releases in which an option took no word, where it takes one in this; None where it never was so."""
        found = [era for era in eras(self.told.get(name, {})) if era.cells is not None and era.cells.get("takes") == 0]
        return self._other(found, name) if found and not any(era.holds(self.version) for era in found) else None

    def _word_elsewhere(self, word: str, cell: str, among: Iterable[Cells]) -> Row | None:
        for told in among:
            found = [era for era in eras(told) if era.cells is not None and word in era.cells.get(cell, ())]
            if found:
                here = any(era.holds(self.version) for era in found)
                return None if here else self._other(found, word)
        return None

    def _other(self, found: Sequence[Era], name: str) -> Row:
        """`found` are the times at which it was there, the newest first."""
        later = [era for era in found if era.since and order(era.since) > order(self.version)]
        since, until = (later or found)[-1].since, found[0].until
        cells = found[0].cells or {}
        there = [f"has it since {since}"] if since else []
        there += [f"has it no more since {until}"] if until else []
        said = [f"{self.program} {' and '.join(there)}", *([cells["because"]] if "because" in cells else [])]
        return Row(name, becomes=cells.get("becomes", ""), because=", ".join(said), since=since, until=until)

    def row(self, name: str) -> Row | None:
        """The setting of this name, its own or an alias."""
        return self.rows.get(name) or self._aliases.get(name)

    def flag(self, spelled: str) -> Row | None:
        """The setting that a flag sets (`-w`, `--workers`, `--no-access-log`), spelled in full."""
        return self.flags.get(spelled)

    def abbreviated(self, spelled: str) -> list[str]:
        """The flags that start with this one, as argparse and getopt take them: one is meant where they are one setting's."""
        return [flag for flag in self.flags if flag.startswith(spelled)] if spelled.startswith("--") else []

    def denies(self, spelled: str) -> bool:
        """Whether a flag says no to its setting: `--no-access-log`."""
        row = self.flag(spelled)
        return row is not None and spelled in row.negations

    def instead_of(self, name: str) -> Row:
        """What somebody means who writes a name that is no setting: a row whose `becomes` is the name of a setting (empty where
        none is near) and whose `because` says why, where it is known."""
        known = self.wrong.get(name) or self.wrong.get(name.lower()) or self.elsewhere(name)
        if known:
            return known
        row = self.row(name.lower()) or self.flag("--" + name.lower().replace("_", "-"))
        return Row(name, becomes=row.name if row else nearest(name, self._names, LIKENESS) or "")

    def instead_of_flag(self, spelled: str) -> Row:
        """The same for a flag: `becomes` is a flag."""
        known = self.wrong.get(spelled) or self.flag_elsewhere(spelled)
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

    @property
    def _names(self) -> Iterator[str]:
        return (name for row in self.rows.values() for name in (row.name, *row.aliases))


def facts(program: str, releases: Mapping[str, str] = MappingProxyType({})) -> Facts:
    """The program's table as its installed release has it (`Environment.releases`), else the newest; an empty one for a program
    that has none."""
    return _newest(program).at(releases.get(program))


@cache
def _newest(program: str) -> Facts:
    path = DATA / f"{program}.json"
    if not path.exists():
        return Facts(program, "")
    read = json.loads(path.read_text(encoding="utf-8"))
    told, version = read["rows"], read["version"]
    wrong = {name: _row(name, cells) for name, cells in read["wrong"].items()}
    return Facts(program, version, _rows(told, version), wrong, read.get("releases", ()), told)


@cache
def _facts_at(program: str, version: str) -> Facts:
    newest = _newest(program)
    return replace(newest, version=version, rows=_rows(newest.told, version))


@dataclass(frozen=True, slots=True)
class Era:
    """What is told of a setting from one release on, until another one; `cells` is None where it was left out for a while."""

    since: str
    until: str
    cells: Cells | None

    def holds(self, version: str) -> bool:
        return _within(self.since, self.until, version)


def eras(told: Cells) -> Iterator[Era]:
    """The times of a setting, the newest first."""
    cells = {cell: value for cell, value in told.items() if cell not in ("since", "until", "was")}
    here: Cells | None = cells
    until = told.get("until", "")
    for was in reversed(told.get("was", ())):
        yield Era(was["until"], until, here)
        until, here = was["until"], None
        if "missing" not in was:
            cells = {**cells, **was}
            here = {cell: value for cell, value in cells.items() if value is not None and cell != "until"}
    yield Era(told.get("since", ""), until, here)


def _rows(told: Mapping[str, Cells], version: str) -> dict[str, Row]:
    rows = {}
    for name, cells in told.items():
        here = _cells_at(cells, version) if {"since", "until", "was"} & cells.keys() else cells
        if here is not None:
            rows[name] = _row(name, here)
    return rows


def _cells_at(told: Cells, version: str) -> Cells | None:
    """What holds in one release; None where that has no such setting."""
    cells = next((era.cells for era in eras(told) if era.holds(version)), None)
    return None if cells is None else {**cells, **{cell: told[cell] for cell in ("since", "until") if cell in told}}


_SEQUENCES = ("flags", "negations", "choices", "aliases", "implies", "parameters", "needs", "sections")


def _row(name: str, cells: Cells) -> Row:
    return Row(name, **{key: _cell(key, value) for key, value in cells.items()})


def _cell(key: str, value: Any) -> Any:
    if key in _SEQUENCES:
        return tuple(value)
    return str(value) if key == "takes" else value


def _within(since: str, until: str, version: str) -> bool:
    here = order(version)
    return (not since or order(since) <= here) and (not until or here < order(until))


def _long(flag: str) -> bool:
    return flag.startswith("--")
