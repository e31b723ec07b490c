"""Packages that a setting needs, and that a complete list of packages leaves out.

Sources: uvicorn/config.py and its [standard] extra, hypercorn/run.py and pyproject.toml, gunicorn/config.py.
"""

from __future__ import annotations

from serveaudit.configured.written import program_of
from serveaudit.deployment import Process
from serveaudit.serving import Setting
from serveaudit.values import Items, Value

_NEEDS = {
    ("uvicorn", "loop", "uvloop"): "uvloop",
    ("uvicorn", "http", "httptools"): "httptools",
    ("uvicorn", "ws", "websockets"): "websockets",
    ("uvicorn", "ws", "websockets-sansio"): "websockets",
    ("uvicorn", "ws", "wsproto"): "wsproto",
    ("hypercorn", "worker_class", "uvloop"): "uvloop",
    ("hypercorn", "worker_class", "trio"): "trio",
    ("gunicorn", "asgi_loop", "uvloop"): "uvloop",
    ("granian", "loop", "uvloop"): "uvloop",
    ("granian", "loop", "rloop"): "rloop",
}


def missing(setting: Setting, process: Process) -> Value[str]:
    """The package that is missing; None where none is, unknown where the list may not be complete."""
    if setting.refused or setting in process.server.strange:
        return Value(None)
    program, x = program_of(setting, process), setting.value.x
    package = _NEEDS.get((program, setting.name, x), "") if isinstance(x, str) else ""
    members = x.plain if isinstance(x, Items) else []
    if program == "hypercorn" and setting.name == "quic_bind" and members:
        package = "aioquic"
    if program == "gunicorn" and setting.name == "http_protocols" and "h2" in members and process.server.value("certfile").x:
        package = "h2"
    if not package:
        return Value(None)
    lacks = process.installed.lacks(package)
    return lacks.map(lambda there_is_none: package if there_is_none else None).at(setting.place)
