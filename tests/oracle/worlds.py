"""What is said of settings where the variables are not given, against what the real server computes with each of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from agreement import MACHINE, Case, Program, Tally, asked, normal, same, unknown, within

from command_lines import command
from serveaudit.serving import Server
from serveaudit.values import Partial, Unknown, Value

_IS_SET = re.compile(r"^\$(\w+) is (not )?set$")
_COMMANDS = {"GUNICORN_CMD_ARGS"}
"""Variables that are part of the command, and are given."""


def agreement(program: Program, cases: list[Case]) -> Tally:
    """Each setting is compared in the worlds that are this case's: those in which what is set, and what is not, is so."""
    tally = Tally(len(cases))
    for case, answer in zip(cases, asked(cases), strict=True):
        server = _without_variables(program, case) if "settings" in answer else None
        if server is not None and case.files and ".env" not in case.files:
            told = _differences(program, server, case, answer["settings"], tally)
            tally.disagreed += [f"{each}\n{case}\n" for each in told]
    return tally


def _without_variables(program: Program, case: Case) -> Server | None:
    given = {name: text for name, text in case.env.items() if name in _COMMANDS}
    nothing_read = Unknown("the variables are not in the repository")
    return program.start(command(shlex.join(case.argv), case.files, nothing_read, **given))


def _differences(program: Program, server: Server, case: Case, real: Mapping[str, Any], tally: Tally) -> Iterator[str]:
    for name, setting in server.settings.items():
        if name not in real or name in program.apart or (setting.row and setting.row.type == "callable"):
            continue
        ours = [value for value in worlds(setting.value) if _is_in(value, MACHINE | case.env)]
        if any(_agrees(value, real[name]) for value in ours):
            (tally.defaults if setting.origin == "default" else tally.agreed)[name] += 1
        elif any(map(unknown, ours)):
            tally.unknown[name] += 1
            tally.reasons[next(filter(None, map(unknown, ours)))] += 1
        else:
            told = " or ".join(repr(normal(value.x)) for value in ours)
            yield f"{name} is {told or 'in none of the worlds'}, but really {normal(real[name])!r}"


def worlds(value: Value[Any]) -> list[Value[Any]]:
    """The value in each world, resting on the choices that make it."""
    return [replace(each, assumes=(*each.assumes, *choices)) for choices, each in value.worlds()]


def _is_in(value: Value[Any], env: Mapping[str, str]) -> bool:
    """Whether what the value rests on is so; of what is no question of variables that is not known."""
    found = filter(None, map(_IS_SET.match, value.assumes))
    return all((each[1] in env) is (each[2] is None) for each in found)


def _agrees(value: Value[Any], real: Any) -> bool:
    if isinstance(value.x, Partial):
        pattern = "".join(re.escape(part) if isinstance(part, str) else ".*" for part in value.x.parts)
        return isinstance(real, str) and re.fullmatch(pattern, real, re.DOTALL) is not None
    return not unknown(value) and (within(value.x, real) or same(normal(value.x), normal(real)))
