"""Settings that do nothing beside others.

Sources: which worker reads what (`cfg.<name>` in gunicorn/workers, uvicorn_worker), gunicorn/config.py, arbiter.py;
uvicorn/main.py, supervisors; hypercorn/config.py, run.py; core/uwsgi.c. The pairs were tried on the real programs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from serveaudit.configured import plugins
from serveaudit.configured.written import program_of
from serveaudit.deployment import Process
from serveaudit.serving import Listener, Origin, Server, Setting
from serveaudit.units import Address
from serveaudit.values import Branch, Items, Partial, Range, Unknown, Value

Because = Callable[[Server, Any], Value[str]]


@dataclass(frozen=True, slots=True)
class Dead:
    """A setting that does nothing where `because` gives a reason; `wanted` says for which of its own values it was meant to do
    something."""

    because: Because
    wanted: Callable[[Any], bool] = bool


def without_effect(setting: Setting, process: Process) -> Value[str]:
    """Why a written setting does nothing; None where it does something, or nothing is known against it."""
    if setting.row is not None and setting.row.apart:
        return plugins.not_loaded(setting, process)
    server, program = process.server, program_of(setting, process)
    dead = _TABLE.get(program if program == server.program else f"{program} in {server.program}", {}).get(setting.name)
    if dead is None or setting.refused or setting in server.strange:
        return Value(None)
    x = setting.value.x
    if isinstance(x, Unknown | Branch | Partial | Range) or not dead.wanted(x):
        return Value(None)
    found = dead.because(server, x)
    return found.at(setting.place, *found.places) if found.known else found


def _worker(*kinds: str, said: str) -> Because:
    """The workers of these kinds don't read it."""

    def because(server: Server, x: Any) -> Value[str]:
        return server.worker_class.map(lambda kind: said.format(kind=kind) if kind in kinds else None)

    return because


def _other_worker(wanted: str, said: str) -> Because:
    return lambda server, x: server.worker_class.map(lambda kind: None if kind == wanted else said.format(kind=kind))


def _without(other: str, said: str) -> Because:
    """Another setting is off."""

    def because(server: Server, x: Any) -> Value[str]:
        value = server.value(other)
        if isinstance(value.x, Unknown):
            return value
        return Value(said if not value.x or value.x == Items(()) else None, value.places)

    return because


def _with(other: str, said: str) -> Because:
    """Another setting is on."""
    return lambda server, x: server.value(other).map(lambda on: said if on is True else None)


def _always(said: str) -> Because:
    return lambda server, x: Value(said)


def _where(origin: Origin, said: str) -> Because:
    """Of no effect in a configuration file, or on the command line."""

    def because(server: Server, x: Any) -> Value[str]:
        there = [each for each in server.settings.values() if each.origin == origin and each.value.x is x]
        return Value(said if there else None)

    return because


def _beside(other: str, words: tuple[str, ...], said: str) -> Because:
    """Another setting is one of these words."""
    return lambda server, x: server.value(other).map(lambda word: said.format(word=word) if word in words else None)


def _in_place_of(other: str, said: str) -> Because:
    """Another setting is given, which takes the place of it."""
    return lambda server, x: server.value(other).map(lambda given: said)


def _no_tls(said: str) -> Because:
    def because(server: Server, x: Any) -> Value[str]:
        files = [server.value(name) for name in ("certfile", "keyfile")]
        unknown = next((value for value in files if isinstance(value.x, Unknown)), None)
        missing = next((value for value in files if value.x is None), None)
        return unknown if unknown is not None else Value(said, missing.places) if missing is not None else Value(None)

    return because


def _no_unix_socket(said: str) -> Because:
    def because(server: Server, x: Any) -> Value[str]:
        addresses = [each.address for each in _listeners(server)]
        if (
            not addresses
            or not all(isinstance(each.x, Address) for each in addresses)
            or server.listeners.x.complete is not True
        ):
            return Value(Unknown("where it listens is not known"))
        return Value(None if any(each.x.kind != "tcp" for each in addresses) else said, addresses[0].places)

    return because


def _listeners(server: Server) -> list[Listener]:
    return list(server.listeners.x.members) if isinstance(server.listeners.x, Items) else []


def _given(x: Any) -> bool:
    return x is not None and x is not False


def _listed(x: Any) -> bool:
    return x not in (None, Items(()))


_UVICORN_READS = Dead(_worker("uvicorn", said="uvicorn's worker does not read it"), _given)
_ASGI = Dead(_other_worker("asgi", "only the asgi worker reads it, not a {kind} worker"), _given)
_TABLE: Mapping[str, Mapping[str, Dead]] = {
    "gunicorn": {
        "threads": Dead(
            _worker("gevent", "eventlet", "tornado", "asgi", "uvicorn", said="{kind} workers use no threads"), lambda x: x > 1
        ),
        "keepalive": Dead(_worker("sync", said="a sync worker closes the connection after each answer")),
        "worker_connections": Dead(_worker("sync", "tornado", "uvicorn", said="{kind} workers don't read it")),
        **dict.fromkeys(
            ("limit_request_line", "limit_request_fields", "limit_request_field_size", "access_log_format",
             "secure_scheme_headers", "forwarder_headers", "header_map", "proxy_protocol"),
            _UVICORN_READS,
        ),
        "max_requests_jitter": Dead(_without("max_requests", "it is added to max_requests, which is 0")),
        **dict.fromkeys(("asgi_loop", "asgi_lifespan", "asgi_disconnect_grace_period", "websocket_max_message_size"), _ASGI),
        "root_path": _ASGI,
        "reload": Dead(_with("preload_app", "with preload_app the workers take over what the master has loaded once")),
        "ssl_version": Dead(_always("gunicorn ignores it since release 21"), _given),
        "dirty_workers": Dead(_without("dirty_apps", "without dirty_apps no dirty worker is started")),
        "dirty_apps": Dead(_without("dirty_workers", "without dirty_workers no dirty application is started")),
        "config": Dead(_where("written", "a configuration file can't name another one"), _given),
    },
    "uvicorn": {
        "workers": Dead(_with("reload", "with reload one process serves, whatever the number of workers"), lambda x: x > 1),
        **dict.fromkeys(
            ("reload_dirs", "reload_includes", "reload_excludes"), Dead(_without("reload", "nothing is watched without reload"))
        ),
        "limit_max_requests_jitter": Dead(_without("limit_max_requests", "it is added to limit_max_requests, which is unset")),
        **dict.fromkeys(
            ("ws_max_queue", "ws_per_message_deflate"),
            Dead(_beside("ws", ("wsproto", "none"), "only the websockets library has it, and ws is {word}"), _given),
        ),
        "h11_max_incomplete_event_size": Dead(
            _beside("http", ("httptools", "zttp"), "only h11 has it, and http is {word}"), _given
        ),
        "use_colors": Dead(_in_place_of("log_config", "the file of log_config says how logs look"), _given),
    },
    "uvicorn in gunicorn": {
        "access_log": Dead(_without("accesslog", "the worker logs to gunicorn's access log, and accesslog is not set")),
    },
    "hypercorn": {
        "max_requests_jitter": Dead(_where("flag", "the command line gives it the value of --max-requests instead")),
        "daemon": Dead(_always("hypercorn does not detach: it sets multiprocessing's flag of that name, which is set anyway")),
        "user": Dead(_no_unix_socket("it only changes the owner of unix sockets: no process drops its rights"), _given),
        "group": Dead(_no_unix_socket("it only changes the owner of unix sockets: no process drops its rights"), _given),
        "quic_bind": Dead(_no_tls("QUIC needs certfile and keyfile"), _listed),
        "insecure_bind": Dead(_no_tls("it is opened beside TLS only, and needs certfile and keyfile"), _listed),
    },
    "uwsgi": {
        "cheaper-initial": Dead(_without("cheaper", "without cheaper all workers are started at once")),
        "cheaper-step": Dead(_without("cheaper", "without cheaper all workers are started at once")),
        "max-requests-delta": Dead(_without("max-requests", "it is added to max-requests, which is not set")),
        "harakiri-verbose": Dead(_without("harakiri", "without harakiri no request is ended")),
    },
}  # fmt: skip
