"""What is computed against what the real servers compute: whole cases go to both, each setting is compared.

SERVEAUDIT_SERVERS names the interpreter that has the servers.
"""

from __future__ import annotations

import json
import math
import os
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from command_lines import command
from serveaudit.command import Command
from serveaudit.recognising import started_by
from serveaudit.serving import Listener, Server, Setting
from serveaudit.values import Branch, Items, Range, Table, Unknown, Value

EFFECTIVE = Path(__file__).parent.parent.parent / "tools" / "effective.py"
MACHINE = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}
"""Variables that every case has."""


@dataclass
class Case:
    """A command as it is typed in a directory with these files and with these variables, on a machine with so many CPUs."""

    argv: list[str]
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    cpus: int = 4

    def __str__(self) -> str:
        variables = " ".join(f"{name}={shlex.quote(text)}" for name, text in self.env.items())
        files = "".join(f"\n--- {path}\n{text}" for path, text in self.files.items())
        return f"{variables} {shlex.join(self.argv)}".strip() + files


@dataclass(frozen=True)
class Program:
    """A server as serveaudit reads it.

    renamed      settings that the real server keeps under another name
    apart        settings that it keeps in another form, each tested elsewhere
    checks_late  it starts with a bad value and fails of it later
    """

    start: Callable[[Command], Server | None]
    renamed: Mapping[str, str] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    checks_late: bool = False


@dataclass
class Tally:
    """What came out, by setting. Defaults that agree are counted apart: they would hide how much is unknown; and so are
    configuration files that raise an exception."""

    cases: int = 0
    raising: int = 0
    agreed: Counter[str] = field(default_factory=Counter)
    defaults: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    disagreed: list[str] = field(default_factory=list)

    @property
    def unknown_share(self) -> float:
        """Of the settings that the cases set, or may set: how many are unknown."""
        return self.unknown.total() / ((self.agreed + self.unknown).total() or 1)

    def __str__(self) -> str:
        counts = f"{self.cases} cases: {self.agreed.total()} settings and {self.defaults.total()} defaults agree, "
        counts += f"{self.unknown.total()} unknown ({self.unknown_share:.1%}), {len(self.disagreed)} disagree"
        return "\n".join([counts, *(f"{count:5} {why}" for why, count in self.reasons.most_common())])


def agreement(program: Program, cases: list[Case]) -> Tally:
    """Asks both of every case. A disagreement is told with the case's text."""
    tally = Tally(len(cases))
    for case, answer in zip(cases, asked(cases), strict=True):
        tally.disagreed += [f"{told}\n{case}\n" for told in _compare(program, case, answer, tally)]
    return tally


def asked(cases: list[Case]) -> list[dict[str, Any]]:
    """What the real servers answer: {"settings": …}, or {"exit": …} where they do not start."""
    return _asked(json.dumps([vars(case) | {"env": MACHINE | case.env} for case in cases]))


@cache
def _asked(text: str) -> list[dict[str, Any]]:
    interpreter = os.environ.get("SERVEAUDIT_SERVERS", sys.executable)
    done = subprocess.run([interpreter, str(EFFECTIVE)], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(done.stderr)
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    if all("No module named" in answer.get("error", "") for answer in answers):
        pytest.skip(f"{interpreter}: {answers[0]['error']}")
    return answers


def _compare(program: Program, case: Case, answer: dict[str, Any], tally: Tally) -> Iterator[str]:
    server = program.start(command(shlex.join(case.argv), case.files, **MACHINE | case.env))
    if server is None:
        if "exit" not in answer:
            yield "no server, but really one starts"
        return
    fails_later = program.checks_late and any(_refused(server))
    if "Failed to read config" in answer.get("said", ""):
        tally.raising += 1  # of what never runs, nothing that is said can be wrong
    elif starts(server) != ("settings" in answer) and not fails_later:
        yield f"{'starts' if starts(server) else 'does not start'}, but really {str(answer)[:300]}"
    elif "settings" in answer and not fails_later:
        yield from _differences(program, server, answer["settings"], tally)
        yield from _different_terms(server, answer["settings"], tally)


def starts(server: Server) -> bool:
    """Whether nothing is known to keep it from starting."""
    return not any(_refused(server)) and not any(bad.refused for bad in server.bad_flags) and server.app.x is not None


def _refused(server: Server) -> Iterator[Setting]:
    """Refused settings, those that stronger sources override included: each source is checked, but click looks at the strongest
    alone."""
    found = (*server.settings.values(), *server.strange)
    lazy = server.program in ("uvicorn", "granian")
    every = (each for setting in found for each in (setting, *(() if lazy else setting.overrides)))
    return (setting for setting in every if setting.refused)


def _differences(program: Program, server: Server, real: Mapping[str, Any], tally: Tally) -> Iterator[str]:
    for name, setting in server.settings.items():
        key = program.renamed.get(name, name)
        if key not in real or name in program.apart or (setting.row and setting.row.type == "callable"):
            continue
        if why := unknown(setting.value):
            tally.unknown[name] += 1
            tally.reasons[why] += 1
        elif within(setting.value.x, real[key]) or same(normal(setting.value.x), normal(real[key])):
            (tally.defaults if setting.origin == "default" else tally.agreed)[name] += 1
        else:
            yield f"{name} is {normal(setting.value.x)!r}, but really {normal(real[key])!r}"


def unknown(value: Value[Any]) -> str:
    """Why a value, or a member of it, is not known; empty for a known one."""
    x = value.x
    if isinstance(x, Items | Table):
        members = x.members if isinstance(x, Items) else [member for _, member in x.entries]
        gaps = [x.complete.why] if isinstance(x.complete, Unknown) else []
        return next(filter(None, [*gaps, *map(unknown, members)]), "")
    if isinstance(x, Range):
        return "any number" if (x.low, x.high) == (-math.inf, math.inf) else ""
    return "" if value.known else value.why or f"one of several: {x.on if isinstance(x, Branch) else x}"


def within(ours: Any, theirs: Any) -> bool:
    """Whether a number that hangs on the machine is in the range that is told."""
    return isinstance(ours, Range) and isinstance(theirs, int | float) and ours.low <= theirs <= ours.high


def _different_terms(server: Server, real: Mapping[str, Any], tally: Tally) -> Iterator[str]:
    """Where it listens and in how many processes it runs, if the real server tells that."""
    for name, value in {"listeners": _listeners(server), "processes": server.processes}.items():
        if name not in real:
            continue
        if why := unknown(value):
            tally.unknown[name] += 1
            tally.reasons[why] += 1
        elif within(value.x, real[name]) or normal(value.x) == normal(real[name]):
            tally.agreed[name] += 1
        else:
            yield f"{name} is {normal(value.x)!r}, but really {normal(real[name])!r}"


def _listeners(server: Server) -> Value[Any]:
    """Each address in words, one with TLS followed by `tls`; unknown where a part of it is."""
    found = server.listeners
    members = list(found.x) if isinstance(found.x, Items) else []
    doubts = [each for listener in members for each in (listener.address, listener.tls) if not each.known]
    if doubts or not found.known:
        return (doubts or [found])[0]
    if any(listener.address.x.kind == "tcp" and listener.address.x.port is None for listener in members):
        return Value(Unknown("a port is not known"))
    return Value([_told(each) for each in members])


def _told(listener: Listener) -> str:
    return f"{listener.address.x} tls" if listener.tls.x else str(listener.address.x)


def scripted(command: Command) -> Server | None:
    """The one server of a Python file, as a Program's start."""
    servers = [reading.server for reading in started_by(command)]
    assert len(servers) < 2, servers
    return servers[0] if servers else None


def normal(x: Any) -> Any:
    """A value as the servers tell it: what is listed, in order of its texts."""
    if isinstance(x, Items):
        return sorted(str(normal(member.x)) for member in x)
    if isinstance(x, Table):
        return {key: normal(value.x) for key, value in x.entries}
    if isinstance(x, dict):
        return {key: normal(value) for key, value in x.items()}
    return sorted(str(normal(member)) for member in x) if isinstance(x, list | tuple) else x


def same(ours: Any, theirs: Any) -> bool:
    """Nothing may be told as None, an empty list or an empty text."""
    return ours == theirs or (ours in (None, [], "") and theirs in (None, [], "", False))


def settled(tally: Tally, unknown_share: float) -> None:
    """Fails on a disagreement, and where more is unknown than this share."""
    print(tally)
    assert not tally.disagreed, "\n".join(tally.disagreed)
    assert tally.unknown_share <= unknown_share, str(tally)


def unlike(names: str) -> frozenset[str]:
    """Names in one text, as sets of settings are written in these tests."""
    return frozenset(names.split())
