"""gunicorn's settings in the terms that all servers share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serveaudit.listening import given, listeners
from serveaudit.programs.gunicorn.casting import parse_address
from serveaudit.programs.gunicorn.worker import Worker
from serveaudit.serving import Server
from serveaudit.units import Seconds
from serveaudit.values import Unknown, Value

INTERFACES = {"sync": "wsgi", "gthread": "wsgi", "gevent": "wsgi", "eventlet": "wsgi", "tornado": "wsgi"}
INTERFACES |= {"asgi": "asgi", "uvicorn": "asgi"}
KEEPS_CONNECTIONS = ("gthread", "gevent", "eventlet", "asgi")


def derive(server: Server, worker: Worker) -> None:
    """Fills in the common terms from the settings."""
    kind = worker.kind
    server.worker_class = kind
    server.worker_base = worker.base
    server.interface = kind.map(lambda name: INTERFACES.get(name, Unknown(f"what a {name} worker calls is not known")))
    tls = given(server.value("certfile"), server.value("keyfile"), every=False)
    protocol = server.value("protocol")
    server.listeners = listeners(server.value("bind"), parse_address, tls, "uwsgi" if protocol.x == "uwsgi" else "http")
    server.processes = server.value("workers")
    server.threads = _of_kind(kind, {"gthread": server.value("threads")}, Value(1))
    server.request_limit = _of_kind(kind, {"sync": _unless_zero(server.value("timeout"))}, Value(None))
    server.idle_keepalive = _keepalive(server, kind)
    server.graceful_timeout = _graceful(server, kind)
    server.reload = server.value("reload")
    server.daemon = server.value("daemon")


def _of_kind(kind: Value[str], known: dict[str, Value[Any]], otherwise: Value[Any]) -> Value[Any]:
    """A value that depends on the kind of the worker."""
    return kind.case_by_case(lambda case: known.get(case.x, otherwise).also(case) if isinstance(case.x, str) else case)


def _unless_zero(seconds: Value[Any]) -> Value[Any]:
    """0 turns a limit off."""
    return replace(seconds, x=None) if seconds.x == 0 else seconds


def _keepalive(server: Server, kind: Value[str]) -> Value[Any]:
    """A sync worker closes after each answer; uvicorn's worker has a setting of its own. tornado's was not measured."""
    keepalive = server.value("keepalive")
    known = dict.fromkeys(KEEPS_CONNECTIONS, keepalive) | {"uvicorn": server.value("timeout_keep_alive")}
    return _of_kind(kind, known, Value(None))


def _graceful(server: Server, kind: Value[str]) -> Value[Any]:
    """gunicorn's master kills what is left after its graceful_timeout, whatever the worker; uvicorn's worker may end sooner."""
    graceful, sooner = server.value("graceful_timeout"), server.value("timeout_graceful_shutdown")
    if kind.x == "uvicorn" and isinstance(sooner.x, Seconds) and isinstance(graceful.x, Seconds) and sooner.x < graceful.x:
        return sooner.also(graceful)
    return graceful
