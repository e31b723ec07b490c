"""The chains of those who wait for each other, and where they break.

answer   balancer → nginx → uWSGI's own router → worker: each must wait for the next one's answer at least as long as that takes
idle     balancer → nginx → server: each must let go of an idle connection before the next one closes it
stop     container's manager → supervisor → server: each must give the next one the time that this gives its requests

A joint is one link of a chain with what is inside of it, and the time on both sides: whether it holds is what rules ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from serveaudit import starts
from serveaudit.balancers import balancer_of
from serveaudit.deployment import Pairing, Process, Running
from serveaudit.launching import Unit
from serveaudit.programs.nginx import Location
from serveaudit.programs.nginx.combine import combine
from serveaudit.serving import Server
from serveaudit.units import Seconds
from serveaudit.values import How, Items, Place, Value, unique

Name = Literal["answer", "idle", "stop"]
_ROUTERS = ("http", "https")
"""uWSGI's settings that put its own HTTP router before the workers."""


@dataclass(frozen=True, slots=True)
class Link:
    """One that waits: its name in reports, and how long (seconds); None: it has no limit."""

    who: str
    time: Value[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """A link, and what is inside of it.

    pair  by which nginx' location the server is reached, where the outer link is that nginx
    """

    chain: Name
    outer: Link
    inner: Link
    process: Process
    pair: Pairing | None = None


def joints_of(process: Process) -> Iterator[Joint]:
    """Every joint of the chains that end at a server."""
    yield from _answering(process)
    yield from _idling(process)
    yield from _stopping(process)


def shortest(chain: Sequence[Link]) -> Link:
    """What the links come to together: the one with the least time; where none has a limit, the last."""
    limited = [link for link in chain if link.time.x is not None]
    if all(isinstance(link.time.x, int | float) for link in limited):
        return min(limited, key=lambda link: link.time.x, default=chain[-1])
    return Link(limited[0].who, combine(_least, *(link.time for link in limited)))


def _least(*times: Any) -> Any:
    return min((x for x in times if x is not None), default=None)


# who waits for an answer


def _answering(process: Process) -> Iterator[Joint]:
    server, balancer = process.server, balancer_of(process.running)
    worker, router = Link(server.program, server.request_limit), Link("uWSGI's router", router_timeout(server))
    yield Joint("answer", router, worker, process)
    for pair in process.pairs:
        inner = _answer((router, worker) if pair.listener.setting in _ROUTERS else (worker,))
        yield Joint("answer", Link("nginx", read_timeout(pair.location)), inner, process, pair)
    if balancer is not None:
        yield Joint("answer", Link(balancer.name, balancer.answer), _answer((router, worker)), process)


def _answer(chain: Sequence[Link]) -> Link:
    """How long an answer may take. Where a worker has no limit, nothing tells that it takes as long as others wait for it."""
    return shortest(chain) if chain[-1].time.x is not None else chain[-1]


def read_timeout(location: Location) -> Value[Any]:
    """How long nginx waits for the application between two reads."""
    return location.read_timeout.map(lambda seconds: Seconds(float(seconds)))


def router_timeout(server: Server) -> Value[Any]:
    """How long uWSGI's own HTTP router waits for a worker; None where no router is used."""
    listeners = server.listeners.x.members if isinstance(server.listeners.x, Items) else ()
    opened = next((each for each in listeners if each.setting in _ROUTERS), None)
    if server.program != "uwsgi" or opened is None:
        return Value(None)
    setting = server.settings.get("http-timeout")
    if setting is None or setting.origin != "default":
        return server.value("http-timeout")
    return setting.value.at(*(Place(place.span, How.DEFAULT, "its default") for place in opened.address.places[:1]))


# who keeps idle connections


def _idling(process: Process) -> Iterator[Joint]:
    kept, balancer = Link(process.server.program, process.server.idle_keepalive), balancer_of(process.running)
    for pair in process.pairs:
        yield Joint("idle", Link("nginx", upstream_idle(pair.location)), kept, process, pair)
    if balancer is not None and not process.pairs:
        yield Joint("idle", Link(balancer.name, balancer.idle), kept, process)


def upstream_idle(location: Location) -> Value[Any]:
    """How long nginx keeps an idle connection to the application, at the line that says so; None: it keeps none."""
    kept, upstream = location.idle_keepalive, location.upstream
    lines = upstream.scope.own("keepalive_timeout") or upstream.scope.own("keepalive") if upstream else ()
    first = tuple(Place(line.head) for line in lines[-1:]) or (upstream.keepalive.places if upstream else ())
    return kept.at(*unique(first, kept.places)) if kept.x is not None else kept


# who is given time to finish


def _stopping(process: Process) -> Iterator[Joint]:
    inside = [Link(process.server.program, process.server.graceful_timeout)]
    for unit in _units(process):
        outer = Link(unit.manager, starts.stop_timeout(unit))
        yield Joint("stop", outer, shortest(inside), process)
        inside.insert(0, outer)


def _units(process: Process) -> Iterator[Unit]:
    """By what the server is stopped, the innermost first: its own unit, and that of the supervisord which runs it."""
    own = process.running.unit
    if own is None:
        return
    yield own
    for running in process.running.context.launches if own.manager == "supervisor" else ():
        unit = running.unit if running.machine is process.running.machine else None
        if unit is not None and unit.manager in starts.CONTAINERS and _is_told_supervisor(running):
            yield unit


def _is_told_supervisor(running: Running) -> bool:
    """Whether it is a supervisord that the stop signal comes to; what it starts itself it then stops in turn."""
    before = [link for link in running.followed.links if link.kind != "supervisord"] if running.followed else []
    return (
        starts.program(running) == "supervisord" and starts.is_main(running) and not any(link.keeps_signals for link in before)
    )
