"""What fits: processes and CPUs, bodies and headers, connections; and what several processes do not share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serveaudit import projects
from serveaudit.applications import App
from serveaudit.behaviour import behaves, facts
from serveaudit.contexts import kind_of
from serveaudit.deployment import Pairing, Process, Proxy
from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import Location
from serveaudit.programs.nginx.scopes import written
from serveaudit.serving import Server
from serveaudit.units import Bytes, Seconds, nginx_size
from serveaudit.values import How, Items, Place, Unknown, Value
from serveaudit.words import word


class RouteCapacity:
    """Of a location."""

    location: Location
    pairs: list[Pairing]

    @word("nginx refuses bodies over {it}")
    def body_limit(self) -> Value[Bytes]:
        """The largest body that nginx takes; None: any."""
        return self.location.size("client_max_body_size").map(lambda size: Bytes(size) if size else None)

    @word("a header may have {it}")
    def header_buffer(self) -> Value[Bytes]:
        """The longest request line or header that nginx takes, where a line says so."""
        found = self.location.site.words("large_client_header_buffers")
        if not self.location.site.written("large_client_header_buffers"):
            return Value(None, found.places)

        def largest(words: tuple[str, ...]) -> Any:
            size = nginx_size(words[-1]) if words else None
            return size if size is not None else Unknown("how large the buffers are is not known")

        return found.map(largest)

    @word("takes {it} of an answer's headers")
    def answer_buffer(self) -> Value[Bytes]:
        """The buffer in which all headers of an answer must fit."""
        return self.location.size(self.location.passing("buffer_size")).map(Bytes)

    @word("passes bodies on as they come")
    def request_buffering(self) -> Value[bool]:
        """Whether nginx takes a request's whole body before it asks the application."""
        return self.location.flag(self.location.passing("request_buffering"))

    @word("the application takes up to {it}")
    def upload_limit(self) -> Value[Bytes]:
        """The largest body that the application says it takes; None where it says nothing."""
        for pair in self.pairs:
            if pair.process.app is not None:
                found = projects.upload_limit(pair.process.app)
                if found.x is not None:
                    return found.map(lambda size: Bytes(size) if isinstance(size, int) else Unknown(f"{size} is no size"))
        return Value(None)

    @word("the application takes files here", gives="list[str]")
    def uploads(self) -> Value[Items]:
        """Where the application takes files that nginx gives to this location."""
        for pair in self.pairs:
            if pair.process.app is not None:
                places = _uploads(pair.process.app, self.location)
                return Value(Items(tuple(Value(place.span.text, (place,)) for place in places)), places[:1])
        return Value(Items(()))

    @word()
    def uploads_elsewhere(self) -> Value[bool]:
        """Whether clients send files to a storage of its own: signed addresses, or a package for them."""
        apps = [pair.process.app for pair in self.pairs if pair.process.app is not None]
        return Value(any(projects.uploads_elsewhere(app) for app in apps))


def _uploads(app: App, location: Location) -> tuple[Place, ...]:
    if app.settings is not None:
        first = next((found for path in ("/", "/admin/", "/api/") if (found := _route_for(location, path))), None)
        return projects.file_fields(app) if first is location else ()
    return tuple(place for path, place in projects.routed_uploads(app) if location.site.location_for(path).x is location)


def _route_for(location: Location, path: str) -> Location | None:
    """The location for a path, if it passes requests on."""
    found = location.site.location_for(path).x
    return found if isinstance(found, Location) and found.passes else None


class NginxCapacity:
    """Of a whole nginx."""

    proxy: Proxy

    @word("{it} connections in each worker process")
    def worker_connections(self) -> Value[int]:
        """As written in the events block; None where it is not."""
        main = self.proxy.config.main
        lines = [line for events in main.scope.blocks("events") for line in events.own("worker_connections")] if main else []
        return _number(lines)

    @word("{it} open files for each worker process")
    def file_limit(self) -> Value[int]:
        """worker_rlimit_nofile as written; None where it is not."""
        main = self.proxy.config.main
        return _number(main.scope.own("worker_rlimit_nofile") if main else [])

    @word("one worker process, nginx's default")
    def default_single_worker(self) -> Value[bool]:
        """Whether a whole configuration leaves out worker_processes."""
        main = self.proxy.config.main
        if main is None or self.proxy.config.kind != "whole" or main.scope.own("worker_processes"):
            return Value(False)
        return Value(
            main.scope.doubt.unknown if main.scope.doubt else True, (main.scope.missing("worker_processes is 1 by default"),)
        )

    @word("limited to {it} CPUs")
    def cpu_limit(self) -> Value[float]:
        """CPUs that its container may use; None where no limit is written."""
        return self.proxy.running.machine.cpus


def _number(lines: Sequence[Directive]) -> Value[Any]:
    if not lines:
        return Value(None)
    text = lines[-1].texts[0] if lines[-1].args else ""
    return Value(int(text) if text.isdigit() and len(text) < 10 else Unknown(f"{text} is no number"), (written(lines[-1]),))


class ServerCapacity:
    """Of a server."""

    process: Process
    facts: Server

    @word("as many as the machine has CPUs")
    def workers_from_cpus(self) -> Value[bool]:
        """Whether the number of processes is computed from the machine's CPUs. Not from those that it may run on."""
        processes = self.facts.processes
        text = "".join(place.span.text + place.span.source.text[:20000] for place in processes.places[:1])
        return Value("cpus" in processes.depends and "sched_getaffinity" not in text, processes.places)

    @word("a worker may grow to {it}")
    def memory_per_worker(self) -> Value[Bytes]:
        """How much memory a worker takes: as the user states, or uWSGI's reload-on-rss, which replaces a larger one."""
        stated = self.process.running.context.stated.memory_per_worker
        if stated.x is not None or self.facts.program != "uwsgi":
            return stated.map(Bytes)
        limit = self.facts.value("reload-on-rss")
        return limit.map(lambda size: Bytes(size) if isinstance(size, int) and size else None)

    @word()
    def needs_one_process(self) -> Value[bool]:
        """Whether its application keeps rooms of websockets in its memory: Channels' layer, Socket.IO without a queue."""
        app = self.process.app
        return Value(
            app is not None
            and (projects.channel_layer(app).x == "InMemoryChannelLayer" or projects.lonely_socketio(app).x is not None)
        )

    @word("a header may have {it}")
    def header_limit(self) -> Value[Bytes]:
        """The longest header that it takes; None: any, or not measured."""
        return self._measured("header_limit").map(lambda size: Bytes(size) if size else None)

    @word("the request's head must fit in {it}")
    def request_block_limit(self) -> Value[Bytes]:
        """The space for all of a request's headers and variables together; None: any, or not measured."""
        return self._measured("request_block_limit").map(lambda size: Bytes(size) if size else None)

    @word("a slow upload keeps a worker busy")
    def slow_upload_blocks(self) -> Value[bool]:
        """Whether a worker serves nobody else while a body arrives, as measured."""
        return self._measured("slow_upload_blocks").map(bool)

    @word("the application's threads do not run")
    def stops_threads(self) -> Value[bool]:
        """Whether threads of the application stand still between requests: uWSGI's default before 2.0.27."""
        if self.facts.program != "uwsgi" or self.facts.value("emperor").x not in (None, "", Items(())):
            return Value(False)
        setting = self.facts.settings.get("enable-threads")
        threads = self.facts.threads
        if (setting is not None and setting.origin != "default") or (isinstance(threads.x, int) and threads.x > 1):
            return Value(False)
        return behaves(self.facts, "runs_threads_of_the_application").map(lambda runs: not runs)

    @word("up to {it} connections may wait")
    def backlog(self) -> Value[int]:
        """How many connections may wait to be taken."""
        return self.facts.value({"uwsgi": "listen"}.get(self.facts.program, "backlog"))

    @word("listens on this socket")
    def unix_socket(self) -> Value[str]:
        """The first unix socket that it listens on; None where it has none."""
        for listener in self.facts.listeners.x if isinstance(self.facts.listeners.x, Items) else ():
            if getattr(listener.address.x, "kind", "") == "unix":
                return Value(str(listener.address.x), listener.address.places)
        return Value(None)

    @word("{it} requests, then a worker starts anew")
    def recycling(self) -> Value[int]:
        """After how many requests a worker is replaced; 0 and None: never."""
        names = {"gunicorn": "max_requests", "uvicorn": "limit_max_requests", "uwsgi": "max-requests"}
        return self.facts.value(names.get(self.facts.program, ""))

    @word("spread by up to {it}")
    def recycling_spread(self) -> Value[int]:
        """By how many requests workers are kept from being replaced together."""
        names = {"gunicorn": "max_requests_jitter", "uvicorn": "limit_max_requests_jitter", "uwsgi": "max-requests-delta"}
        return self.facts.value(names.get(self.facts.program, ""))

    @word("the application is loaded before the workers fork")
    def loads_before_fork(self) -> Value[bool]:
        """Whether workers are copies of a process that has loaded the application."""
        if self.facts.program == "gunicorn":
            return self.facts.value("preload_app")
        if self.facts.program != "uwsgi":
            return Value(False)
        lazy = [self.facts.value(name) for name in ("lazy-apps", "lazy")]
        head = Place(self.facts.place.span, How.DEFAULT, "uWSGI loads the application once, then forks")
        return Value(not any(value.x is True for value in lazy), (head,))

    @word()
    def for_development(self) -> Value[bool]:
        """Whether its configuration file is one for development, by its name."""
        return Value(self.facts.config is not None and kind_of(self.facts.config.path) == "development")

    @word()
    def has_fork_hook(self) -> Value[bool]:
        """Whether something of its own runs in each worker after the fork: what it does is not followed."""
        app = self.process.app
        hook = (
            self.facts.program == "gunicorn"
            and self.facts.value("post_fork").x is not None
            and self.facts.settings["post_fork"].origin != "default"
        )
        decorated = app is not None and next(app.modules("postfork"), None) is not None
        return Value(bool(hook or decorated))

    @word()
    def shares_metrics(self) -> Value[bool]:
        """Whether its processes write prometheus_client's figures where all can read them."""
        env = self.facts.command.env if self.facts.command else None
        names = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")
        if env is not None and any(env.get(name).x is not None for name in names):
            return Value(True)
        config = self.facts.config.text if self.facts.config else ""
        app = self.process.app
        told = any(name in config or (app is not None and next(app.modules(name), None)) for name in names)
        return Value(Unknown("whether the variable is set is not known", "PROMETHEUS_MULTIPROC_DIR") if told else False)

    @word("sysctl net.core.somaxconn is {it}")
    def kernel_backlog(self) -> Value[str]:
        """What the container's description sets net.core.somaxconn to; None where it sets nothing."""
        for name, value in self.process.running.machine.keys.items():
            if "somaxconn" in name or "somaxconn" in str(value.x):
                return value.map(str)
        return Value(None)

    @word("installed: {it}")
    def package(self, name: str) -> Value[str]:
        """What asks for a package; None where nothing that was read does."""
        found = self.process.installed.package(name)
        return Value(found.asked or found.name, (found.place,)) if found else Value(None)

    def _measured(self, fact: str) -> Value[Any]:
        """A measured fact; None where it was not measured for this server."""
        kinds = (f"{self.facts.program}/{self.facts.worker_class.x}", self.facts.program)
        known = any(fact in facts().get(kind, {}) for kind in kinds)
        return behaves(self.facts, fact) if known else Value(None)


class AppCapacity:
    """Of an application."""

    facts: App

    @word("another secret in each process")
    def random_secret(self) -> Value[str]:
        """The source of random numbers from which the secret key comes while the application is loaded; None: it does not."""
        return projects.random_secret(self.facts)

    @word()
    def secret_from_environment(self) -> Value[bool]:
        """Whether a variable may give the secret key instead: never sure."""
        found = projects.random_secret(self.facts)
        if not found.assumes:
            return Value(False)
        return Value(Unknown(f"whether {found.assumes[0].removesuffix(' is not set')} is set where it is deployed"))

    @word("the database is {it}")
    def database_engine(self) -> Value[str]:
        """Django's database backend, or the dialect of SQLAlchemy's address: sqlite3, postgresql, mysql; None: not known."""
        found = projects.database(self.facts, "ENGINE")
        return found.map(lambda engine: str(engine).rpartition(".")[2])

    @word("connections are kept for {it}")
    def connection_age(self) -> Value[Seconds]:
        """How long Django keeps a database connection; 0: for one request."""
        if self.facts.settings is None:
            return Value(None)
        found = projects.database(self.facts, "CONN_MAX_AGE")
        if found.x is None:
            return Value(Seconds("inf") if found.places else Seconds(0), found.places)
        return found.map(
            lambda age: Seconds(age) if isinstance(age, int | float) else Unknown(f"{age} is no number of seconds")
        )

    @word()
    def database_option(self, name: str) -> Value[str]:
        """One of the OPTIONS of Django's database; None where it is not set."""
        options = projects.database(self.facts, "OPTIONS").x
        found: Value[Any] = options.get(name) if hasattr(options, "get") else Value(None)
        return Value(None) if isinstance(found.x, Unknown) else found

    @word("sessions are in {it}")
    def session_engine(self) -> Value[str]:
        """Where Django keeps sessions: db, cache, cached_db, file, signed_cookies; None for another framework."""
        if self.facts.settings is None:
            return Value(None)
        return self.facts.settings.value("SESSION_ENGINE").map(lambda engine: str(engine).rpartition(".")[2])

    @word("the cache is {it}")
    def cache_backend(self) -> Value[str]:
        """Django's default cache: LocMemCache, RedisCache, …; None for another framework."""
        return projects.cache(self.facts).map(lambda backend: str(backend).rpartition(".")[2])

    @word("requests are counted here")
    def limiter_in_memory(self) -> Value[str]:
        """The rate limiter that counts in the memory of one process; None: there is none."""
        return projects.memory_limiter(self.facts)

    @word("requests are counted by throttles")
    def throttled(self) -> Value[str]:
        """Django REST framework's throttles for every view; None where there are none."""
        return projects.throttled(self.facts)

    @word("figures are counted in each process")
    def metrics(self) -> Value[str]:
        """Where the application answers with prometheus_client's figures; None: it does not."""
        return projects.metrics(self.facts)

    @word("started while the application is loaded")
    def import_job(self) -> Value[str]:
        """A thread or scheduler that starts while the application is loaded; None: there is none."""
        return projects.import_job(self.facts)

    @word("opened while the application is loaded")
    def import_connection(self) -> Value[str]:
        """A connection that is opened while the application is loaded; None: there is none."""
        return projects.import_connection(self.facts)
