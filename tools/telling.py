"""What the libraries' own objects tell before they serve: each setting; `listeners`, the addresses that they would open; and
`processes`. Nothing is opened: where a library binds its sockets itself, the binding is what tells."""

from __future__ import annotations

import inspect
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Told = dict[str, Any]


def uvicorn(config: Any, processes: int | None = None) -> Told:
    """A uvicorn.Config. Without a number of processes, those of `uvicorn.run(…)`."""
    given = config.fd is not None and config.uds is None
    addresses = [f"fd://{config.fd}"] if given else bound(config.bind_socket)
    if processes is None:
        processes = 1 if config.reload else max(config.workers, 1)
    told = {"listeners": secured(addresses, config.is_ssl), "processes": processes}
    return vars(config) | told | {"forwarded_allow_ips": _trusted(config)}


def _trusted(config: Any) -> list[str]:
    trusted = config.forwarded_allow_ips
    return [each.strip() for each in trusted.split(",")] if isinstance(trusted, str) else trusted


def uvicorn_worker(cfg: Any) -> Told:
    """What uvicorn's worker makes of gunicorn's settings; sockets and processes are gunicorn's."""
    from gunicorn.glogging import Logger

    made = cfg.worker_class(0, 0, [], None, cfg.timeout / 2, cfg, Logger(cfg))
    inside = {name: value for name, value in vars(made.config).items() if not name.startswith("ssl_")}
    requests = None if made.max_requests == sys.maxsize else made.max_requests
    told = {"limit_max_requests": requests, "forwarded_allow_ips": _trusted(made.config)}
    return {name: value for name, value in inside.items() if name not in ("workers", "reload")} | told


def hypercorn(config: Any) -> Told:
    """A hypercorn.Config."""
    settings = {name: getattr(config, name, None) for name in dir(config) if not name.startswith("_") and name != "log"}
    addresses = secured(_hypercorn_binds(config, config.bind), config.ssl_enabled)
    if config.ssl_enabled:
        addresses += _hypercorn_binds(config, config.insecure_bind)
    return settings | {"listeners": addresses, "processes": config.workers or 1}


def _hypercorn_binds(config: Any, binds: list[str]) -> list[str]:
    return [each for bind in binds for each in ([bind] if bind.startswith("fd:") else bound(config._create_sockets, [bind]))]


def daphne(given: Told) -> Told:
    """What daphne hands to its Server; Twisted reads the endpoints."""
    from twisted.internet import reactor
    from twisted.internet.endpoints import serverFromString

    endpoints = [vars(serverFromString(reactor, text)) for text in given["endpoints"]]
    return given | {"listeners": [_endpoint(each) for each in endpoints], "processes": 1}


def _endpoint(read: Told) -> str:
    if "_port" in read:
        return text((read["_interface"], read["_port"]))
    return f"unix:{read['_address']}" if "_address" in read else f"fd://{read['fileno']}"


def granian(server: Any, given: Told) -> Told:
    """A granian server, and what it was made of."""
    address = f"unix:{given['uds']}" if server.bind_uds else text((server.bind_addr, server.bind_port))
    made = {"listeners": secured([address], server.ssl_ctx[0]), "processes": server.workers}
    return given | made | {"threads": server.blocking_threads}


def waitress(given: Told) -> Told:
    """What waitress makes of its settings."""
    from waitress.adjustments import Adjustments

    with looked_up() as addresses:
        made = Adjustments(**given)
    if made.unix_socket:
        addresses = [f"unix:{made.unix_socket}"]
    return {name: getattr(made, name) for name, _ in Adjustments._params} | {"listeners": addresses, "processes": 1}


def gevent(server: Any, given: Told) -> Told:
    """A gevent WSGIServer, and what it was made of."""
    from gevent.monkey import is_module_patched

    made = {"listeners": secured([text(server.address)], server.ssl_enabled), "processes": 1}
    return given | made | {"backlog": server.backlog, "patched": is_module_patched("socket")}


def arguments(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Told:
    """All arguments of a call by name, defaults included; those of `**kwargs` beside the others."""
    call = inspect.signature(function).bind(*args, **kwargs)
    call.apply_defaults()
    rest = next((each.name for each in call.signature.parameters.values() if each.kind is each.VAR_KEYWORD), "")
    more = call.arguments.pop(rest, {})
    return dict(call.arguments) | more


def secured(addresses: Iterable[str], tls: object) -> list[str]:
    return [f"{address} tls" if tls else address for address in addresses]


def text(address: Any) -> str:
    """An address as `socket.bind` takes it, in words."""
    if isinstance(address, str | bytes):
        return f"unix:{address!s}"
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host or '0.0.0.0'}:{port}"


def bound(function: Callable[..., Any], *args: Any) -> list[str]:
    """The address that a function binds its socket to."""
    addresses: list[str] = []

    def bind(self: socket.socket, address: Any) -> None:
        addresses.append(text(address))
        raise _Bound

    with replaced(socket.socket, "bind", bind), suppress(_Bound):
        function(*args)
    return addresses


class _Bound(Exception):
    """Far enough."""


@contextmanager
def looked_up() -> Iterator[list[str]]:
    """The addresses that are looked up; each host is taken to be there, and to have one address."""
    addresses: list[str] = []

    def look_up(host: str | None, port: str, *how: Any) -> Any:
        found = real("127.0.0.1", port, 0, *how[1:])[:1]
        addresses.append(text((host or "", found[0][4][1])))
        return found

    real = socket.getaddrinfo
    with replaced(socket, "getaddrinfo", look_up):
        yield addresses


@contextmanager
def replaced(owner: Any, name: str, other: Any) -> Iterator[None]:
    original = getattr(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, original)
