"""Sockets that a manager opens for a server: what is written there holds, and not the server's own address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serveaudit.launching import Machine, Unit
from serveaudit.serving import Listener, Server
from serveaudit.units import Address
from serveaudit.values import Items, Unknown, Value


def socket_of(unit: Unit | None, machine: Machine) -> Unit | None:
    """The socket unit that starts a service; None where there is none."""
    if unit is None or unit.manager != "systemd":
        return None
    return next((each for each in machine.units if each.name.endswith(".socket") and _starts(each, unit)), None)


def _starts(socket: Unit, service: Unit) -> bool:
    return bool(socket.keys.get("Service", Value(None)).x == service.name)


def activated(server: Server, unit: Unit | None, machine: Machine) -> Value[Any] | None:
    """The listeners that a server is handed by systemd or supervisord; None where it opens its own. gunicorn takes what
    systemd hands it instead of `bind` (gunicorn/sock.py); the others only a descriptor that they are told of."""
    if unit is not None and unit.manager == "supervisor" and "socket" in unit.keys and _takes_descriptor(server):
        return server.listeners.map(lambda items: Items(tuple(_as_opened(each, unit.keys["socket"]) for each in items)))
    socket = socket_of(unit, machine)
    if socket is None or not (server.program == "gunicorn" or _takes_descriptor(server)):
        return None
    streams = socket.keys.get("ListenStream", Value(Items(())))
    own = next(iter(server.listeners.x), None) if isinstance(server.listeners.x, Items) else None
    first = own if isinstance(own, Listener) else Listener(Value(None))
    members = tuple(replace(first, address=stream, setting="ListenStream") for stream in streams.x)
    return Value(Items(members), streams.places) if members else None


def _as_opened(listener: Listener, socket: Value[Any]) -> Listener:
    """A listener at a descriptor as the `socket` of its `[fcgi-program:x]`, which supervisord opens; any other one as it is."""
    if not (isinstance(listener.address.x, Address) and listener.address.x.kind == "fd"):
        return listener
    return replace(listener, address=socket.map(_opened), setting="socket")


def _opened(url: str) -> Address | Unknown:
    """The address of `tcp://localhost:8001` or `unix:///run/x.sock`; supervisord takes IPv4 alone (supervisor/datatypes.py)."""
    kind, _, rest = url.partition("://")
    host, _, port = rest.rpartition(":")
    if kind == "unix":
        return Address("unix", path=rest)
    if kind == "tcp" and port.isdecimal() and len(port) < 6:
        return Address("tcp", "127.0.0.1" if host == "localhost" else host, int(port))
    return Unknown(f"{url!r} is no socket of supervisord's")


def _takes_descriptor(server: Server) -> bool:
    listeners = server.listeners.x if isinstance(server.listeners.x, Items) else ()
    return any(isinstance(each.address.x, Address) and each.address.x.kind == "fd" for each in listeners)
