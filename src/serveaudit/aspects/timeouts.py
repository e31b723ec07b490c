"""How long is waited: by nginx, the server, a probe; who keeps connections; who is asked again."""

from __future__ import annotations

from typing import Any

from serveaudit import chains
from serveaudit.behaviour import behaves, facts
from serveaudit.deployment import Pairing, Process, Running
from serveaudit.launching import Unit
from serveaudit.programs.nginx import Location, Member, Upstream
from serveaudit.serving import Server
from serveaudit.units import Seconds
from serveaudit.values import How, Items, Place, Range, Unknown, Value
from serveaudit.words import word

_PROBE_DEFAULTS = {"timeoutSeconds": 1, "periodSeconds": 10, "failureThreshold": 3}
"""Source: kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Probe."""


class RouteTimeouts:
    """Of a location."""

    location: Location
    pairs: list[Pairing]

    @word("waits {it} without a byte")
    def read_timeout(self) -> Value[Seconds]:
        """How long nginx waits for the application between two reads; None where nothing is passed on."""
        return chains.read_timeout(self.location) if self.location.passes else Value(None)

    @word("keeps an idle connection for {it}")
    def idle_keepalive(self) -> Value[Seconds]:
        """How long nginx keeps an idle connection to the application; None: it keeps none."""
        return chains.upstream_idle(self.location)

    @word("nginx is told to keep connections")
    def keepalive_line(self) -> Value[int]:
        """How many idle connections nginx is told to keep; None where no line says so."""
        upstream = self.location.upstream
        if upstream is None or not upstream.scope.own("keepalive") or self.location.protocol != "http":
            return Value(None)
        return upstream.keepalive

    @word()
    def connection_closed_by(self) -> Value[str]:
        """What keeps a pool from being used: the line that says Connection: close, or HTTP/1.0; None where nothing does."""
        said = self.location.plain["Connection"]
        if "close" in str(said.x).lower():
            return Value("Connection: close", said.places)
        return self.location.text("proxy_http_version").map(lambda version: "HTTP/1.0" if version == "1.0" else None)

    @word("{it} servers to choose from")
    def peers(self) -> Value[int]:
        """How many servers take requests here, those that only stand in left out; 1 for an address without upstream block."""
        upstream = self.location.upstream
        if upstream is None:
            return Value(1) if self.location.target.known else Value(Unknown("where requests go is not known"))
        members = _active(upstream)
        places = tuple(member.place for member in members[:2])
        if upstream.members.complete is not True:
            return Value(Range(len(members)), places)
        return Value(len(members), places)

    @word("asks the next server after {it}", gives="list[str]")
    def next_upstream(self) -> Value[Items]:
        """After what nginx asks the next server, in its own words."""
        found = self.location.words(self.location.passing("next_upstream"))
        return found.map(lambda words: Items(tuple(words)))

    @word("asks at most {it} servers")
    def tries(self) -> Value[int]:
        """How many servers are asked for one request at most; 0: all."""
        said = self.location.text(self.location.passing("next_upstream_tries"))
        return said.map(lambda text: int(text) if text.isdigit() and len(text) < 9 else Unknown(f"{text} is no number"))

    @word("taken for dead after a failure")
    def gives_up_peers(self) -> Value[bool]:
        """Whether nginx stops asking a server for a while after it failed: of several, where max_fails is not 0."""
        upstream = self.location.upstream
        members = _active(upstream) if upstream else []
        told = [member for member in members if member.option("max_fails") != "0"]
        return Value(len(members) > 1 and bool(told), tuple(member.place for member in told[:1]))

    @word()
    def only_reads(self) -> Value[bool]:
        """Whether a limit_except keeps out what changes something."""
        return Value(any(inner.modifier == "limit_except" for inner in self.location.conditions))

    @word("takes connections here")
    def listener_setting(self) -> Value[str]:
        """The setting by which the server that answers listens: `http-socket`, `bind`; None where none is proved."""
        for pair in self.pairs:
            return Value(pair.listener.setting, pair.listener.address.places)
        return Value(None)


def _active(upstream: Upstream) -> list[Member]:
    return [member for member in upstream.members if not member.idle]


class ServerTimeouts:
    """Of a server."""

    process: Process
    facts: Server

    @word("closes each connection after its answer")
    def closes_connections(self) -> Value[bool]:
        """Whether it closes every connection after one answer, as measured."""
        key = f"{self.facts.program}/{self.facts.worker_class.x}"
        if "keeps_connections" not in facts().get(key, {}):
            return Value(False)
        return behaves(self.facts, "keeps_connections").map(lambda keeps: not keeps)

    @word("the heartbeat of its workers: {it}")
    def heartbeat(self) -> Value[Seconds]:
        """gunicorn's timeout where it limits no request: of every kind of worker but sync; None for all else."""
        if self.facts.program != "gunicorn":
            return Value(None)
        timeout = self.facts.value("timeout")
        return self.facts.worker_class.map(lambda kind: None if kind == "sync" else timeout.x).also(timeout).at(*timeout.places)

    @word("the router waits {it}")
    def router_timeout(self) -> Value[Seconds]:
        """How long uWSGI's own HTTP router waits for a worker; None where no router is used."""
        return chains.router_timeout(self.facts)


class LaunchTimeouts:
    """Of a launch."""

    running: Running
    unit: Unit | None

    @word("asked over HTTP whether it lives")
    def liveness_path(self) -> Value[str]:
        """What the liveness probe asks for; None where there is none over HTTP."""
        for name in ("livenessProbe.httpGet.path", "livenessProbe.httpGet.port", "livenessProbe.httpGet"):
            found = self._probe(name)
            if found.x is not None:
                return found.map(str)
        return Value(None)

    @word("a probe waits {it}")
    def liveness_timeout(self) -> Value[Seconds]:
        """How long one probe waits for its answer."""
        return self._probe_number("timeoutSeconds").map(lambda seconds: Seconds(seconds))

    @word("after {it} of failing probes the container is restarted")
    def liveness_patience(self) -> Value[Seconds]:
        """How long probes may fail before the container is restarted."""
        period, failures = self._probe_number("periodSeconds"), self._probe_number("failureThreshold")
        if not isinstance(period.x, int | float) or not isinstance(failures.x, int | float):
            return next(value for value in (period, failures) if not isinstance(value.x, int | float))
        return Value(Seconds(period.x * failures.x)).also(period, failures)

    def _probe(self, name: str) -> Value[Any]:
        return self.unit.keys.get(name, Value(None)) if self.unit else Value(None)

    def _probe_number(self, name: str) -> Value[Any]:
        found = self._probe(f"livenessProbe.{name}")
        if found.x is not None:
            return found.map(
                lambda x: float(x) if isinstance(x, int | float) or str(x).isdigit() else Unknown("it is no number")
            )
        default = _PROBE_DEFAULTS[name]
        places = self._probe("livenessProbe.httpGet.path").places or self._probe("livenessProbe.httpGet.port").places
        note = f"Kubernetes' default for {name} is {default}"
        return Value(float(default), tuple(Place(place.span, How.DEFAULT, note) for place in places[:1]))
