"""Variables that are meant for a server and that it does not read.

Sources: gunicorn/config.py (WEB_CONCURRENCY is a default only), uvicorn/config.py and main.py (UVICORN_ variables are those of
the command line), hypercorn/config.py (none at all), granian/cli.py, daphne/cli.py, waitress/runner.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from serveaudit.deployment import Process
from serveaudit.formats import dotenv
from serveaudit.invocation import basename
from serveaudit.serving import Setting
from serveaudit.source import SourceFile
from serveaudit.values import Partial, Place, Value

_NO_CONCURRENCY = ("hypercorn", "daphne", "granian", "waitress", "uwsgi")
_READ_IN = re.compile(r"(?i)\.(py|sh|bash|ini|toml|conf)$|entrypoint|(^|/)[\w-]+$|makefile|procfile")


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A variable that a start sets, and why its server does not read it; `beside` is what holds instead."""

    name: str
    why: str
    place: Place
    beside: Place | None = None


def unread(process: Process) -> Iterator[Variable]:
    """The variables of a start that nobody reads, neither the server nor another file of the repository."""
    command = process.server.command
    for name, value in command.env.variables.items() if command is not None else ():
        found = _reason(name, process)
        if found and value.places and value.x is not None and not _read_elsewhere(name, process):
            why, beside = found
            yield Variable(name, why, value.places[0], beside)
    yield from _of_env_file(process)


def _of_env_file(process: Process) -> Iterator[Variable]:
    """Options in the file of uvicorn's --env-file: it is read when the options are settled, for the application."""
    command, named = process.server.command, process.server.value("env_file")
    if process.server.program != "uvicorn" or command is None or command.files is None or not isinstance(named.x, str):
        return
    file = command.files.read(named.x, command.directory)
    for each in dotenv.parse(file) if isinstance(file, SourceFile) else ():
        if each.name.startswith("UVICORN_"):
            yield Variable(each.name, "uvicorn has read its options when it reads --env-file", Place(each.text.whole()))


def _reason(name: str, process: Process) -> tuple[str, Place | None] | None:
    server = process.server
    if name == "WEB_CONCURRENCY":
        workers = server.settings.get("workers")
        if server.program in _NO_CONCURRENCY:
            return f"{server.program} does not read it", None
        stronger = workers is not None and workers.origin in ("written", "flag") and workers.value.known
        reads = workers is None or f"env:{name}" in workers.value.depends or workers.value.x is None
        if workers is not None and stronger and not reads and server.program in ("gunicorn", "uvicorn"):
            return "it is a default only, and the number of workers is given", workers.place
    if name.startswith("HYPERCORN_") and server.program == "hypercorn":
        return "hypercorn reads no variables", None
    if name.startswith("UVICORN_") and server.program == "uvicorn" and _called_from_python(process):
        return "uvicorn.run() reads no variables, only the command line does", None
    return None


def _called_from_python(process: Process) -> bool:
    """Whether a script of the repository calls uvicorn, and not its command line."""
    command = process.server.command
    return command is not None and basename(command.argv[0]) != "uvicorn" and command.word(2) != "uvicorn"


def _read_elsewhere(name: str, process: Process) -> bool:
    """Whether a file of the repository that is run or read by a program says the name."""
    files = process.running.files
    word = re.compile(rf"\b{name}\b(?!\s*[=:])|environ\S*{name}")
    texts = (files.text(path) for path in files.repository.paths if _READ_IN.search(path))
    return any(isinstance(text, SourceFile) and word.search(text.text) for text in texts)


def injected(setting: Setting, process: Process) -> Value[str]:
    """The variable that Kubernetes sets because a Service has the name of the server's program (UVICORN_PORT=tcp://…), and that
    the server takes for its option; None where there is none."""
    command, variable = process.server.command, setting.row.env if setting.row is not None else ""
    if setting.origin != "environment" or command is None or not variable:
        return Value(None)
    value = command.env.variables.get(variable, Value(None))
    text = str(value.x) if isinstance(value.x, str | Partial) else ""
    return Value(f"{variable}={text}", value.places) if re.match(r"(tcp|udp)://", text) else Value(None)
