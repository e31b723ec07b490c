"""What listens on a machine: its servers, its nginx, and whatever else may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from serveaudit.deployment import Context, Process, Proxy, Running, listeners_of
from serveaudit.launching import Machine
from serveaudit.starts import program
from serveaudit.units import Address
from serveaudit.values import Items, Place, Unknown, Value

_QUIET = frozenset("celery cron crond crontab sleep tail wait cat echo true rqworker rq dramatiq huey flower_exporter".split())
"""Programs that run for long and listen to nobody."""
_DAEMONS = frozenset("nginx apache2 apachectl httpd service redis-server sshd memcached caddy haproxy pgbouncer".split())
"""Programs that leave for the background by themselves, or start others that do."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An address on which a program of a machine listens."""

    address: Value[Address]
    program: str
    process: Process | None = None


def bound(machine: Machine, context: Context) -> list[Bound]:
    """Every address on which the machine's servers and its nginx listen; a Value that is unknown among them."""
    found: list[Bound] = []
    for process in context.processes:
        if process.running.machine is machine:
            if isinstance(process.server.listeners.x, Unknown):
                found.append(Bound(Value(process.server.listeners.x), process.server.program, process))
            found += [Bound(each.address, process.server.program, process) for each in listeners_of(process)]
    for proxy in context.proxies:
        if proxy.running.machine is machine:
            found += [Bound(address, "nginx") for address in _of_nginx(proxy, machine)]
    return found


def _of_nginx(proxy: Proxy, machine: Machine) -> Iterator[Value[Any]]:
    for site in proxy.config.sites:
        yield from (listen.address for listen in site.listens)
        if site.unread is not None:
            yield Value(site.unread)
    outermost = proxy.config.main
    for scope in outermost.scope.walk() if outermost else ():
        if scope.kind in ("stream/server", "mail/server"):
            yield Value(Unknown("it passes other connections on as well", "stream"))
    if proxy.config.kind != "whole" and not _hides_default(machine, proxy):
        yield Value(Address("tcp", "*", 80), machine.image.places)


def _hides_default(machine: Machine, proxy: Proxy) -> bool:
    """Whether something is put in the place of the site that nginx's image brings along."""
    default = "/etc/nginx/conf.d/default.conf"
    own = (default, "/etc/nginx/conf.d", "/etc/nginx")
    rendered = default in proxy.running.files.written
    return machine.kind == "host" or rendered or any(mount.target.rstrip("/") in own for mount in machine.mounts)


def others(machine: Machine, context: Context) -> Unknown | None:
    """Why something else may listen on a container; None where every program that it runs is known."""
    if machine.kind == "host":
        return Unknown("other programs of the host may listen", "the host's other programs")
    for unit in machine.units:
        if not unit.steps:
            return Unknown(f"what {machine.image.x if isinstance(machine.image.x, str) else 'its image'} starts is not known")
    if _guessed(machine):
        return Unknown("the image is only taken for the one that is built here", "image")
    known = {id(process.running.followed) for process in context.processes}
    known |= {id(proxy.running.followed) for proxy in context.proxies}
    launches = [launch for launch in context.launches if launch.machine is machine and id(launch.followed) not in known]
    for launch in launches:
        if _may_listen(launch) and not (program(launch) == "supervisord" and _listens_to_nobody(machine, context)):
            return Unknown(f"{program(launch) or 'a program'} may listen as well")
    if any(process.server.starts for process in context.processes if process.running.machine is machine):
        return Unknown("uWSGI starts other programs, which may listen as well")
    return None


def _guessed(machine: Machine) -> bool:
    """Whether what the image starts is told by a Dockerfile of which nothing says that it builds the image."""
    own = any(step.place.span.path == machine.dockerfile for unit in machine.units for step in unit.steps)
    return own and isinstance(machine.keys.get("image.guessed", Value(None)).x, Unknown)


def _listens_to_nobody(machine: Machine, context: Context) -> bool:
    """Whether the whole configuration of a machine's supervisord was read, and it serves no pages of its own."""
    units = [launch.unit for launch in context.launches if launch.machine is machine and launch.unit is not None]
    programs = [unit for unit in units if unit.manager == "supervisor"]
    return bool(programs) and not any({"inet_http_server.port", "include.files"} & unit.keys.keys() for unit in programs)


def _may_listen(launch: Running) -> bool:
    followed = launch.followed
    if followed is None or program(launch) in _QUIET:
        return False
    supervised = launch.unit is not None and launch.unit.manager == "supervisor"
    stays = followed.last or followed.background or supervised or program(launch) in _DAEMONS
    return stays or followed.unread is not None


def tcp_ports(machine: Machine, context: Context) -> Value[Any]:
    """The ports on which something of a machine listens, as a list that is incomplete where others may be. Empty where none of
    its programs is known."""
    members: list[Value[int]] = []
    unknown = others(machine, context)
    places: list[Place] = []
    for each in bound(machine, context):
        for _, address in each.address.worlds():
            if not isinstance(address.x, Address) or (address.x.kind == "tcp" and address.x.port is None):
                unknown = address.x if isinstance(address.x, Unknown) else Unknown("which port it takes is not known")
            elif address.x.kind == "tcp":
                members.append(Value(address.x.port, address.places))
                places += address.places
    return Value(Items(tuple(members), True if unknown is None else unknown), tuple(dict.fromkeys(places)))
