"""gunicorn's worker classes: which kind one is, and how uvicorn's worker is configured (uvicorn_worker, uvicorn/workers.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from serveaudit.command import Command
from serveaudit.conversion import as_given
from serveaudit.formats import python
from serveaudit.formats.python import Class, ClassRef, External, Module
from serveaudit.keywords import from_mapping
from serveaudit.precedence import Layer, effective, from_table
from serveaudit.serving import Row, Setting
from serveaudit.source import SourceFile
from serveaudit.tables import Facts
from serveaudit.units import Seconds
from serveaudit.values import Branch, Place, Range, Table, Unknown, Value

UVICORN = ("UvicornWorker", "UvicornH11Worker")
KINDS = {
    "SyncWorker": "sync",
    "ThreadWorker": "gthread",
    "GeventWorker": "gevent",
    "GeventPyWSGIWorker": "gevent",
    "GeventWebSocketWorker": "gevent",
    "EventletWorker": "eventlet",
    "TornadoWorker": "tornado",
    "ASGIWorker": "asgi",
    "UvicornWorker": "uvicorn",
    "UvicornH11Worker": "uvicorn",
    "gevent_wsgi": "gevent",
    "gevent_pywsgi": "gevent",
}
"""By the class's own name, or a short one. What is not here stays as it is written: `sync`, `gthread`, a misspelt `gevnt`."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker class.

    base  the full name of the library's class behind it, told where it is imported or derived from; empty for a short name
    cls   the repository's own class, if it is one
    """

    kind: Value[str]
    base: Value[str]
    cls: Class | None = None


def resolve(worker_class: Value[Any], threads: Value[Any], command: Command | None, module: Module | None) -> Worker:
    """The worker class by its name or path; `module` is the configuration file. A sync worker with more than one thread is a
    gthread worker (Config.worker_class)."""
    x = worker_class.x
    if isinstance(x, Branch):
        cases = tuple((label, resolve(case, threads, command, module).kind) for label, case in x.cases)
        return Worker(replace(worker_class, x=Branch(x.on, cases)), replace(worker_class, x=""))
    dotted = x.dotted if isinstance(x, External) else x if isinstance(x, str) else ""
    cls = x.cls if isinstance(x, ClassRef) else None
    if cls is None and "." in dotted and _last(dotted) not in KINDS:
        cls, module = own_class(dotted, command)
    base = library_class(cls, module) if cls else replace(worker_class, x=dotted if "." in dotted else "")
    name = _last(base.x if cls else dotted)
    if not name or (cls is None and "." in dotted and name not in KINDS):
        return Worker(replace(worker_class, x=_unknown(x, dotted)), base, cls)
    kind = replace(worker_class, x=KINDS.get(name, name))
    return Worker(threaded(kind, threads) if kind.x == "sync" else kind, base, cls)


def _unknown(x: Any, dotted: str) -> Unknown:
    if dotted:
        return Unknown(f"what kind of worker {dotted} is can't be told from the repository", dotted)
    return x if isinstance(x, Unknown) else Unknown("the kind of the worker class is not known")


def _last(dotted: str) -> str:
    return dotted.removeprefix("egg:gunicorn#").rpartition(".")[2]


def threaded(kind: Value[str], threads: Value[Any]) -> Value[str]:
    """What becomes of `sync`."""
    if isinstance(threads.x, int | Range):
        least, most = (threads.x.low, threads.x.high) if isinstance(threads.x, Range) else (threads.x, threads.x)
        if least > 1 or most <= 1:
            return replace(kind, x="gthread" if least > 1 else "sync").also(threads)
    return replace(kind, x=Unknown("whether threads is more than 1 is not known")).also(threads)


def own_class(dotted: str, command: Command | None) -> tuple[Class | None, Module | None]:
    """A class of the repository by its full name, and the module that it is in."""
    path, _, name = dotted.rpartition(".")
    if command is None or command.files is None:
        return None, None
    files = command.files
    cwd = command.directory
    source = files.module(path, cwd)
    if not isinstance(source, SourceFile):
        return None, None
    module = python.read(source, command.env, lambda other: files.module(other, cwd))
    return module.classes.get(name), module


def library_class(cls: Class, module: Module | None) -> Value[str]:
    """The library's worker class that a class of the repository derives from; empty where none is known."""
    for each in cls.ancestors():
        for base in each.bases:
            if _last(base) in KINDS:
                imported = (b for b in module.bindings.values() if b.by == "import") if module else ()
                places = (b.place for b in imported if isinstance(b.value.x, External) and b.value.x.dotted == base)
                return Value(base, (next(places, each.place),))
    return Value("", (cls.place,))


IGNORED = ("app", "host", "port", "uds", "fd", "reload", "workers", "env_file", "app_dir", "factory", "version", "use_colors")
"""Settings of uvicorn that do nothing in a worker: gunicorn has opened the sockets and started the processes."""
FROM_GUNICORN = {
    "timeout_keep_alive": "keepalive",
    "limit_max_requests": "max_requests",
    "forwarded_allow_ips": "forwarded_allow_ips",
    "backlog": "backlog",
    "timeout_notify": "timeout",
}
"""What the worker takes over from gunicorn's settings; CONFIG_KWARGS wins over it."""
H11 = {"loop": "asyncio", "http": "h11"}
"""UvicornH11Worker's own CONFIG_KWARGS."""


def uvicorn_settings(
    worker: Worker, settings: Mapping[str, Setting], table: Facts, head: Place
) -> tuple[dict[str, Setting], list[Setting]]:
    """uvicorn's settings inside of the worker, and keys of CONFIG_KWARGS that uvicorn does not know. `table` is uvicorn's."""
    layer, strange = _config_kwargs(worker, table)
    default = from_table("uvicorn", head)
    fixed = H11 if layer.unread is None and not layer.settings and _last(str(worker.base.x)) == "UvicornH11Worker" else {}

    def inherited(row: Row) -> Setting:
        own = settings.get(FROM_GUNICORN.get(row.name, ""))
        if own is None:
            held = default(row)
            return replace(held, value=replace(held.value, x=fixed[row.name])) if row.name in fixed else held
        return replace(own, name=row.name, row=row, value=_taken_over(row, own.value, settings))

    told = (row for name, row in table.rows.items() if name not in IGNORED and not name.startswith(("reload_", "ssl_")))
    return effective(told, [layer], inherited), strange


def _taken_over(row: Row, value: Value[Any], settings: Mapping[str, Setting]) -> Value[Any]:
    """gunicorn's value as the worker hands it on: half of the timeout, and the number of requests with its jitter, or no
    limit for 0 (gunicorn/workers/base.py)."""
    if row.name == "timeout_notify":
        return value.map(lambda seconds: seconds / 2 if isinstance(seconds, Seconds) else seconds)
    if row.name != "limit_max_requests":
        return value
    jitter = settings["max_requests_jitter"].value if "max_requests_jitter" in settings else Value(0)
    return value.map(lambda most: _with_jitter(most, jitter.x)).also(jitter)


def _with_jitter(most: Any, jitter: Any) -> Any:
    if not isinstance(most, int) or most == 0 or jitter == 0:
        return most or None
    return Range(most, most + jitter) if isinstance(jitter, int) else Unknown("the jitter is not known")


def _config_kwargs(worker: Worker, table: Facts) -> tuple[Layer, list[Setting]]:
    """A class's own CONFIG_KWARGS takes the place of its base's, all of it."""
    kwargs = worker.cls.attribute("CONFIG_KWARGS") if worker.cls else None
    if kwargs is None:
        return Layer(), []
    if not isinstance(kwargs.x, Table):
        return Layer(unread=Unknown("CONFIG_KWARGS is not known", "CONFIG_KWARGS")), []
    layer, strange = from_mapping(table, kwargs.x, as_given)
    why = "uvicorn.Config takes no argument of this name: the worker ends with a TypeError"
    return layer, [replace(each, refused=why) for each in strange]
