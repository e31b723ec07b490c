"""`server`: an application server as it will run, in the terms that all of them share."""

from __future__ import annotations

from typing import Any

from serveaudit.aspects.capacity import ServerCapacity
from serveaudit.aspects.clients import ServerClients
from serveaudit.aspects.control_sockets import ServerControl
from serveaudit.aspects.developing import ServerDeveloping
from serveaudit.aspects.exposing import ServerExposing
from serveaudit.aspects.lifecycle import ServerLifecycle
from serveaudit.aspects.names import ServerNames
from serveaudit.aspects.reaching import ServerReaching
from serveaudit.aspects.sharing import ServerSharing
from serveaudit.aspects.timeouts import ServerTimeouts
from serveaudit.aspects.tls import ServerTls
from serveaudit.aspects.trust import ServerTrust
from serveaudit.aspects.validity import ServerValidity
from serveaudit.aspects.websockets import ServerWebsockets, takes_websockets
from serveaudit.deployment import Process, listeners_of
from serveaudit.exposure import Opening, openings
from serveaudit.serving import Listener
from serveaudit.subjects import See
from serveaudit.units import Address, Seconds
from serveaudit.values import Items, Range, Unknown, Value
from serveaudit.words import Subject, word

_EVENT_LOOPS = frozenset({"uvicorn", "asgi", "gevent", "eventlet", "tornado"})
_ROUTERS = ("http", "httprouter", "http-to-https", "https", "https2")
"""Options of uWSGI that open an address of its own router."""
_LOOP_PROGRAMS = frozenset({"uvicorn", "hypercorn", "daphne", "gevent"})


class Server(
    ServerTimeouts,
    ServerCapacity,
    ServerSharing,
    ServerWebsockets,
    ServerValidity,
    ServerLifecycle,
    ServerControl,
    ServerTls,
    ServerExposing,
    ServerDeveloping,
    ServerReaching,
    ServerTrust,
    ServerClients,
    ServerNames,
    Subject,
):
    """One start of gunicorn, uvicorn, hypercorn, daphne, uWSGI, gevent, granian, waitress, or a development server."""

    def __init__(self, process: Process, see: See) -> None:
        self.process = process
        self.facts = process.server
        self.see = see
        self.place = self.facts.place
        self.symbol = f"{self.facts.program}[{self.facts.app.x if isinstance(self.facts.app.x, str) else ''}]"

    @word()
    def program(self) -> Value[str]:
        """gunicorn, uvicorn, hypercorn, daphne, uwsgi, gevent, granian, waitress, django, flask."""
        return Value(self.facts.program, (self.place,) if self.place else ())

    @word("{it} workers")
    def worker_class(self) -> Value[str]:
        """gunicorn's kind of worker, after its own corrections: sync, gthread, gevent, tornado, asgi, uvicorn; else empty."""
        return self.facts.worker_class

    @word("calls {it} applications")
    def interface(self) -> Value[str]:
        """What kind of application it calls: wsgi, asgi, rsgi, any."""
        return self.facts.interface

    @word("{it} worker processes")
    def processes(self) -> Value[int]:
        return self.facts.processes

    @word("{it} threads in each process")
    def threads(self) -> Value[int]:
        return self.facts.threads

    @word("may stay on one request for {it}")
    def request_limit(self) -> Value[Seconds]:
        """After how long the server itself ends a request; None where it never does."""
        return self.facts.request_limit

    @word("restarts when a file changes")
    def reload(self) -> Value[bool]:
        return self.facts.reload

    @word("puts itself into the background")
    def daemon(self) -> Value[bool]:
        return self.facts.daemon

    @word("this application")
    def app_spec(self) -> Value[str]:
        """`module:attribute` as given."""
        return self.facts.app

    @word(gives="app")
    def app(self) -> Value[Any]:
        """The application that it serves; None where its code is not in the repository."""
        return Value(self.see(self.process.app)) if self.process.app else Value(Unknown("the application's code was not found"))

    @word(gives="machine")
    def machine(self) -> Any:
        """Where it runs."""
        return self.see((self.process.running.machine, self.process.running.context))

    @word(gives="list[route]")
    def routes(self) -> Value[Items]:
        """The proxy locations that are proved to reach it."""
        return Value(Items(tuple(self.see((pair.proxy, pair.location)) for pair in self.process.pairs)))

    @word("clients of other machines reach it here")
    def opened(self) -> Value[str]:
        """The first way in from other machines (`0.0.0.0:8000`, `"8000:8000"`); None where there is none."""
        unknown: Unknown | None = None
        for found in openings(self.process):
            if isinstance(found, Opening):
                return Value(found.text, found.places)
            unknown = found
        return Value(unknown)

    @word()
    def blocking(self) -> Value[bool]:
        """Whether a worker, or a thread of it, is busy with one request until it is answered."""
        if self.facts.program in _LOOP_PROGRAMS:
            return Value(False)
        if self.facts.program == "granian":
            return self.facts.interface.map(lambda kind: kind == "wsgi")
        if self.facts.program == "uwsgi":
            loops = [self.facts.value(name).x for name in ("gevent", "asyncio", "async", "loop")]
            return Value(not any(isinstance(x, str) or (isinstance(x, int) and x > 1) for x in loops))
        return self.worker_class.map(lambda kind: kind not in _EVENT_LOOPS)

    @word("serves {it} requests at a time")
    def concurrency(self) -> Value[int]:
        """Requests at a time: processes × threads of a server that blocks; None for the others."""
        if self.blocking.x is False:
            return Value(None)
        processes, threads = self.processes, self.threads
        if isinstance(self.blocking.x, Unknown):
            return Value(self.blocking.x)
        if isinstance(processes.x, int) and isinstance(threads.x, int):
            return Value(processes.x * threads.x).also(processes, threads)
        lowest = [value.x.low if isinstance(value.x, Range) else value.x for value in (processes, threads)]
        if any(not isinstance(number, int | float) for number in lowest):
            return next(value for value in (processes, threads) if not isinstance(value.x, int | Range))
        return Value(Range(lowest[0] * lowest[1])).also(processes, threads)

    @word()
    def one_slow_client_blocks(self) -> Value[bool]:
        """Whether a client that sends slowly keeps a whole worker busy: gunicorn sync, uWSGI without its router (`http`, which
        reads the headers for it), gevent's WSGIServer (which has no limits at all)."""
        if self.facts.program == "gunicorn":
            return self.worker_class.map(lambda kind: kind == "sync")
        if self.facts.program == "uwsgi":
            way_in = next((found for found in openings(self.process) if isinstance(found, Opening)), None)
            return Value(way_in is not None and way_in.listener.setting not in _ROUTERS)
        return Value(self.facts.program == "gevent")

    @word(gives="object")
    def setting(self, name: str) -> Value[Any]:
        """The effective value of one of the program's own settings, by its name."""
        return self.facts.value(name)

    @word()
    def origin(self, name: str) -> Value[str]:
        """Where a setting's value comes from: written, flag, environment, default."""
        setting = self.facts.settings.get(name)
        return Value(setting.origin, (setting.place,)) if setting else Value(None)

    @word()
    def behind_platform(self) -> Value[bool]:
        """Whether a platform's router stands before it: it is a Procfile's, or listens on the platform's $PORT."""
        unit = self.process.running.unit
        depends = [name for member in self._listeners for name in member.address.depends]
        return Value((unit is not None and unit.manager in ("procfile", "platform")) or "env:PORT" in depends)

    @word()
    def socket_activated(self) -> Value[bool]:
        """Whether somebody else opens its socket: a descriptor that it is given."""
        return Value(any(isinstance(each.address.x, Address) and each.address.x.kind == "fd" for each in self._listeners))

    @property
    def _listeners(self) -> list[Listener]:
        return listeners_of(self.process)

    @word()
    def serves_websockets(self) -> Value[bool]:
        """Whether a websocket that arrives here reaches one of the application's routes."""
        app = self.process.app
        if app is None or not app.websocket_paths.known:
            return Value(Unknown("the application's code was not found"))
        if app.websocket_paths.x.members:
            return takes_websockets(self.facts, app)
        if self.facts.interface.x == "wsgi":
            return Value(False)
        complete = app.websocket_paths.x.complete
        return Value(complete if isinstance(complete, Unknown) else False)


class Gunicorn(Server):
    """gunicorn, whatever its workers."""

    @word("moved to uvicorn_worker")
    def deprecated_worker(self) -> Value[str]:
        """The worker class of uvicorn's own module, deprecated since uvicorn 0.30; None for any other."""
        base = self.facts.worker_base
        if not isinstance(base.x, str) or not base.x.startswith("uvicorn.workers."):
            return Value(None)
        newer = self.process.installed.at_least("uvicorn", "0.30")
        return base.also(Value(None, newer.places, newer.assumes)) if newer.x is True else base


class Hypercorn(Server):
    """hypercorn."""

    @word()
    def python_read_as_toml(self) -> Value[str]:
        """The Python file that is given without `file:` or `python:`, and is read as TOML; None where there is none."""
        config = self.facts.value("config")
        if self.facts.config_syntax != "toml" or self.facts.config is None or not self.facts.config.path.endswith(".py"):
            return Value(None)
        return config

    @word()
    def config_parses(self) -> Value[bool]:
        """Whether the configuration file is TOML by luck."""
        return Value(not self.facts.problems)

    @word()
    def toml_consequence(self) -> Value[str]:
        """What comes of it, to put behind a sentence."""
        return Value(": it does not start" if self.facts.problems else ", and only by luck it is one")

    @word()
    def config_path(self) -> Value[str]:
        """The configuration file as given."""
        return self.facts.value("config")


def of(process: Process, see: See) -> Server:
    """The subject for a process, by its program."""
    return {"gunicorn": Gunicorn, "hypercorn": Hypercorn}.get(process.server.program, Server)(process, see)
