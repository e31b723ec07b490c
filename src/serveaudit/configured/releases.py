"""Settings and worker classes that the installed release does not have, or that are on their way out."""

from __future__ import annotations

import re

from serveaudit.configured.written import program_of
from serveaudit.deployment import Process
from serveaudit.serving import Setting
from serveaudit.suggest import nearest
from serveaudit.values import Branch, Unknown, Value

WORKERS = ("sync", "gthread", "gevent", "gevent_wsgi", "gevent_pywsgi", "tornado", "asgi", "eventlet", "gaiohttp")
_GONE = {"eventlet": "26.0", "gaiohttp": "20.0"}
"""Short names of worker classes that gunicorn had, and the release that has them no more."""
_SINCE = {"asgi": "24.0"}
_NEEDS = {"gevent": "gevent", "gevent_wsgi": "gevent", "gevent_pywsgi": "gevent", "tornado": "tornado", "eventlet": "eventlet"}
_MODULES = {"uvicorn_worker": "uvicorn-worker", "uvicorn": "uvicorn"}
_CLASSES = tuple(
    f"{module}.{name}"
    for module in ("uvicorn.workers", "uvicorn_worker", "uvicorn_worker._workers")
    for name in ("UvicornWorker", "UvicornH11Worker")
)
"""All worker classes of the two packages."""


def too_new(setting: Setting, process: Process) -> Value[str]:
    """That the installed release has no such setting yet, told where the release is pinned; None where it has it."""
    row = setting.row
    if row is None or not row.since:
        return Value(None)
    program = program_of(setting, process)
    has = process.installed.at_least(program, row.since)
    if has.x is not False:
        return Value(None)
    version = process.installed.version(program)
    installed = version.x if isinstance(version.x, str) else _asked(process, program)
    return Value(f"{program} has it since {row.since}, installed is {installed}", (setting.place, *has.places))


def outgoing(setting: Setting, process: Process) -> Value[str]:
    """What to write instead of a setting that its program takes for now."""
    row = setting.row
    if row is None or setting in process.server.strange:
        return Value(None)
    if row.because:
        return Value(row.because, (setting.place,))
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
    gone = _GONE.get(setting.value.x) if isinstance(setting.value.x, str) else None
    release: Value[bool] = process.installed.at_least("gunicorn", gone) if gone else Value(None)
    return found.at(setting.place, *release.places).also(Value(None, assumes=release.assumes))


def _by_release(short: str) -> Branch:
    """A choice, where nothing tells which gunicorn is installed."""
    release = _GONE[short]
    gone: Value[str] = Value(f"gunicorn has no {short} worker since {release}")
    return Branch(
        "the version of gunicorn", ((f"gunicorn before {release}", Value(None)), (f"gunicorn {release} or newer", gone))
    )


def _unavailable(name: str, process: Process) -> str | Branch | None:
    short = name.removeprefix("egg:gunicorn#")
    if "." in short:
        package = _MODULES.get(short.partition(".")[0], "")
        if package and short not in _CLASSES:
            return f"{package} has no class {name}" + (f", did you mean {near}?" if (near := nearest(short, _CLASSES)) else "")
        lacks = process.installed.lacks(package).x if package else False
        return f"{package} is not in the complete list of packages" if lacks is True else None
    if short not in WORKERS:
        near = nearest(short, WORKERS)
        return f"gunicorn has no worker class {name}" + (f", did you mean {near}?" if near else "")
    if short in _GONE:
        gone = process.installed.at_least("gunicorn", _GONE[short])
        if gone.x is True:
            return f"gunicorn has no {short} worker since {_GONE[short]}"
        if isinstance(gone.x, Unknown):
            return _by_release(short)
    if short in _SINCE and process.installed.at_least("gunicorn", _SINCE[short]).x is False:
        return f"gunicorn has an {short} worker since {_SINCE[short]}"
    if short in _NEEDS and process.installed.lacks(_NEEDS[short]).x is True:
        return f"{_NEEDS[short]} is not in the complete list of packages"
    return None


def swallowed(setting: Setting, process: Process) -> Value[str]:
    """The application's name that `--proxy-protocol` takes for its value since gunicorn 24.1; None where it does not."""
    text = setting.literal.text if setting.literal is not None else ""
    alone = setting.name == "proxy_protocol" and setting.refused and process.server.app.x is None
    if process.server.program != "gunicorn" or not alone or not re.fullmatch(r"[A-Za-z_][\w.]*(:[\w.()]+)?", text):
        return Value(None)
    newer = process.installed.at_least("gunicorn", "24.1")
    if newer.x is False:
        return Value(None)
    return Value(text, (setting.place, *newer.places), newer.assumes)


def _asked(process: Process, program: str) -> str:
    found = process.installed.package(program)
    return found.asked if found else program
