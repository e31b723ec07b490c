"""daphne: its command line. It reads no configuration file, and of the environment only ASGI_THREADS (daphne/cli.py)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from serveaudit.arguments import ARGPARSE, Arguments, started
from serveaudit.command import Command
from serveaudit.invocation import head
from serveaudit.keywords import with_word
from serveaudit.listening import address_of, tcp
from serveaudit.precedence import effective, from_table
from serveaudit.serving import BadFlag, Listener, Server, Setting
from serveaudit.units import Address, Seconds
from serveaudit.values import Items, Unknown, Value

EXECUTABLES = ("daphne",)


def start(command: Command) -> Server | None:
    """The server that the command starts; None where it starts something else."""
    begun = started(command, "daphne", ARGPARSE, EXECUTABLES, EXECUTABLES)
    if begun is None:
        return None
    server, table, line = begun
    server.bad_flags += _alone(line)
    layer = with_word(line.layer("daphne"), table.row("application"), line.words[0] if line.words else None)
    server.settings = effective(table.rows.values(), [layer], from_table("daphne", head(command)))
    endpoints = server.settings["socket_strings"]
    server.settings["socket_strings"] = replace(endpoints, refused=_no_endpoint(endpoints.value))
    server.app = server.value("application")
    server.interface = Value("asgi")
    server.listeners = _listeners(server)
    server.graceful_timeout = Value(Seconds(0), (head(command),))  # SIGTERM drops what is running
    return server


def _alone(line: Arguments) -> list[BadFlag]:
    """`--proxy-headers-host` and `-port` end with a traceback without `--proxy-headers`."""
    given = {each.row.name: each for each in line.given}
    if "proxy_headers" in given or line.unread is not None:
        return []
    needy = [given[name] for name in ("proxy_headers_host", "proxy_headers_port") if name in given]
    why = "--proxy-headers is wanted beside it; it exits with status 1"
    return [BadFlag(each.spelled, each.place, "--proxy-headers", True, why) for each in needy]


_KINDS = ("tcp", "tcp6", "ssl", "unix", "fd", "systemd", "stdio", "tls", "haproxy", "autobahn", "txsni", "lets", "le", "onion")
"""Twisted's own endpoints and those of plugins."""


def _no_endpoint(endpoints: Value[Any]) -> str:
    """Why Twisted does not take one of the endpoints: it is an address, or its port is no number."""
    for text in endpoints.x if isinstance(endpoints.x, Items) else ():
        written = text.x if isinstance(text.x, str) else "tcp:80"
        kind = written.partition(":")[0]
        if kind not in _KINDS:
            return f"{kind} is no kind of endpoint: tcp:8000:interface=127.0.0.1 is one"
        if kind in _KINDS[:3] and parse_endpoint(written) is None:
            return f"{written} has no port"
    return ""


def _listeners(server: Server) -> Value[Items]:
    """Everything that is given is opened: host and port (each with a default for the other), a socket file, a descriptor, and
    each endpoint. Nothing given: 127.0.0.1:8000."""
    host, port = server.settings["host"], server.settings["port"]
    unix, descriptor, endpoints = (server.value(name) for name in ("unix_socket", "file_descriptor", "socket_strings"))
    if isinstance(endpoints.x, Unknown):
        return endpoints
    found = [endpoint_listener(text) for text in endpoints.x]
    others = bool(found) or unix.x not in (None, "") or descriptor.x is not None
    if host.value.x not in (None, "") or port.value.x is not None or not others:
        found.insert(0, Listener(tcp(_or(host, "127.0.0.1"), _or(port, 8000)), setting="host"))
    if unix.x not in (None, ""):
        found.append(Listener(unix.map(lambda path: Address("unix", path=str(path))), setting="unix_socket"))
    if descriptor.x is not None:
        found.append(Listener(descriptor.map(lambda number: Address("fd", path=str(number))), setting="file_descriptor"))
    return Value(Items(tuple(found)), tuple(place for each in found for place in each.address.places[:1]))


def _or(setting: Setting, default: Any) -> Value[Any]:
    return Value(default).also(setting.value) if setting.value.x in (None, "") else setting.value


def endpoint_listener(text: Value[Any]) -> Listener:
    """One `-e`, in Twisted's language: `tcp:8000:interface=::`, `ssl:443:privateKey=…`, `unix:/run/a.sock`, `fd:fileno=0`."""
    secure = str(text.x).startswith("ssl:") if isinstance(text.x, str) else False
    return Listener(address_of(text, parse_endpoint), tls=Value(secure, text.places), setting="socket_strings")


def parse_endpoint(written: str) -> Address | None:
    """What an endpoint listens at; None for a kind that is not Twisted's own, and for one that can't be read. TCP endpoints
    listen at every address where they name no interface."""
    kind, *rest = (re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\):", written))
    named = dict(part.split("=", 1) for part in rest if "=" in part)
    first = next((part for part in rest if "=" not in part), "")
    if kind in ("tcp", "tcp4", "tcp6", "ssl"):
        port = named.get("port", first)
        host = named.get("interface", "::" if kind == "tcp6" else "")
        return Address("tcp", host=host.strip("[]"), port=int(port)) if port.isdecimal() and int(port) < 65536 else None
    if kind == "unix":
        return Address("unix", path=named.get("address", first))
    if kind == "fd":
        return Address("fd", path=named.get("fileno", first))
    return Address("fd", path=named.get("index", named.get("name", "0"))) if kind == "systemd" else None
