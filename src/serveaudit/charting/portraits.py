"""What is said of each node: its label and its facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from serveaudit import chains
from serveaudit.charting.needs import lacks_library, needs, server_name, words_of
from serveaudit.deployment import Context, Process, listeners_of
from serveaudit.graph import Node
from serveaudit.launching import Machine
from serveaudit.programs.nginx import Listen, Location, Site
from serveaudit.serving import Listener
from serveaudit.units import Address, Seconds
from serveaudit.values import Items, Partial, Range, Unknown, Value

_MANAGERS = {"systemd": "systemd", "supervisor": "supervisor", "procfile": "Procfile", "make": "make"}
"""Managers that start several programs on one machine: which unit it is says more than the machine's name."""


def machine_node(machine: Machine, context: Context, shown_in: Context) -> Node:
    """A host, a container or a pod; one of another context with that one's name."""
    name = "the host" if machine.kind == "host" else f"{machine.kind} {machine.name}"
    label = name if context is shown_in else f"{name} of {context.name}"
    facts = [f"image {machine.image.x}"] if isinstance(machine.image.x, str) else []
    if isinstance(machine.cpus.x, int | float):
        facts.append(f"at most {machine.cpus.x:g} CPUs")
    if isinstance(machine.memory.x, int):
        facts.append(f"at most {machine.memory.x} of memory")
    return Node("", "machine", label, tuple(facts), machine.place)


def site_node(site: Site, within: str) -> Node:
    """A server block of nginx."""
    names = " ".join(name.text for name in site.names if name.text and name.kind != "any")
    listens = ", ".join(dict.fromkeys(map(_listen, site.listens)))
    facts = [f"nginx on {listens or 'an unknown address'}"]
    if site.tls.x is True:
        facts.append("TLS ends here")
    elif not site.tls.known:
        facts.append("TLS may end here")
    if site.returns is not None:
        facts.append(_answer(site.returns.status, site.returns.to))
    return Node("", "site", names or "any name", tuple(facts), site.place, within=within)


def _listen(listen: Listen) -> str:
    address = listen.address.x
    if not isinstance(address, Address):
        return "an unknown address"
    where = str(address) if address.kind == "unix" or not address.everywhere else str(address.port)
    return f"{where}{' ssl' if listen.tls else ''}"


def location_node(location: Location, behind: Iterable[Process], within: str) -> Node:
    """A location, or an `if` in one. `behind`: the servers that it is proved to reach."""
    label = f"if {location.label}" if location.modifier == "if" else f"location {location.label}"
    return Node("", "location", label, tuple(_location_facts(location, behind)), location.place, within=within)


def _location_facts(location: Location, behind: Iterable[Process]) -> Iterator[str]:
    if location.passes is not None:
        yield f"waits {told(chains.read_timeout(location))} for an answer"
        if location.handshake.upgrades.x is True:
            yield "passes websockets on"
        elif location.handshake.upgrades.x is False and any(map(_socket_paths, behind)):
            yield "passes no websockets on"
    elif location.returns is not None:
        yield _answer(location.returns.status, location.returns.to)
    elif location.handler == "other":
        yield "answers by itself"
    else:
        directory = location.files.directory.x if location.files is not None else None
        yield f"files below {directory}" if isinstance(directory, str) else "files"
        if location.fallback is not None and location.scope.own("try_files"):
            yield f"else location {location.fallback.label}"


def _answer(status: str, to: Value[Any]) -> str:
    text = to.x if isinstance(to.x, str) else "" if to.x is None else str(to.x) if to.known else "an unknown address"
    if status in ("", "301", "302", "303", "307", "308") and text:
        return f"redirects to {text}"
    return f"answers {status}"


def server_node(process: Process, within: str, reached_from: Iterable[str] = ()) -> Node:
    """A server, with its workers, timeouts and whether it takes websockets."""
    server = process.server
    listeners = listeners_of(process)
    addresses = ", ".join(dict.fromkeys(map(_listener, listeners)))
    facts = [
        f"listens on {addresses or 'an unknown address'}",
        _workers(process),
        *_times(process),
        _websockets(process),
        *_start(process),
        *(f"nginx of {name} passes requests on to it" for name in reached_from),
    ]
    label, running = server_name(process), process.running
    conditions = tuple(dict.fromkeys(running.followed.conditions)) if running.followed is not None else ()
    started = server.command is not None
    return Node("", "server", label, tuple(filter(None, facts)), running.place, started, within, conditions)


def _listener(listener: Listener) -> str:
    where = str(listener.address.x) if isinstance(listener.address.x, Address) else "an unknown address"
    spoken = "" if listener.protocol in ("http", "unknown") else f" ({listener.protocol})"
    return f"{where}{spoken}{' with TLS' if listener.tls.x is True else ''}"


def _workers(process: Process) -> str:
    server = process.server
    processes = f"{told(server.processes)} process{'' if server.processes.x == 1 else 'es'}"
    if not server.processes.known and not isinstance(server.processes.x, Range):
        processes = "an unknown number of processes"
    threads = server.threads.x
    return f"{processes} of {threads} threads" if isinstance(threads, int) and threads > 1 else processes


def _times(process: Process) -> Iterator[str]:
    server = process.server
    if _is_told(server.request_limit):
        yield f"a request may take {told(server.request_limit)}"
    if _is_told(server.idle_keepalive):
        yield f"keeps idle connections {told(server.idle_keepalive)}"
    if server.graceful_timeout.x == 0:
        yield "drops running requests at shutdown"
    elif _is_told(server.graceful_timeout):
        yield f"running requests get {told(server.graceful_timeout)} at shutdown"


def _is_told(value: Value[Any]) -> bool:
    return value.x is not None and not any(isinstance(case.x, Unknown | Partial) for _, case in value.worlds())


def _websockets(process: Process) -> str:
    interface = process.server.interface.x
    if interface == "any":
        interface = process.app.interface.x if process.app is not None else None
    if interface == "wsgi":
        return "takes websockets" if words_of(process).serves_websockets.x is True else "no websockets (WSGI)"
    if lacks_library(process):
        return "no websockets (no library for them)"
    return "takes websockets" if isinstance(interface, str) else ""


def _start(process: Process) -> Iterator[str]:
    unit = process.running.unit
    if process.server.command is None:
        yield "nothing that was read starts it"
    elif unit is not None and unit.manager in _MANAGERS:
        yield f"{_MANAGERS[unit.manager]}: {unit.name}"
    if process.server.reload.x is True:
        yield "restarts when a file changes"


def application_node(process: Process, within: str) -> Node | None:
    """The application behind a server, with what it needs of it; None where not even its name is known."""
    app, given = process.app, process.server.app
    if app is None:
        if not isinstance(given.x, str) or not given.x:
            return None
        place = given.places[0] if given.places else None
        return Node("", "application", given.x, ("its code is not in the repository",), place, False, within)
    facts = tuple(filter(None, (app.framework, "" if app.interface.known else "interface not known")))
    return Node("", "application", app.spec, facts, app.place, True, within, needs=tuple(needs(process)))


def _socket_paths(process: Process) -> list[str]:
    """The known paths at which the application takes websockets."""
    found = process.app.websocket_paths.x if process.app is not None else None
    return list(dict.fromkeys(path.x for path in found if isinstance(path.x, str))) if isinstance(found, Items) else []


def told(value: Value[Any]) -> str:
    """A number or a time in words: `120 s`, `at least 3`, `2 or 4`, `an unknown time`."""
    return " or ".join(dict.fromkeys(_case(case.x) for _, case in value.worlds()))


def _case(x: object) -> str:
    if x is None:
        return "any time"
    if isinstance(x, Unknown | Partial):
        return "an unknown time"
    return str(Seconds(x)) if isinstance(x, float) else str(x)
