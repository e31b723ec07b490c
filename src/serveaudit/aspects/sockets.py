"""Whether nginx can reach a socket file: the directory that it sees, and the file's permissions."""

from __future__ import annotations

from typing import Any

from serveaudit import served, starts
from serveaudit.deployment import Pairing, Process, Proxy
from serveaudit.values import Place, Unknown, Value
from serveaudit.words import word

_TEMPORARY = ("/tmp/", "/var/tmp/")
_USUAL = frozenset({"www-data", "nginx", "http", "apache", "www", "nobody"})
"""Whom the packages' own nginx.conf lets the workers run as."""


class RouteSockets:
    """Of a location."""

    proxy: Proxy
    pairs: list[Pairing]

    @property
    def _through_file(self) -> list[Pairing]:
        """The pairs of a socket file on one and the same machine."""
        own = self.proxy.running.machine
        return [pair for pair in self.pairs if pair.peer == "unix" and pair.process.running.machine is own]

    @word("the service has a /tmp of its own")
    def private_directory(self) -> Value[str]:
        """The line that gives a service a /tmp of its own, in which its socket lies; None where nginx sees the same one."""
        for pair in self._through_file:
            if pair.listener.setting == "ListenStream":
                continue  # systemd itself opens it, outside
            unit = pair.process.running.unit
            path = pair.target.path
            if unit is None or unit.manager != "systemd" or not path.startswith(_TEMPORARY) or "JoinsNamespaceOf" in unit.keys:
                continue
            for key in ("PrivateTmp", "DynamicUser"):
                value = unit.keys.get(key, Value(None))
                if value.x is True or value.x == "disconnected":
                    return Value(key, value.places, value.assumes, value.depends)
        return Value(None)

    @word("only its owner may connect: {it}")
    def closed_socket(self) -> Value[str]:
        """The mode of a socket file that nginx's workers may not write, by which they connect; None where they may; unknown
        where it hangs on a group."""
        for pair in self._through_file:
            if pair.listener.setting != "ListenStream":
                found = _closed(pair.process, self.proxy)
                if found.x is not None:
                    return found
        return Value(None)

    @word("below a home directory")
    def socket_at_home(self) -> Value[str]:
        """The socket's path, where it lies below the home directory of a user of the host, which nginx may not enter; None
        where it may."""
        for pair in self._through_file if self.proxy.running.machine.kind == "host" else ():
            found = served.below_closed_home(self.proxy, Value(pair.target.path, pair.listener.address.places))
            if found.x is not None:
                return found
        return Value(None)


def _closed(process: Process, proxy: Proxy) -> Value[Any]:
    mode = _mode(process)
    if not isinstance(mode.x, int):
        return mode
    users, owner = _nginx_users(proxy), _owner(process)
    if mode.x & 0o002 or "root" in users or owner.x in users:
        return Value(None)
    if mode.x & 0o020:
        return Value(Unknown("which groups nginx is in is not known", "groups"), mode.places)
    if not isinstance(owner.x, str):
        return Value(owner.x if isinstance(owner.x, Unknown) else Unknown("whom the server runs as is not known", "user"))
    places = mode.places or tuple(place for place in (process.server.place,) if place)
    return Value(f"0{mode.x:o}", (*places, *owner.places), mode.assumes, mode.depends)


def _mode(process: Process) -> Value[Any]:
    """A server's mode for its socket file, as measured (tests/proofs/test_wiring.py); unknown where it has not been."""
    server = process.server
    head: tuple[Place, ...] = (server.place,) if server.place else ()
    if server.program == "gunicorn":
        return server.value("umask").map(lambda umask: 0o777 & ~int(umask))
    if server.program == "uvicorn":
        return Value(0o666, head)
    if server.program == "waitress":
        return server.value("unix_socket_perms").map(lambda perms: perms if isinstance(perms, int) else int(str(perms), 8))
    if server.program == "hypercorn":
        umask = server.value("umask")
        return umask.map(lambda said: 0o777 & ~int(said)) if umask.x is not None else Value(0o755, head)
    if server.program == "uwsgi":
        return _of_uwsgi(process, head)
    return Value(Unknown(f"the mode of {server.program}'s socket has not been measured"))


def _of_uwsgi(process: Process, head: tuple[Place, ...]) -> Value[Any]:
    given, umask = process.server.value("chmod-socket"), process.server.value("umask")
    if umask.x not in (None, ""):
        return Value(Unknown("uWSGI's umask decides"), umask.places)
    if given.x in (None, "", False):
        return Value(0o755, given.places or head)
    if given.x is True:
        return given.map(lambda _: 0o666)
    return given if isinstance(given.x, int | Unknown) else Value(Unknown(f"{given.x}: no mode"), given.places)


def _owner(process: Process) -> Value[Any]:
    """Whom the socket file belongs to."""
    server, running = process.server, process.running
    for name in ("chown-socket", "uid", "user"):
        value = server.value(name)
        if isinstance(value.x, str) and value.x and any(place.how.value != "default" for place in value.places):
            return value.map(lambda said: said.partition(":")[0])
        if isinstance(value.x, Unknown):
            return value
    given = starts.user_of(running)
    if given.x is not None:
        return given
    systemd = running.unit is not None and running.unit.manager == "systemd"
    return Value("root") if systemd else Value(None)


def _nginx_users(proxy: Proxy) -> frozenset[str]:
    """Whom nginx's workers may run as: as its main file says, else anyone whom the packages let them."""
    lines = proxy.config.main.scope.own("user") if proxy.config.main is not None else ()
    return frozenset(lines[-1].texts[:1]) if lines and lines[-1].args else _USUAL
