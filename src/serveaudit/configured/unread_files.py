"""Configuration files that no start reads, and files that a start names and that are not there.

Sources: gunicorn/app/base.py (load_config): `-c`, else ./gunicorn.conf.py of the directory in which it is started; hypercorn
has no default file, and uvicorn reads none at all.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from serveaudit.deployment import Process
from serveaudit.source import SourceFile
from serveaudit.values import Place, Value

_FOR_UVICORN = re.compile(r"(^|/)uvicorn[_.-]?conf(ig)?(uration)?\.py$")
_SCRIPT = re.compile(
    r"(?i)\.(sh|ya?ml|service|conf|ini|toml|env)$|dockerfile|procfile|makefile|justfile|entrypoint|(^|/)[\w-]+$"
)
_MISSING = re.compile(r"there is no file (\S+)|(\S+) is not in the repository")
"""What the programs' readers say of a file that is named and not found."""


def never_read(process: Process) -> Value[str]:
    """The configuration file that lies beside a start and that this one does not read; None where there is none. Where the
    directory of the start is not known, it may read it."""
    server, command = process.server, process.server.command
    if command is None or not command.cwd.known or server.bad_flags or not _has_its_files(process):
        return Value(None)
    if server.config is not None:
        found = [other for other in _left_over(process) if other.path == _usual(process) and not _named(other.path, process)]
    elif server.program == "uvicorn":
        found = _of_worker(process)
    elif server.program in ("gunicorn", "hypercorn") and server.value("config").known and _unnamed(process):
        found = [other for other in _left_over(process) if _together(other.path, process) and not _named(other.path, process)]
    else:
        return Value(None)
    if len(found) != 1:
        return Value(None)
    return Value(found[0].path, (server.place, Place(found[0].line_span(1))), command.cwd.assumes)


def _usual(process: Process) -> str:
    """The file that gunicorn would find by itself where it is started, had it not been given another one."""
    command = process.server.command
    if process.server.program != "gunicorn" or command is None or command.files is None:
        return ""
    found = command.files.read("gunicorn.conf.py", str(command.cwd.x))
    return found.path if isinstance(found, SourceFile) else ""


def missing(process: Process) -> Value[str]:
    """The file that a start names, that is not where it looks, and that lies elsewhere in the repository; None where it is
    found, or may come from outside."""
    server = process.server
    told = ((_MISSING.fullmatch(problem.message), problem.span) for problem in server.problems)
    path, span = next(((found[1] or found[2], span) for found, span in told if found), ("", None))
    path = path.removeprefix("file:").partition(".ini:")[0] + (".ini" if ".ini:" in path else "")
    known = server.command is not None and server.command.cwd.known and _has_its_files(process)
    if span is None or not path or path.startswith("python:") or not known or not _inside_of_mounts(path, process):
        return Value(None)
    repository = process.running.files.repository
    elsewhere = [each for each in repository.paths if posixpath.basename(each) == posixpath.basename(path)]
    if len(elsewhere) != 1 or elsewhere[0].endswith(posixpath.normpath(path)):
        return Value(None)
    place = Place(repository.read(elsewhere[0]).line_span(1), note="a file of this name lies here")
    return Value(path, (Place(span), place))


def _inside_of_mounts(path: str, process: Process) -> bool:
    """Whether an absolute path lies where files of the repository are copied to or mounted."""
    targets = [mount.target.rstrip("/") for mount in process.running.machine.mounts if mount.source is not None]
    return not path.startswith("/") or any(path.startswith(f"{target}/") for target in targets)


def _has_its_files(process: Process) -> bool:
    """Whether it is known what lies where: on a host, or in a container into which the repository is copied or mounted."""
    return process.running.machine.kind == "host" or any(mount.source is not None for mount in process.running.machine.mounts)


def _named(path: str, process: Process) -> bool:
    """Whether a script or a description names a file of this name as somebody's configuration, read by us or not."""
    name = re.escape(posixpath.basename(path))
    option = re.compile(rf"(-c|--config|--conf|--ini|CMD_ARGS)\b[^\n]*{name}")
    files = process.running.files
    texts = (files.text(each) for each in files.repository.paths if _SCRIPT.search(each))
    return any(isinstance(text, SourceFile) and option.search(text.text) for text in texts)


def _unnamed(process: Process) -> bool:
    """Whether the start names no file. gunicorn's default is shown as a value; whether it was found, `config` tells."""
    setting = process.server.settings.get("config")
    return setting is not None and setting.origin == "default"


def _left_over(process: Process) -> Iterator[SourceFile]:
    """The configurations of the same program that no command of any deployment reads."""
    for context in process.running.context.peers:
        for other in context.processes:
            if other.server.program == process.server.program and other.server.command is None and other.server.config:
                yield other.server.config


def _together(path: str, process: Process) -> bool:
    """Whether a file and a start belong to one project: one lies in the directory of the other, or below it."""
    mine, other = posixpath.dirname(process.server.place.span.path), posixpath.dirname(path)
    return _inside(mine, other) or _inside(other, mine)


def _inside(folder: str, other: str) -> bool:
    return not other or folder == other or folder.startswith(other + "/")


def _of_worker(process: Process) -> list[SourceFile]:
    """A file that is written for uvicorn by its name, and that gunicorn does not read."""
    if any(other.server.program == "gunicorn" for context in process.running.context.peers for other in context.processes):
        return []
    files = process.running.files
    paths = [path for path in files.repository.paths if _FOR_UVICORN.search(path) and _together(path, process)]
    texts = [text for path in paths if isinstance(text := files.text(path), SourceFile)]
    return [text for text in texts if re.search(r"CONFIG_KWARGS|^(host|port|workers|bind)\s*=", text.text, re.MULTILINE)]
