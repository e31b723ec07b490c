"""What several processes of one application do not share: caches, connections, secrets, jobs, figures."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from serveaudit import projects
from serveaudit.applications import App
from serveaudit.behaviour import behaves
from serveaudit.contexts import kind_of
from serveaudit.deployment import Process
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.units import Seconds
from serveaudit.values import How, Items, Place, Unknown, Value
from serveaudit.words import word


class ServerSharing:
    """Of a server."""

    process: Process
    facts: Server

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
        return Value(self.facts.config is not None and kind_of(self.facts.config.path.rpartition("/")[2]) == "development")

    @word()
    def has_fork_hook(self) -> Value[bool]:
        """Whether something of its own runs in each worker after the fork: what it does is not followed."""
        app = self.process.app
        hook = (
            self.facts.program == "gunicorn"
            and self.facts.value("post_fork").x is not None
            and self.facts.settings["post_fork"].origin != "default"
        )
        decorated = app is not None and app.mentions("postfork")
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
        told = any(name in config or (app is not None and app.mentions(name)) for name in names)
        return Value(Unknown("whether the variable is set is not known", "PROMETHEUS_MULTIPROC_DIR") if told else False)

    @word()
    def needs_one_process(self) -> Value[bool]:
        """Whether its application keeps rooms of websockets in its memory: Channels' layer, Socket.IO without a queue."""
        app = self.process.app
        return Value(
            app is not None
            and (projects.channel_layer(app).x == "InMemoryChannelLayer" or projects.lonely_socketio(app).x is not None)
        )

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

    @word("opens up to {it} connections")
    def database_connections(self) -> Value[int]:
        """How many database connections its workers keep: one for each thread of each process of each copy."""
        parts = (self.facts.processes, self.facts.threads, self.process.running.machine.replicas)
        if not all(isinstance(part.x, int) for part in parts):
            return next(part for part in parts if not isinstance(part.x, int))
        return Value(parts[0].x * parts[1].x * parts[2].x).also(*parts)

    @word("the database takes {it} connections")
    def database_limit(self) -> Value[int]:
        """max_connections of the one PostgreSQL beside it; None where there is none, or something pools its connections."""
        machines = self.process.running.context.group.machines
        images = [(machine, machine.image.x) for machine in machines if isinstance(machine.image.x, str)]
        servers = [machine for machine, image in images if re.match(r"(.*/)?(postgres|postgis|timescaledb)(:|@|$)", image)]
        if len(servers) != 1 or any("bouncer" in image or "pgpool" in image for _, image in images):
            return Value(None)
        words = [word for unit in servers[0].units for step in unit.steps for word in step.argv]
        for value in words:
            said = re.search(r"max_connections=(\d{1,7})", str(value.x))
            if said:
                return Value(int(said[1]), value.places)
        return Value(100, (Place(servers[0].place.span, How.DEFAULT, "max_connections is 100 in the image"),))

    @word("waits without letting others work")
    def unpatched_library(self) -> Value[str]:
        """A library that talks over sockets and is imported before gevent patches them, or where nothing patches; None."""
        if self.facts.program == "gevent":
            return self._unpatched_in_script()
        app = self.process.app
        if app is None or self.facts.worker_class.x != "gevent" or self.facts.value("preload_app").x is not True:
            return Value(None)
        config = self.facts.config.text if self.facts.config else ""
        patched = _PATCHES.search(config) or app.mentions("patch_all")
        return Value(None) if patched else projects.network_import(app)

    def _unpatched_in_script(self) -> Value[str]:
        """The same for a script that makes a WSGIServer: in what it imports before it patches, or in all it imports."""
        early, script = self.facts.value("patched_after"), self.facts.config
        if isinstance(early.x, str) and projects.is_network(early.x):
            return early
        if self.facts.value("patched").x is not False or script is None:
            return Value(None)
        files, sources = self.process.running.files, [script]
        for name in re.findall(r"(?m)^(?:from|import)[ \t]+([\w.]+)", script.text):
            found = files.module(name, posixpath.dirname(script.path))
            sources += [found] if isinstance(found, SourceFile) else []
        return next((told for source in sources if (told := projects.network_import_in(source)).x is not None), Value(None))


_PATCHES = re.compile(r"\bmonkey\.patch_|\bpatch_all\(")


class AppSharing:
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
