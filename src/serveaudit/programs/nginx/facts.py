"""nginx's own table of directives and variables: data/nginx.json, written by tools/dump_nginx_directives.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from serveaudit.programs.nginx.versions import by_version
from serveaudit.tables import eras
from serveaudit.values import Value

_DATA = Path(__file__).parent.parent.parent / "data" / "nginx.json"


@dataclass(frozen=True, slots=True)
class Form:
    """One way to use a directive: in which contexts, with how many arguments (`flag`, `1+`, or counts: `1 2`; empty where the
    table does not know), with a block or not."""

    contexts: frozenset[str]
    takes: str
    block: bool

    def fits(self, count: int) -> bool:
        """Whether so many arguments may be given."""
        if not self.takes:
            return True
        if self.takes == "flag":
            return count == 1
        if self.takes.endswith("+"):
            return count >= int(self.takes[:-1])
        return str(count) in self.takes.split()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a directive.

    default  as the manual has it; several for a directive that can be repeated; empty for none
    since    the first release with it, empty where it was always there (1.14); `until` the first one without it
    apart    it belongs to a module that is not in nginx's own source: sold, or built on its own
    once     nginx refuses it a second time in one block
    times    what held first, and what held from each release on that changed something, this one too; empty: always this one
    """

    name: str
    forms: tuple[Form, ...]
    default: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    apart: bool = False
    once: bool = False
    times: tuple[tuple[str, Known], ...] = ()

    def at(self, version: Value[str]) -> list[Known]:
        """What is known of it in a release; where the release does not decide, all that may hold."""
        return [case.x for _, case in by_version(version, self.times).worlds()] if self.times else [self]

    @property
    def defaults(self) -> tuple[tuple[str, str | None], ...]:
        """Its first default, and each release that changed it: what `by_version` takes."""
        told = [(release, known.default[0] if known.default else None) for release, known in self.times or (("", self),)]
        return tuple(each for before, each in zip([("", ""), *told], told, strict=False) if not each[0] or before[1] != each[1])

    def allowed_in(self, context: str) -> bool:
        return any(context in form.contexts or "any" in form.contexts for form in self.forms)

    @property
    def opens(self) -> bool:
        """Whether it has a block in every form."""
        return all(form.block for form in self.forms)


@dataclass(frozen=True, slots=True)
class Facts:
    """The whole table; `newest` is the release it was made from."""

    newest: str
    directives: Mapping[str, Known]
    variables: frozenset[str]
    prefixes: tuple[str, ...]

    def has_variable(self, name: str) -> bool:
        """Whether nginx or one of its modules defines the variable (`host`, `http_x_real_ip`), in any spelling of case."""
        name = name.lower()
        return name in self.variables or name.startswith(self.prefixes) or name.isdigit()


@cache
def facts() -> Facts:
    """The table."""
    read = json.loads(_DATA.read_text(encoding="utf-8"))
    directives = {name: _known(name, entry) for name, entry in read["directives"].items()}
    return Facts(read["newest"], directives, frozenset(read["variables"]), tuple(read["prefixes"]))


def _known(name: str, entry: dict[str, Any]) -> Known:
    newest = _as_told(name, entry)
    if "was" not in entry:
        return newest
    life: dict[str, Any] = {cell: entry[cell] for cell in ("since", "until") if cell in entry}
    told = [(era.since, _as_told(name, {**era.cells, **life})) for era in eras(entry) if era.cells is not None]
    *later, (_, first) = told
    return replace(newest, times=(("", first), *reversed(later)))


def _as_told(name: str, entry: dict[str, Any]) -> Known:
    forms = tuple(Form(frozenset(form["in"].split()), form["takes"], "block" in form) for form in entry["forms"])
    life = entry.get("since", ""), entry.get("until", "")
    return Known(name, forms, tuple(entry.get("default") or ()), *life, "built" in entry, bool(entry.get("once")))
