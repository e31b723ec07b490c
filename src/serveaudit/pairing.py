"""Which server answers where a proxy passes requests on, and the lines that prove it.

A pair exists only with proof: the same socket path, or the same port on the same host, container, pod or compose service; a
host's nginx reaches a container through the port that it publishes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from serveaudit.deployment import Context, Pairing, Peer, Process, Proxy, listeners_of
from serveaudit.launching import Machine, Mount
from serveaudit.programs.nginx import Location, Target
from serveaudit.serving import Listener
from serveaudit.units import Address
from serveaudit.values import How, Place, Value, unique

_GATEWAYS = frozenset({"host.docker.internal", "172.17.0.1", "gateway.docker.internal"})


@dataclass(frozen=True, slots=True)
class Reached:
    """A machine that an address leads to, as what its port arrives there, and what joins the two."""

    machine: Machine
    context: Context
    address: Address
    peer: Peer
    edges: tuple[Place, ...] = ()


def pair(proxy: Proxy, contexts: Sequence[Context]) -> Iterator[Pairing]:
    """Every proved hop of the proxy's locations."""
    for site in proxy.config.sites:
        for location in site.routes:
            for _, target in location.target.worlds():
                if isinstance(target.x, Target):
                    yield from _pair(proxy, location, target, contexts)


def _pair(proxy: Proxy, location: Location, target: Value[Target], contexts: Sequence[Context]) -> Iterator[Pairing]:
    for member in target.x.addresses:
        if not isinstance(member.x, Address):
            continue
        for reached in reach(proxy, member.x, contexts):
            for process, listener in processes_at(reached):
                goes = told(target.places + member.places, f"goes to {member.x}")
                listens = told(listener.address.places, f"{process.server.program} listens on {listener.address.x}")
                edges = unique(goes, listens, reached.edges)
                yield Pairing(proxy, location, process, member.x, listener, reached.peer, edges)


def told(places: tuple[Place, ...], note: str) -> tuple[Place, ...]:
    """The places with what they prove."""
    return tuple(replace(place, how=How.EDGE, note=note) for place in places)


def reach(proxy: Proxy, address: Address, contexts: Sequence[Context]) -> Iterator[Reached]:
    """The machines at which a proxy's connection to an address arrives. Empty where none is known."""
    own = Reached(proxy.running.machine, proxy.running.context, address, "unix" if address.kind == "unix" else "loopback")
    if address.kind == "unix":
        yield own
        yield from _through_volumes(proxy, address, contexts)
    elif address.kind == "tcp" and (address.loopback or address.everywhere):
        yield own
        if own.machine.kind == "host" or own.machine.host_network.x is True:
            yield from _published(address, contexts)
            yield from _of_host(own, contexts)
    elif address.kind == "tcp" and address.host in _GATEWAYS:
        yield from _published(address, contexts)
        yield from _of_host(own, contexts)
    elif address.kind == "tcp":
        yield from _named(proxy, address, contexts)


def processes_at(reached: Reached) -> Iterator[tuple[Process, Listener]]:
    """The servers on a machine that take connections to the address."""
    for process in servers_on(reached):
        for listener in listeners_of(process):
            if takes(listener.address.x, reached):
                yield process, listener


def servers_on(reached: Reached) -> list[Process]:
    return [process for process in reached.context.processes if process.running.machine is reached.machine]


def takes(bound: object, reached: Reached) -> bool:
    """Whether what listens at this address of the machine gets the connection."""
    if not isinstance(bound, Address) or bound.kind != reached.address.kind:
        return False
    if bound.kind == "unix":
        return bound.path == reached.address.path
    if bound.port is None or bound.port != reached.address.port:
        return False
    return not bound.loopback or reached.peer == "loopback"


def _published(address: Address, contexts: Sequence[Context]) -> Iterator[Reached]:
    """Containers that publish the port on the host."""
    for context in contexts:
        for machine in context.group.machines:
            for published in machine.published:
                if machine.kind != "host" and published.host_port.x == address.port and isinstance(published.port.x, int):
                    inside = Address("tcp", machine.name, published.port.x)
                    yield Reached(machine, context, inside, "published", told((published.place,), "this port of the host"))


def _of_host(own: Reached, contexts: Sequence[Context]) -> Iterator[Reached]:
    """Other machines in the host's own network: the host, and containers with its network."""
    for context in contexts:
        for machine in context.group.machines:
            shares = machine.kind == "host" or machine.host_network.x is True
            if shares and machine is not own.machine and context.kind == own.context.kind:
                yield Reached(machine, context, own.address, "loopback")


def _named(proxy: Proxy, address: Address, contexts: Sequence[Context]) -> Iterator[Reached]:
    """Machines of that name on a common network; for a host's nginx, which is likely to run in a container that nothing here
    describes, those of any project."""
    own = proxy.running
    for context in contexts:
        if context is not own.context and own.machine.kind != "host":
            continue
        for machine in context.group.machines:
            if address.host in machine.names and machine is not own.machine:
                this = told((machine.place,), f"this is {address.host}")
                if context.group.manager == "kubernetes":
                    yield from _behind_service(machine, context, address, this)
                else:
                    yield Reached(machine, context, address, "neighbour", this)


def _behind_service(machine: Machine, context: Context, address: Address, this: tuple[Place, ...]) -> Iterator[Reached]:
    """A pod by the port of its Service, which may lead to another one of the pod; by its own where no Service has that port."""
    served = [each for each in machine.published if each.host_port.x == address.port]
    for each in served or [each for each in machine.published if not each.host_port.known]:
        inside = each.port.x if each.host_port.known and isinstance(each.port.x, int) else None
        edges = (*this, *told((each.place,), "this port of its Service"))
        yield Reached(machine, context, Address("tcp", address.host, inside), "neighbour", edges)
    if not served:
        yield Reached(machine, context, address, "neighbour", this)


def _through_volumes(proxy: Proxy, address: Address, contexts: Sequence[Context]) -> Iterator[Reached]:
    """Machines that see the socket's directory through the same volume or directory of the host."""
    own = proxy.running.machine
    for mount, rest in _mounts_over(own, address.path):
        for context in contexts:
            for machine in context.group.machines:
                if machine is own:
                    continue
                if machine.kind == "host" and mount.kind == "bind":
                    path = (mount.source if mount.source and mount.source.startswith("/") else mount.target) + rest
                    yield Reached(machine, context, Address("unix", path=path), "unix", (mount.place,))
                for other in machine.mounts:
                    if other.kind == mount.kind and other.source is not None and other.source == mount.source:
                        path = other.target.rstrip("/") + rest
                        yield Reached(machine, context, Address("unix", path=path), "unix", (mount.place, other.place))


def _mounts_over(machine: Machine, path: str) -> Iterator[tuple[Mount, str]]:
    for mount in machine.mounts:
        target = mount.target.rstrip("/")
        if mount.kind in ("volume", "bind") and path.startswith(target + "/"):
            yield mount, path[len(target) :]
