"""waitress: `waitress-serve` and `waitress.serve(…)`. It reads no configuration file and no variables
(waitress/adjustments.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from serveaudit.arguments import GETOPT, started
from serveaudit.command import Command
from serveaudit.conversion import Refused, bounded, octal, whole
from serveaudit.formats.python import Module
from serveaudit.invocation import head
from serveaudit.keywords import from_call
from serveaudit.listening import listeners, tcp
from serveaudit.precedence import Layer, effective, from_table
from serveaudit.serving import BadFlag, Listener, Row, Server, Setting
from serveaudit.tables import Facts, facts
from serveaudit.units import Address, Seconds
from serveaudit.values import Items, Place, Value

EXECUTABLES = ("waitress-serve",)
MODULES = ("waitress",)
CALLS = ("waitress.serve", "waitress.server.create_server", "waitress.create_server")


def start(command: Command) -> Server | None:
    """The server that the command starts; None where it starts something else."""
    begun = started(command, "waitress", GETOPT, EXECUTABLES, MODULES)
    if begun is None:
        return None
    server, table, line = begun
    layer = line.layer("waitress", _from_word)
    server.bad_flags += [
        BadFlag(spelled, layer.settings[name].place, refused=True, why=f"{why}; it exits with status 1")
        for name, spelled, why in _contradictions(layer)
    ]
    return _derived(server, table, layer, line.words[0] if line.words else None, head(command))


def scripted(module: Module, command: Command | None = None, place: Place | None = None) -> list[Server]:
    """The servers that a Python file makes by `waitress.serve(…)`. Any keyword that is no setting ends with a ValueError."""
    servers, table = [], facts("waitress", module.env.releases)
    for call in module.calls:
        if call.name in CALLS and call.reachable:
            layer, strange = from_call(table, call, (), from_any)
            broken = {name: f"{why}; it ends with a ValueError" for name, _, why in _contradictions(layer)}
            told = {name: replace(each, refused=broken.get(name, each.refused)) for name, each in layer.settings.items()}
            server = Server("waitress", place or call.place, command)
            server.strange = [replace(each, refused="waitress ends with a ValueError") for each in strange]
            servers.append(_derived(server, table, replace(layer, settings=told), call.argument(0, "app"), call.place))
    return servers


def _contradictions(layer: Layer) -> list[tuple[str, str, str]]:
    """Settings that waitress does not take together: (name, as it is spelled, why)."""
    given = layer.settings
    found = []
    for name, others in (("listen", ("host", "port", "unix_socket")), ("unix_socket", ("host", "port"))):
        if name in given and (other := next((other for other in others if other in given), "")):
            found.append((name, given[name].spelled, f"{other} is given too"))
    for name in ("trusted_proxy_count", "trusted_proxy_headers"):
        if name in given and "trusted_proxy" not in given and layer.unread is None:
            found.append((name, given[name].spelled, "trusted_proxy is wanted beside it"))
    return found


def from_any(row: Row, x: Any) -> Any:
    """A flag's text or a keyword's value: waitress casts both the same way."""
    if row.type == "bool":
        return str(x).strip().lower() in ("t", "true", "y", "yes", "on", "1")
    if row.name == "trusted_proxy_headers":
        return _headers(x)
    if row.type in ("list", "words"):
        return Items(tuple(map(Value, x.split()))) if isinstance(x, str) else x
    if isinstance(x, str) and row.type == "octal":
        return octal(row, x)
    if isinstance(x, str) and row.type == "int":
        return bounded(row, whole(row, x))
    if row.type == "int" and x is None:
        raise Refused("a whole number is wanted")
    return _as_text(row, x) if isinstance(x, str) else x


def _as_text(row: Row, text: str) -> str | None:
    """A prefix gets one slash before it and none behind it; of a proxy or an identity that is empty there is none."""
    if row.name == "url_prefix" and text.strip():
        return "/" + text.strip().strip("/")
    return None if not text and row.name in ("trusted_proxy", "ident") else text


_FORWARDED = tuple(f"x-forwarded-{what}" for what in ("for", "host", "proto", "port", "by"))


def _headers(x: Any) -> Any:
    """The headers in lower case, if they are some that waitress knows: `Forwarded` alone, or the others."""
    members = [Value(each) for each in x.split()] if isinstance(x, str) else list(x) if isinstance(x, Items) else None
    if members is None or not all(isinstance(each.x, str) for each in members):
        return x
    names = [each.x.lower() for each in members]
    if strange := next((name for name in names if name not in ("forwarded", *_FORWARDED)), ""):
        raise Refused(f"{strange} is none of forwarded, {', '.join(_FORWARDED)}")
    if "forwarded" in names and set(names) != {"forwarded"}:
        raise Refused("forwarded excludes the others")
    return Items(tuple(replace(each, x=name) for each, name in zip(members, names, strict=True)))


def _from_word(row: Row, text: Any) -> Any:
    """The addresses of several flags are put together as they are."""
    return text if row.type == "list" else from_any(row, text)


def _derived(server: Server, table: Facts, layer: Layer, app: Value[Any] | None, top: Place) -> Server:
    """The settings and the common terms."""
    server.settings = effective(table.rows.values(), [layer], from_table("waitress", top))
    server.settings |= {setting.name: setting for setting in _implied(server)}
    server.app = app if app is not None else Value(layer.unread)
    server.listeners = _listeners(server)
    server.threads = server.value("threads")
    server.graceful_timeout = Value(Seconds(0), (top,))  # SIGTERM drops what is running
    return server


def _implied(server: Server) -> Iterator[Setting]:
    """What waitress puts in the place of what is not given: one proxy, and of a proxy that is trusted X-Forwarded-Proto."""
    count, headers = server.settings["trusted_proxy_count"], server.settings["trusted_proxy_headers"]
    if count.value.x is None:
        yield replace(count, value=replace(count.value, x=1))
    proxy, listed = server.value("trusted_proxy"), headers.value.x
    if proxy.x is not None and isinstance(listed, Items) and not listed.members and listed.complete is True:
        yield replace(headers, value=proxy.map(lambda _: Items((Value("x-forwarded-proto"),))).also(headers.value))


def _listeners(server: Server) -> Value[Items]:
    """A socket file, else `listen`, else host and port. waitress speaks no TLS."""
    unix, listen = server.value("unix_socket"), server.settings["listen"]
    if unix.x is not None:
        address = unix.map(lambda path: Address("unix", path=str(path)))
        return Value(Items((Listener(address, setting="unix_socket"),)), unix.places)
    if listen.origin != "default":
        return listeners(listen.value, parse_address, setting="listen")
    address = tcp(_any_host(server.value("host")), server.value("port"))
    return Value(Items((Listener(address, setting="host"),)), address.places)


def _any_host(host: Value[Any]) -> Value[Any]:
    return replace(host, x="") if host.x == "*" else host


def parse_address(written: str) -> Address | None:
    """`host:port`, `[::1]:8080`, `*:8080`; a host alone is at port 8080."""
    host, colon, port = written.rpartition(":")
    if not colon or "]" in port:
        host, port = written, "8080"
    host = "" if host == "*" else host.strip("[]")
    return Address("tcp", host=host, port=int(port)) if port.isdecimal() and int(port) < 65536 else None
