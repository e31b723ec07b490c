"""Releases of a program: which one is newer, and which of them a requirement allows.

Sources: PEP 440; Poetry's manual, "Dependency specification"; what is asked here of a release is always a final one.
"""

from __future__ import annotations

import re

from serveaudit.values import Unknown

Order = tuple[int, tuple[int, ...], int]
_VERSION = re.compile(r"\s*v?(?:(\d{1,4})!)?(\d{1,9}(?:\.\d{1,9})*)[-._]?([a-z]+)?", re.IGNORECASE)
_CLAUSE = re.compile(
    r"(===?|>=|<=|~=|!=|>|<|\^|~)\s*v?((?:\d+!)?\d+(?:\.\d+)*(?:[-._]?[a-z]+[-._]?\d*)*)(\.\*)?", re.IGNORECASE
)
_AFTER = ("post", "rev", "r")


def order(version: str) -> Order:
    """What to compare releases by: `23.0.0rc1` < `23` = `23.0` < `23.0.post1` < `23.0.1`. A local part (`+deb12u1`) does not
    count, nor does what is no number at all."""
    found = _VERSION.match(version)
    if found is None:
        return 0, (), 0
    parts = [int(part) for part in found[2].split(".")]
    while parts and not parts[-1]:
        parts.pop()
    word = (found[3] or "").lower()
    return int(found[1] or 0), tuple(parts), 0 if not word else 1 if word in _AFTER else -1


def reaches(version: str, release: str) -> bool | Unknown:
    """Whether a version is a release or newer; unknown for `25` against 25.1."""
    mine, wanted = version.split("."), release.split(".")
    if len(mine) < len(wanted) and mine == wanted[: len(mine)] and any(int(part) for part in wanted[len(mine) :]):
        return Unknown(f"{version} may be older or newer than {release}")
    return order(version) >= order(release)


def told_reach(version: object, asked: str, release: str) -> bool | None:
    """Whether what is installed is a release or newer: by its version, else by the requirement; None where neither tells."""
    if not isinstance(version, str):
        return allowed_reach(asked, release)
    found = reaches(version, release)
    return None if isinstance(found, Unknown) else found


def allowed_reach(asked: str, release: str) -> bool | None:
    """Whether everything that a requirement allows (`gunicorn>=20.1,<23`, `uvicorn ^0.29 || ^0.30`) is a release or newer; None
    where it allows older ones too, and newer ones."""
    told = {_alternative(each, release) for each in re.split(r"\|\|?", asked)}
    return told.pop() if len(told) == 1 else None


def _alternative(asked: str, release: str) -> bool | None:
    clauses = _CLAUSE.findall(asked)
    told = [_clause(operator, text, any_below, order(release)) for operator, text, any_below in clauses]
    return next((each for each in told if each is not None), None)


def _clause(operator: str, text: str, any_below: str, wanted: Order) -> bool | None:
    mine = order(text)
    if operator in ("==", "===") and not any_below:
        return mine >= wanted
    if operator in (">=", ">", "==", "~=", "^", "~") and mine >= wanted:
        return True
    if operator in ("==", "~=", "^", "~") and _after(operator, text) <= wanted:
        return False
    if (operator == "<" and mine <= wanted) or (operator == "<=" and mine < wanted):
        return False
    return None


def _after(operator: str, text: str) -> Order:
    """The first release behind `^23.1` (24), `~=23.1` (24), `~23.1` (23.2), `==23.*` (24)."""
    parts = [int(part) for part in re.findall(r"\d+", re.split(r"[a-z]", text.rpartition("!")[2], maxsplit=1)[0])]
    if operator == "^":
        kept = next((index for index, part in enumerate(parts) if part), len(parts) - 1) + 1
    elif operator == "~=":
        kept = max(len(parts) - 1, 1)
    else:
        kept = min(len(parts), 2) if operator == "~" else len(parts)
    return order(text)[0], (*parts[: kept - 1], parts[kept - 1] + 1), 0
