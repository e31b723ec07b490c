"""gunicorn's control socket: where it lies, and what keeps it from being there.

Source: gunicorn/config.py (`_get_default_control_socket`; 25.1.0 takes the working directory), ctl/server.py.
"""

from __future__ import annotations

import posixpath

from serveaudit import starts
from serveaudit.deployment import Process, listeners_of
from serveaudit.values import Unknown, Value
from serveaudit.words import word

_SINCE, _AT_HOME_SINCE = "25.1.0", "25.2.0"
_HOMES = {"root": "/root", "0": "/root", "nobody": "/nonexistent", "www-data": "/var/www"}
"""Home directories in images of Debian. (base-passwd)"""
_HOMELESS = ("nobody", "www-data")
"""Users who can't write to their homes there."""
_PASSING = ("/tmp", "/run", "/var/run", "/var/tmp", "/dev", "/var/cache", "/var/log")


class ServerControl:
    """Of a server."""

    process: Process

    @word("no place for the control socket")
    def control_socket_trouble(self) -> Value[str]:
        """Why gunicorn can't open its control socket, or loses it; None where it has none, or nothing is against it."""
        if not _may_have_one(self.process):
            return Value(None)
        found = _unwritable(self.process)
        found = _shared(self.process) if found.x is None else found
        if found.x is None:
            return found
        there = self.process.installed.at_least("gunicorn", _SINCE)
        return found.also(there) if there.x is True else Value(there.x or None, there.places)


def _may_have_one(process: Process) -> bool:
    server = process.server
    return server.program == "gunicorn" and server.command is not None and server.value("control_socket_disable").x is not True


def _directory(process: Process) -> Value[str]:
    """The directory of the socket; empty: the home of whoever runs it, which is not known."""
    server, command = process.server, process.server.command
    given = server.value("control_socket")
    if isinstance(given.x, Unknown) or command is None:
        return given
    if given.x is None and process.installed.at_least("gunicorn", _AT_HOME_SINCE).x is True:
        return _home(process)
    path = posixpath.join(command.directory, str(given.x or "gunicorn.ctl"))
    chdir = server.value("chdir")
    path = posixpath.join(str(chdir.x), path) if isinstance(chdir.x, str) else path
    return (
        Value(posixpath.dirname(path), given.places) if path.startswith("/") else Value(Unknown("its directory is not known"))
    )


def _home(process: Process) -> Value[str]:
    """$XDG_RUNTIME_DIR where it is set, else the home directory."""
    command, unit = process.server.command, process.running.unit
    for name in ("XDG_RUNTIME_DIR", "HOME"):
        said = command.env.get(name) if command is not None else Value(None)
        if said.x is not None:
            return said
    user = starts.user_of(process.running)
    if not isinstance(user.x, str | None):
        return user
    in_container = unit is not None and unit.manager in starts.CONTAINERS
    return Value(_HOMES.get(user.x or "root", "") if in_container else "", user.places)


def _unwritable(process: Process) -> Value[str]:
    """In a container: a read-only file system, or a user without a home of its own."""
    unit = process.running.unit
    if unit is None or unit.manager not in starts.CONTAINERS:
        return Value(None)
    directory, read_only = _directory(process), starts.read_only(unit)
    if read_only.x is True:
        if isinstance(directory.x, Unknown):
            return Value(directory.x, directory.places)
        if _may_be_written(process, directory.x or ""):
            return Value(None)
        return read_only.map(lambda _: f"nothing can be written {f'in {directory.x}' if directory.x else 'at home'}")
    homeless = unit.user.x in _HOMELESS and directory.x == _HOMES[str(unit.user.x)]
    if not homeless or _is_made(process, str(directory.x)) or _may_be_written(process, str(directory.x)):
        return Value(None)
    return unit.user.map(lambda user: f"{user} can't write to {directory.x}, its home")


def _may_be_written(process: Process, directory: str) -> bool:
    """Whether something that can be written is mounted there; anywhere but at the usual places, for a directory not known."""
    if directory:
        return starts.writable(process.running, directory).x is True
    mounts = process.running.machine.mounts
    return any(
        not each.read_only and each.kind in ("tmpfs", "volume", "bind") and not _is_passing(each.target) for each in mounts
    )


def _is_passing(target: str) -> bool:
    return any(f"{target}/".startswith(f"{each}/") for each in _PASSING)


def _is_made(process: Process, directory: str) -> bool:
    """Whether the image's build does something about a directory, or about users."""
    machine = process.running.machine
    return any(starts.built_with(machine, text).x is True for text in (directory, "usermod"))


def _shared(process: Process) -> Value[str]:
    """That another gunicorn of the same user, which listens elsewhere, takes the same path."""
    own = _identity(process)
    for other in process.running.context.processes:
        if other is process or own is None or other.running.machine is not process.running.machine:
            continue
        run_together = _manager(process) == _manager(other) and not (_depends(process) or _depends(other))
        if run_together and _may_have_one(other) and _identity(other) == own and _listens_elsewhere(process, other):
            return Value("another gunicorn has it at the same path", (other.server.place,))
    return Value(None)


def _manager(process: Process) -> str:
    return process.running.unit.manager if process.running.unit else ""


def _depends(process: Process) -> bool:
    """Whether something has to hold for it to be started at all: it may be one of two ways."""
    followed = process.running.followed
    return followed is not None and bool(followed.conditions)


def _identity(process: Process) -> tuple[str, str] | None:
    """What two processes share that have their sockets at one path; None where that is not known. The home of one user is
    one path, whatever it is."""
    directory = _directory(process)
    unit = process.running.unit
    if not isinstance(directory.x, str) or unit is None or not isinstance(unit.user.x, str | None):
        return None
    if directory.x:
        return directory.x, posixpath.basename(str(process.server.value("control_socket").x or "gunicorn.ctl"))
    return "~", unit.user.x or "root"


def _listens_elsewhere(process: Process, other: Process) -> bool:
    """Whether both run side by side: two descriptions of one service have the same address."""
    own, others = ({each.address.x for each in listeners_of(one)} for one in (process, other))
    return bool(own) and bool(others) and not own & others and not any(isinstance(x, Unknown) for x in own | others)
