"""What fits: processes and CPUs, bodies and headers, connections; and what several processes do not share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serveaudit import projects
from serveaudit.applications import App
from serveaudit.behaviour import behaves, facts
from serveaudit.deployment import Pairing, Process, Proxy
from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import Location
from serveaudit.programs.nginx.scopes import written
from serveaudit.serving import Server
from serveaudit.units import Bytes, nginx_size
from serveaudit.values import Branch, Items, Place, Unknown, Value
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


_KERNEL_BACKLOGS = (("the kernel is older than Linux 5.4", 128), ("the kernel is Linux 5.4 or newer", 4096))
"""Source: Documentation/admin-guide/sysctl/net.rst, somaxconn."""


def _count(x: object) -> int | Unknown:
    """A number of a description, which may say several at once: `net.core.somaxconn=1024`."""
    digits = str(x).rpartition("=")[2].strip()
    return int(digits) if digits.isdecimal() and len(digits) < 10 else Unknown(f"{x}: no number")


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

    @word("the kernel lets {it} connections wait")
    def kernel_backlog(self) -> Value[int]:
        """net.core.somaxconn: what the container's description sets it to, else what kernels come with."""
        keys = self.process.running.machine.keys
        for name, value in keys.items():
            if "somaxconn" in name:
                return value.map(_count)
            if "somaxconn" in str(value.x):
                return keys.get(f"{name.removesuffix('name')}value", value).map(_count)
        return Value(Branch("the kernel", tuple((label, Value(limit)) for label, limit in _KERNEL_BACKLOGS)))

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
