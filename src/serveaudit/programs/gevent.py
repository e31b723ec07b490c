"""gevent.pywsgi: `WSGIServer((host, port), app)` in a Python file (gevent/pywsgi.py, gevent/baseserver.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serveaudit.command import Command
from serveaudit.conversion import as_given, unbound
from serveaudit.formats.python import Call, Module
from serveaudit.keywords import from_call
from serveaudit.listening import address_of, tcp
from serveaudit.precedence import effective, from_table
from serveaudit.serving import Listener, Row, Server, Setting
from serveaudit.tables import facts
from serveaudit.units import Address, Seconds
from serveaudit.values import How, Items, Place, Range, Unknown, Value

CALLS = ("gevent.pywsgi.WSGIServer", "gevent.wsgi.WSGIServer")
POSITIONS = ("listener", "application", "backlog", "spawn", "log", "error_log", "handler_class", "environ")
TLS = ("keyfile", "certfile", "ssl_context", "ca_certs", "cert_reqs", "ciphers", "ssl_version")
PATCHES = ("gevent.monkey.patch_all", "gevent.monkey.patch_socket")
_HARMLESS = ("gevent", "sys", "os", "__future__", "warnings")
"""What may be imported before the patch."""


def scripted(module: Module, command: Command | None = None, place: Place | None = None) -> list[Server]:
    """The servers that a Python file makes. Besides WSGIServer's own there are two settings: `patched`, whether
    `monkey.patch_all()` is called before the server is made, and `patched_after`, what was imported before that."""
    servers = []
    for call in module.calls:
        if call.name in CALLS and call.reachable:
            layer, strange = from_call(facts("gevent"), call, POSITIONS, _as_given)
            server = Server("gevent", place or call.place, command, strange=strange, config=module.source)
            server.settings = effective(facts("gevent").rows.values(), [layer], from_table("gevent", call.place))
            server.settings |= {each.name: each for each in _patches(module, call, command)}
            servers.append(_derived(server, call, layer.settings.keys() & set(TLS)))
    return servers


def _as_given(row: Row, x: Any) -> Any:
    return row.default if row.name == "backlog" and x is None else as_given(row, x)


def _derived(server: Server, call: Call, tls: set[str]) -> Server:
    """Fills in the common terms. Greenlets have no number, unless `spawn` is one; SIGTERM drops what is running."""
    server.app = server.value("application")
    server.listeners = _listeners(server, tls)
    spawn = server.value("spawn")
    server.threads = spawn.map(lambda size: size if isinstance(size, int) and not isinstance(size, bool) else Range(2))
    server.graceful_timeout = Value(Seconds(0), (call.place,))
    return server


def _listeners(server: Server, tls: set[str]) -> Value[Items]:
    """Any keyword that is not WSGIServer's own turns TLS on, even one that is None."""
    given = [server.settings[name].value.case_by_case(_given) for name in sorted(tls)] + [
        Value(True, (each.place,)) for each in server.strange
    ]
    sure = [each for each in given if each.x is True]
    secure = next(iter([*sure, *(each for each in given if each.x is not False)]), Value(False))
    written = server.settings["listener"]
    address = _address(written.value)
    if isinstance(address.x, Unknown) and isinstance(written.value.x, Items):
        server.settings["listener"] = replace(written, refused=address.x.why)
    return Value(Items((Listener(address, "http", secure, "listener"),)), written.value.places)


def _given(value: Value[Any]) -> Value[Any]:
    """Whether a keyword is passed on."""
    return replace(value, x=not unbound(value))


def _address(written: Value[Any]) -> Value[Any]:
    """`("", 80)`, `":80"`, `"80"`, `80` (gevent/baseserver.py, _parse_address); a socket that somebody made is unknown."""
    if isinstance(written.x, Items) and len(written.x.members) == 2:
        host, port = written.x.members
        if isinstance(port.x, str):
            return replace(written, x=Unknown("the port is a text: WSGIServer ends with a TypeError when it starts"))
        return tcp(host, port).at(*written.places)
    if isinstance(written.x, Items):
        return replace(written, x=Unknown("an address of two parts is wanted"))
    return address_of(written, _parse)


def _parse(text: str) -> Address | None:
    host, _, port = text.rpartition(":")
    host = "" if host == "*" else host.strip("[]")
    return Address("tcp", host, int(port)) if port.isdigit() and int(port[:6]) < 65536 else None


def _patches(module: Module, call: Call, command: Command | None) -> list[Setting]:
    """Whether the standard library is patched, by a call that stands before the server in this file, or by a module of the
    repository that it imports, or by `python -m gevent.monkey`."""
    through = command is not None and any(word.x == "gevent.monkey" for word in command.argv)
    made = call.place.span.start
    here = [each for each in module.calls if each.name in PATCHES and each.reachable and each.place.span.start < made]
    elsewhere = [each for sibling in module.siblings.values() for each in sibling.calls if each.name in PATCHES]
    patch = next(iter([*here, *elsewhere]), None)
    if patch is None:
        absent = Place(call.place.span, How.ABSENT, "gevent.monkey.patch_all() is not called")
        return [_told("patched", Value(through, (absent,)), absent), _told("patched_after", Value(None, (absent,)), absent)]
    early = _imported_before(module, patch) if here else None
    after: Value[Any] = Value(early[0], (early[1],)) if early else Value(None, (patch.place,))
    return [_told("patched", Value(True, (patch.place,)), patch.place), _told("patched_after", after, after.places[0])]


def _told(name: str, value: Value[Any], place: Place) -> Setting:
    return Setting(name, value, "default" if place.how is How.ABSENT else "written", place, row=Row(name, "bool"))


def _imported_before(module: Module, patch: Call) -> tuple[str, Place] | None:
    """The first import above the patch that may keep unpatched parts: its full name and place."""
    for name, binding in module.bindings.items():
        dotted = module.imports.get(name, name)
        above = binding.place.span.start < patch.place.span.start
        if binding.by == "import" and above and dotted.partition(".")[0] not in _HARMLESS:
            return dotted, binding.place
    return None
