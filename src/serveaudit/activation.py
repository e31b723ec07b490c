"""Sockets that systemd opens for a service: what is written there holds, and not the server's own address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serveaudit.launching import Machine, Unit
from serveaudit.serving import Listener, Server
from serveaudit.units import Address
from serveaudit.values import Items, Value


def socket_of(unit: Unit | None, machine: Machine) -> Unit | None:
    """The socket unit that starts a service; None where there is none."""
    if unit is None or unit.manager != "systemd":
        return None
    return next((each for each in machine.units if each.name.endswith(".socket") and _starts(each, unit)), None)


def _starts(socket: Unit, service: Unit) -> bool:
    return bool(socket.keys.get("Service", Value(None)).x == service.name)


def activated(server: Server, unit: Unit | None, machine: Machine) -> Value[Any] | None:
    """The listeners that a server is handed by systemd; None where it opens its own. gunicorn takes what it is handed instead
    of `bind` (gunicorn/sock.py); the others only a descriptor that they are told of."""
    socket = socket_of(unit, machine)
    if socket is None or not (server.program == "gunicorn" or _takes_descriptor(server)):
        return None
    streams = socket.keys.get("ListenStream", Value(Items(())))
    own = next(iter(server.listeners.x), None) if isinstance(server.listeners.x, Items) else None
    first = own if isinstance(own, Listener) else Listener(Value(None))
    members = tuple(replace(first, address=stream, setting="ListenStream") for stream in streams.x)
    return Value(Items(members), streams.places) if members else None


def _takes_descriptor(server: Server) -> bool:
    listeners = server.listeners.x if isinstance(server.listeners.x, Items) else ()
    return any(isinstance(each.address.x, Address) and each.address.x.kind == "fd" for each in listeners)
