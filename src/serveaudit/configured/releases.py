"""Settings and worker classes that the installed release does not have, or that are on their way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from serveaudit.configured.written import program_of
from serveaudit.dating import asked_for, has, release, table_of
from serveaudit.deployment import Process
from serveaudit.serving import Row, Setting
from serveaudit.suggest import nearest
from serveaudit.values import Branch, Unknown, Value

_NEEDS = {"gevent": "gevent", "gevent_wsgi": "gevent", "gevent_pywsgi": "gevent", "tornado": "tornado", "eventlet": "eventlet"}
_MODULES = {"uvicorn_worker": "uvicorn-worker", "uvicorn": "uvicorn"}
_CLASSES = tuple(
    f"{module}.{name}"
    for module in ("uvicorn.workers", "uvicorn_worker", "uvicorn_worker._workers")
    for name in ("UvicornWorker", "UvicornH11Worker")
)
"""All worker classes of the two packages."""


def of_another_release(setting: Setting, process: Process) -> Value[str]:
    """Which releases have a setting that the one beside the process does not have; None where it has it, or none has, or where
    nothing tells which is installed."""
    row = _elsewhere(setting, process)
    if row is None:
        return Value(None)
    installed, places = asked_for(program_of(setting, process), process.installed)
    return Value(f"{row.because}, installed is {installed}", (setting.place, *places))


def maybe_there(setting: Setting, process: Process) -> Value[bool]:
    """Whether what is installed has it after all: unknown where a requirement allows releases that have it and others."""
    row = _elsewhere(setting, process)
    program = program_of(setting, process)
    open_ = row is not None and has(program, row, process.installed) is None
    return Value(Unknown(f"the requirement allows releases of {program} that have it") if open_ else False)


def _elsewhere(setting: Setting, process: Process) -> Row | None:
    program = program_of(setting, process)
    if setting.row is not None or not release(program, process.installed):
        return None
    table = table_of(program, process.installed)
    return table.flag_elsewhere(setting.spelled) if setting.origin == "flag" else table.elsewhere(setting.name)


def flags_elsewhere(process: Process) -> Iterator[Setting]:
    """The options of a command line that its release does not take and others do, as settings of which nothing is known."""
    for flag in process.server.bad_flags:
        value: Value[Any] = Value(Unknown(f"{process.server.program} has no option {flag.word}"), (flag.place,))
        setting = Setting(flag.word, value, "flag", flag.place, flag.word)
        if _elsewhere(setting, process) is not None:
            yield setting


def outgoing(setting: Setting, process: Process) -> Value[str]:
    """What to write instead of a setting that its program takes for now."""
    row = setting.row
    if row is None or setting in process.server.strange:
        return Value(None)
    if row.because or row.until:
        gone = f"{program_of(setting, process)} has it no more since {row.until}" if row.until else ""
        return Value(", ".join(filter(None, (gone, row.because))), (setting.place,))
    if program_of(setting, process) == "uvicorn" and setting.name == "ws" and setting.value.x == "websockets":
        newer = process.installed.at_least("uvicorn", "0.50")
        if newer.x is True:
            said = "uvicorn's implementation for the legacy API of websockets is deprecated since 0.50; auto takes the new one"
            return Value(said, (setting.place,), newer.assumes)
    return Value(None)


def worker_unavailable(process: Process) -> Value[str]:
    """Why gunicorn does not find its worker class; None where it does, unknown where that hangs on a release."""
    setting = process.server.settings.get("worker_class")
    if setting is None or setting.origin == "default":
        return Value(None)
    found = setting.value.map(lambda name: _unavailable(name, process) if isinstance(name, str) else None)
    other = table_of("gunicorn", process.installed).choice_elsewhere("worker_class", str(setting.value.x))
    places = asked_for("gunicorn", process.installed)[1] if other else ()
    return found.at(setting.place, *places)


def _by_release(row: Row) -> Branch:
    """A choice, where what is installed may have the worker class or not."""
    told: Value[str] = Value(row.because)
    there: Value[str] = Value(None)
    if row.until:
        cases = ((f"gunicorn before {row.until}", there), (f"gunicorn {row.until} or newer", told))
    else:
        cases = ((f"gunicorn before {row.since}", told), (f"gunicorn {row.since} or newer", there))
    return Branch("the version of gunicorn", cases)


def _unavailable(name: str, process: Process) -> str | Branch | None:
    short = name.removeprefix("egg:gunicorn#")
    if "." in short:
        package = _MODULES.get(short.partition(".")[0], "")
        if package and short not in _CLASSES:
            return f"{package} has no class {name}" + (f", did you mean {near}?" if (near := nearest(short, _CLASSES)) else "")
        lacks = process.installed.lacks(package).x if package else False
        return f"{package} is not in the complete list of packages" if lacks is True else None
    table = table_of("gunicorn", process.installed)
    words = table.rows["worker_class"].choices
    if short not in words:
        other = table.choice_elsewhere("worker_class", short)
        if other is not None:
            return _by_release(other) if has("gunicorn", other, process.installed) is None else other.because
        near = nearest(short, words)
        return f"gunicorn has no worker class {name}" + (f", did you mean {near}?" if near else "")
    if short in _NEEDS and process.installed.lacks(_NEEDS[short]).x is True:
        return f"{_NEEDS[short]} is not in the complete list of packages"
    return None


def swallowed(setting: Setting, process: Process) -> Value[str]:
    """The application's name that an option takes for its value, which took none in older releases (`--proxy-protocol` of
    gunicorn); None where it does not."""
    text = setting.literal.text if setting.literal is not None else ""
    alone = setting.origin == "flag" and setting.refused and process.server.app.x is None
    if not alone or _switch(setting, process) is None or not re.fullmatch(r"[A-Za-z_][\w.]*(:[\w.()]+)?", text):
        return Value(None)
    return Value(text, (setting.place, *asked_for(process.server.program, process.installed)[1]))


def maybe_a_switch(setting: Setting, process: Process) -> Value[bool]:
    """Whether an option may be one that takes no value, as in older releases: unknown where these may be installed."""
    switch = _switch(setting, process)
    open_ = switch is not None and has(process.server.program, switch, process.installed) is None
    return Value(Unknown(f"an older {process.server.program} may be installed") if open_ else False)


def _switch(setting: Setting, process: Process) -> Row | None:
    return table_of(process.server.program, process.installed).as_switch(setting.name)
