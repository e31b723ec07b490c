"""What servers do, as measured: data/behaviour.json, by program (and kind of worker), fact and release.

Settings are no behaviour, their tables come from the programs; this is what no table tells. Each cell names the proof that
measured it: when a server changes, the proof turns red and one cell changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from serveaudit.releases import told_reach
from serveaudit.serving import Server
from serveaudit.values import Branch, How, Place, Unknown, Value

_FILE = Path(__file__).parent / "data" / "behaviour.json"


@dataclass(frozen=True, slots=True)
class Fact:
    """One cell: what a program does, from one release on (`since`) and before another (`until`).

    value    what it does; None: it never does
    setting  the setting that says so instead
    note     in words, for the report
    """

    proof: str
    value: Any = None
    setting: str = ""
    note: str = ""
    since: str = ""
    until: str = ""


@cache
def facts() -> Mapping[str, Mapping[str, Sequence[Fact]]]:
    """Every cell: program or `program/worker` → fact → its cells, the oldest release first."""
    read = json.loads(_FILE.read_text(encoding="utf-8"))
    return {program: {name: [_cell(cell) for cell in cells] for name, cells in rows.items()} for program, rows in read.items()}


def cells_of(program: str, worker: object, fact: str) -> Sequence[Fact]:
    """The cells of a program with one kind of worker; where that has none of its own, the program's."""
    return facts().get(f"{program}/{worker}", {}).get(fact) or facts().get(program, {}).get(fact, ())


def behaves(server: Server, fact: str) -> Value[Any]:
    """What a server does; unknown for one that was not measured. Where its release is not known and decides, a choice."""
    worker = server.worker_class
    if isinstance(worker.x, Branch):
        cases = tuple((label, _told(server, fact, case)) for label, case in worker.x.cases)
        return Value(Branch(worker.x.on, cases), worker.places)
    return _told(server, fact, worker)


def _told(server: Server, fact: str, worker: Value[str]) -> Value[Any]:
    if isinstance(worker.x, Unknown):
        return Value(worker.x, worker.places)
    told = cells_of(server.program, worker.x, fact)
    cells = [cell for cell in told if _may_hold(cell, server)]
    if not cells:
        return Value(Unknown(f"whether {server.program} does so was not measured", fact), (_head(server),))
    if len(cells) == 1:
        decided_by = server.version.places if len(told) > 1 else ()
        return _value(cells[0], server).also(Value(None, decided_by, server.version.assumes if decided_by else ()))
    cases = tuple((_range(server.program, cell), _value(cell, server)) for cell in cells)
    return Value(Branch(f"the version of {server.program}", cases), (_head(server),))


def _value(cell: Fact, server: Server) -> Value[Any]:
    return server.value(cell.setting) if cell.setting else Value(cell.value, (_head(server, cell.note),))


def _may_hold(cell: Fact, server: Server) -> bool:
    """Whether the server's release may be one that the cell is of."""
    newer = _reaches(server, cell.since) if cell.since else True
    return newer is not False and not (cell.until and _reaches(server, cell.until) is True)


def _reaches(server: Server, release: str) -> bool | None:
    return told_reach(server.version.x, server.asked, release)


def _range(program: str, cell: Fact) -> str:
    return f"{program} before {cell.until}" if cell.until else f"{program} {cell.since} or newer"


def _head(server: Server, note: str = "") -> Place:
    return Place(server.place.span, How.DEFAULT, note)


def _cell(read: Mapping[str, Any]) -> Fact:
    return Fact(
        read["proof"],
        read.get("is"),
        read.get("setting", ""),
        read.get("note", ""),
        read.get("since", ""),
        read.get("until", ""),
    )
