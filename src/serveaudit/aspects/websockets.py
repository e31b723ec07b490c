"""Websockets and streams: who keeps an idle one open, over what they can be opened, who holds them up, who may open them."""

from __future__ import annotations

import re
from typing import Any

from serveaudit import projects
from serveaudit.applications import App
from serveaudit.behaviour import behaves, facts
from serveaudit.deployment import Pairing, Process, Proxy
from serveaudit.programs.nginx import Location
from serveaudit.programs.nginx.combine import combine
from serveaudit.programs.nginx.scopes import written
from serveaudit.serving import Server
from serveaudit.units import Seconds
from serveaudit.values import How, Items, Place, Unknown, Value, unique
from serveaudit.words import word

NEVER = Seconds("inf")
_ADDRESSES = ("$binary_remote_addr", "$remote_addr", "$http_x_forwarded_for", "$http_x_real_ip")
_TELLING = re.compile(r"\$(request|request_uri|args|query_string|is_args|arg_(token|access_token|jwt))\b")


class RouteWebsockets:
    """Of a location."""

    location: Location
    proxy: Proxy
    pairs: list[Pairing]
    plain_prefix: Value[str]
    sent_path: Value[str]

    @word("a websocket can be opened here")
    def upgrades(self) -> Value[bool]:
        """Whether nginx passes a websocket's handshake on."""
        return self.location.handshake.upgrades

    @word("the application sends events here", gives="list[str]")
    def event_streams(self) -> Value[Items]:
        """The paths of event streams that nginx gives to this location."""
        found: list[Value[str]] = []
        for pair in self.pairs:
            app = pair.process.app
            found += [path for path in projects.streams(app, "events") if self.takes_path(path)] if app else []
        return Value(Items(tuple(found)), unique(*(path.places[:1] for path in found[:1])))

    def takes_path(self, path: Value[str]) -> bool:
        """Whether nginx gives a path of the application's to this location, which may replace the beginning that clients ask
        for."""
        if not isinstance(path.x, str):
            return False
        asked, sent = self.plain_prefix.x, self.sent_path.x
        if not isinstance(asked, str) or not isinstance(sent, str):
            return self.location.site.location_for(path.x).x is self.location
        below = path.x.startswith(sent)
        return below and self.location.site.location_for(asked + path.x[len(sent) :]).x is self.location

    @word("{it} holds events back")
    def holds_events(self) -> Value[str]:
        """What makes nginx hold an event stream back until its buffers are full; None where events pass at once."""
        buffering = self.location.flag(self.location.passing("buffering"))
        gzip = self._gzips_events()
        if self.location.protocol == "uwsgi":
            return combine(lambda on: "uwsgi_pass" if on else None, buffering)
        version = self.location.text("proxy_http_version")
        chunks = self._chunks()
        return combine(_reason, buffering, version, gzip, chunks, self._chunks_always())

    def _gzips_events(self) -> Value[Any]:
        types = self.location.words("gzip_types")
        listed = types.map(lambda words: "text/event-stream" in words or "*" in words)
        return combine(lambda on, named: bool(on and named), self.location.flag("gzip"), listed)

    def _chunks(self) -> Value[Any]:
        """Whether the server answers in chunks over HTTP/1.1."""
        for pair in self.pairs:
            if measured(pair.process.server, "chunks_over_http_1_1"):
                return behaves(pair.process.server, "chunks_over_http_1_1")
        return Value(True)

    def _chunks_always(self) -> Value[Any]:
        """Whether the server answers in chunks over HTTP/1.0 as well: uvicorn with httptools, as measured."""
        for pair in self.pairs:
            server = pair.process.server
            if server.program == "uvicorn" or server.worker_class.x == "uvicorn":
                return _uses_httptools(pair.process)
        return Value(False)

    @word()
    def app_stops_buffering(self) -> Value[bool]:
        """Whether the application asks nginx not to buffer: it sends X-Accel-Buffering."""
        apps = [pair.process.app for pair in self.pairs if pair.process.app]
        words = ("X-Accel-Buffering", "x-accel-buffering", "EventSourceResponse")
        return Value(any(name in app.module.source.text or app.mentions(name) for app in apps for name in words))

    @word("at most {it} connections from one address")
    def connection_limit(self) -> Value[int]:
        """How many connections one address may have here; None where nothing limits them."""
        zones = {zone.name: zone.key for zone in self.proxy.config.zones if zone.kind == "limit_conn"}
        for line in self.location.effective("limit_conn"):
            name, *number = line.texts
            if zones.get(name) in _ADDRESSES and number and number[0].isdigit() and len(number[0]) < 9:
                return Value(int(number[0]), (written(line),))
        return Value(None)

    @word("counts other requests as well")
    def limit_is_shared(self) -> Value[bool]:
        """Whether the zone that limits connections here counts those of other locations too."""
        found = self.location.effective("limit_conn")
        names = {line.texts[0] for line in found if line.args}
        if found.level is not None and found.level.kind != "location":
            return Value(True, tuple(written(line) for line in found))
        uses = [use for use in self.proxy.config.zone_uses if use.kind == "limit_conn" and use.name in names]
        others = [use for use in uses if use.scope is not self.location.scope]
        return Value(bool(others), tuple(written(use.directive) for use in others[:1]))

    @word("writes the whole address into the log")
    def logs_arguments(self) -> Value[bool]:
        """Whether a line of the access log has a request's arguments: nginx's own format does."""
        found = self.location.effective("access_log")
        if found.shadow is not None:
            return Value(found.shadow)
        if not found.directives:
            note = "nginx's own format has the whole request line"
            return Value(True, (self.location.scope.missing(note),), found.assumes)
        lines = [line for line in found if line.texts[:1] != ["off"]]
        for line in lines:
            format_name = next((text for text in line.texts[1:] if "=" not in text), "combined")
            said = self._log_format(format_name)
            if said is None or _TELLING.search(said):
                return Value(True if said is not None else Unknown(f"log_format {format_name} was not read"), (written(line),))
        return Value(False)

    def _log_format(self, name: str) -> str | None:
        """The text of a format; None for one that was not read."""
        if name == "combined":
            return "$request"
        http = self.proxy.config.http
        for line in http.scope.own("log_format") if http else ():
            if line.texts[:1] == [name]:
                return " ".join(line.texts[1:])
        return None

    @word("reads a token from the address", gives="list[str]")
    def tokens_in_address(self) -> Value[Items]:
        """Where the application reads a token from the address of a websocket or stream that nginx gives to this location."""
        found: list[Value[str]] = []
        for pair in self.pairs:
            app = pair.process.app
            found += [token for path, token in projects.tokens_in_address(app) if self.takes_path(path)] if app else []
        return Value(Items(tuple(found)), unique(*(token.places for token in found[:1])))

    @word("sends a client to the same server each time")
    def sticky(self) -> Value[bool]:
        """Whether nginx sends the requests of one client to the same server."""
        line = self.location.upstream.sticky if self.location.upstream else None
        return Value(line is not None, (written(line),) if line else ())


def _reason(buffering: bool, version: str, gzip: bool, chunks: bool, always: bool) -> str | None:
    if not buffering:
        return None
    if gzip:
        return "gzip"
    if not chunks:
        return "an answer without chunks"
    return "HTTP/1.0" if version == "1.0" and not always else None


def _uses_httptools(process: Process) -> Value[bool]:
    """Whether uvicorn reads HTTP with httptools, as it does where that is installed."""
    chosen, installed = process.server.value("http").x, process.installed
    if chosen in ("h11", "httptools"):
        return Value(chosen == "httptools")
    uvicorn = installed.package("uvicorn")
    if installed.package("httptools") or (uvicorn is not None and "standard" in uvicorn.extras):
        return Value(True)
    missing = uvicorn is not None and installed.packages.complete is True
    return Value(False if missing else Unknown("whether httptools is installed is not known", "httptools"))


class ServerWebsockets:
    """Of a server."""

    process: Process
    facts: Server

    @word("pings an idle websocket after {it}")
    def ping_interval(self) -> Value[Seconds]:
        """After how long it pings an idle websocket; infinite for a server that never does, None for one without websockets."""
        if not measured(self.facts, "websocket_ping"):
            return Value(None)
        found = behaves(self.facts, "websocket_ping")
        return Value(NEVER, found.places, found.assumes) if found.x is None else found

    @word("opens websockets over HTTP/1.0")
    def websockets_over_http_1_0(self) -> Value[bool]:
        """Whether it takes a websocket's handshake over HTTP/1.0, as measured."""
        if not measured(self.facts, "websockets_over_http_1_0"):
            return Value(None)
        return behaves(self.facts, "websockets_over_http_1_0")

    @word("uvicorn alone knows no websockets")
    def lacks_websocket_library(self) -> Value[str]:
        """What says that uvicorn has no library for websockets: `ws = none`, or a requirement without it; None where it may
        have one."""
        if self.facts.program != "uvicorn" and self.facts.worker_class.x != "uvicorn":
            return Value(None)
        ws = self.facts.value("ws")
        if ws.x == "none":
            return ws.map(lambda _: "--ws none")
        asked = self.process.installed.package("uvicorn")
        if asked is None or "standard" in asked.extras or any(self._brings_websockets(name) for name in _BRINGING):
            return Value(None)
        return Value(asked.asked or "uvicorn", (asked.place,))

    def _brings_websockets(self, name: str) -> bool:
        package = self.process.installed.package(name)
        return package is not None and (name not in _WITH_EXTRA or bool({"standard", "all"} & set(package.extras)))

    @word()
    def packages_listed(self) -> Value[bool]:
        """Whether the requirements list everything that is installed: a lock, a freeze, or one that has what uvicorn needs."""
        complete = self.process.installed.packages.complete
        everything = all(self.process.installed.package(name) for name in ("h11", "click"))
        return Value(
            True
            if complete is True or everything or self.facts.value("ws").x == "none"
            else Unknown("more packages may be installed")
        )

    @word("a stream keeps a worker busy")
    def stream_blocks(self) -> Value[bool]:
        """Whether a stream takes a worker for as long as it lasts: gunicorn's sync workers, uWSGI without an event loop."""
        if self.facts.program == "uwsgi":
            loops = [self.facts.value(name).x for name in ("gevent", "asyncio", "async", "loop")]
            return Value(not any(isinstance(x, str) or (isinstance(x, int) and x > 1) for x in loops), (self.facts.place,))
        if self.facts.program != "gunicorn":
            return Value(False)
        return self.facts.worker_class.map(lambda kind: kind == "sync").at(
            *(self.facts.worker_class.places or (Place(self.facts.place.span, How.DEFAULT, "sync is gunicorn's default"),))
        )

    @word("{it} containers under one name")
    def containers(self) -> Value[int]:
        """How many containers answer under the name that a proxy asks for, one after the other; None elsewhere: a Service of
        Kubernetes may keep a client with one pod."""
        machine = self.process.running.machine
        return machine.replicas if machine.kind == "container" else Value(None)


_WITH_EXTRA = ("fastapi", "uvicorn")
_BRINGING = ("websockets", "wsproto", "fastapi", "fastapi-cli", "sanic", "hypercorn", "gradio", "nicegui")
"""Packages that bring a library for websockets with them, two of them by an extra."""


class AppWebsockets:
    """Of an application."""

    facts: App

    @word("events are sent here", gives="list[str]")
    def event_streams(self) -> Value[Items]:
        """The paths of its event streams."""
        found = projects.streams(self.facts, "events")
        return Value(Items(tuple(found)), found[0].places[:1] if found else ())

    @word("the channel layer is {it}")
    def channel_layer(self) -> Value[str]:
        """The class of Channels' default layer; None where none is configured."""
        return projects.channel_layer(self.facts)

    @word("what is sent to this group reaches nobody")
    def groups_without_layer(self) -> Value[str]:
        """Where a consumer uses groups although no channel layer is configured; None where none does, or one is."""
        return projects.groups_without_layer(self.facts)

    @word("sessions of Socket.IO live in one process")
    def lonely_socketio(self) -> Value[str]:
        """A Socket.IO server whose clients start with polling; None: there is none."""
        return projects.lonely_socketio(self.facts)

    @word("checks no Origin")
    def unchecked_origin(self) -> Value[str]:
        """Channels' session or authentication around websockets, without a validator of the Origin around it; None: no such."""
        return projects.unchecked_origin(self.facts)

    @word("is read to its end first")
    def stream_of_other_kind(self) -> Value[str]:
        """A StreamingHttpResponse over a plain generator in an ASGI application, or over an asynchronous one in WSGI; None."""
        return projects.stream_of_other_kind(self.facts)


def takes_websockets(server: Server, app: App) -> Value[bool]:
    """Whether a server can open websockets for an application. Under WSGI only an application can that takes the connection
    itself, as Flask-Sock and Flask-SocketIO do, and only where the server lets it."""
    spoken = app.interface if server.interface.x == "any" else server.interface
    if spoken.x == "wsgi" and app.interface.x == "wsgi":
        return behaves(server, "websockets_in_wsgi")
    return spoken.map(lambda kind: kind != "wsgi")


def measured(server: Server, fact: str) -> bool:
    """Whether a fact was measured for a server."""
    return any(fact in facts().get(kind, {}) for kind in (f"{server.program}/{server.worker_class.x}", server.program))
