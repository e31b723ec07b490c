"""One table from the tables of several releases.

What a row says holds for the newest release looked at, and for older ones as far as these cells do not say otherwise:

    since  the first release that has the setting; absent where the oldest one looked at has it
    until  the first release that does not have it any more; the row is then as the last release that had it
    was    what was otherwise, oldest first: each `{"until": release, cell: value, …}` holds before that release, for cells
           that a later one does not name again: null where there was no such cell, `"missing": true` where the setting was
           left out for a while

So a table at a release is a row's own cells, and over them each `was` whose `until` is newer than the release, the newest of
them first.
Cells named since and until that a program tells of itself are kept where the releases looked at show nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

Row = dict[str, Any]
Rows = dict[str, Row]
_RELEASES = ("since", "until")


def order(version: str) -> tuple[int, ...]:
    """What a release is sorted by: `20.0.1` is (20, 0, 1)."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def fold(snapshots: list[tuple[str, Rows]]) -> Rows:
    """The rows of all releases, each once. The rows of a snapshot have only cells that say something (`tablefile.slim`)."""
    ordered = sorted(snapshots, key=lambda snapshot: order(snapshot[0]))
    names = {name for _, rows in ordered for name in rows}
    return {name: _folded([(version, rows.get(name)) for version, rows in ordered]) for name in names}


def unfold(row: Row, version: str) -> Row | None:
    """A folded row's cells in one release, without since, until and was; None where that release does not have the setting."""
    wanted = order(version)
    if ("since" in row and wanted < order(row["since"])) or ("until" in row and wanted >= order(row["until"])):
        return None
    cells = before(row, version)
    return None if cells.get("missing") else {cell: value for cell, value in cells.items() if cell not in _RELEASES}


def unfolded(rows: Rows, version: str) -> Rows:
    """The rows that one release has."""
    return {name: cells for name, row in rows.items() if (cells := unfold(row, version)) is not None}


def before(row: Row, version: str) -> Row:
    """A row's cells with what was otherwise in a release laid over them."""
    cells = {cell: value for cell, value in row.items() if cell != "was"}
    for era in reversed(row.get("was", [])):
        if order(version) < order(era["until"]):
            cells = {**cells, "missing": None, **era, "until": row.get("until")}
    return {cell: value for cell, value in cells.items() if value is not None}


def _folded(history: list[tuple[str, Row | None]]) -> Row:
    present = [index for index, (_, row) in enumerate(history) if row is not None]
    first, last = present[0], present[-1]
    folded = dict(history[last][1] or {})
    if first:
        folded["since"] = history[first][0]
    if last + 1 < len(history):
        folded["until"] = history[last + 1][0]
    was = list(_changes(history[first : last + 1]))
    return folded | ({"was": was} if was else {})


def _changes(history: list[tuple[str, Row | None]]) -> Iterator[Row]:
    """What was otherwise before each release that changed something: cells that differ from those of the next release that has
    the setting."""
    for index, ((_, old), (version, new)) in enumerate(pairwise(history), 1):
        if old is None and new is not None:
            yield {"until": version, "missing": True}
        elif old is not None:
            later = next(row for _, row in history[index:] if row is not None)
            cells = sorted(cell for cell in {*old, *later}.difference(_RELEASES) if old.get(cell) != later.get(cell))
            if cells or new is None:
                yield {"until": version, **{cell: old.get(cell) for cell in cells}}
