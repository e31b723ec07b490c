"""Who can reach a server from outside of its machine, and through which line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from serveaudit.deployment import Process, listeners_of
from serveaudit.launching import Machine, Published
from serveaudit.serving import Listener
from serveaudit.units import Address
from serveaudit.values import Place, Unknown

WEB_PORTS = (80, 443)
"""Where browsers ask."""
_INSIDE = ("127.", "::1", "localhost", "cluster")


@dataclass(frozen=True, slots=True)
class Opening:
    """A way in from outside: the listener, and the text that opens it (`0.0.0.0:8000`, or `8000:8000` of a container)."""

    listener: Listener
    text: str
    places: tuple[Place, ...]
    host_port: int | None = None


def openings(process: Process) -> Iterator[Opening | Unknown]:
    """How clients of other machines reach the server; Unknown for what may be one."""
    machine = process.running.machine
    if isinstance(process.server.listeners.x, Unknown):
        yield process.server.listeners.x
    for listener in listeners_of(process):
        address = listener.address.x
        if isinstance(address, Unknown):
            yield address
        elif isinstance(address, Address) and address.kind == "tcp" and not address.loopback:
            yield from _openings_of(machine, listener, address)


def _openings_of(machine: Machine, listener: Listener, address: Address) -> Iterator[Opening | Unknown]:
    if machine.kind == "host" or machine.host_network.x is True:
        yield Opening(listener, str(address), listener.address.places, address.port)
        return
    for published in machine.published:
        if published_to_outside(published) and published.port.x == address.port:
            port = published.host_port.x if isinstance(published.host_port.x, int) else None
            yield Opening(listener, published.place.span.text, (published.place, *listener.address.places), port)
        elif not published.port.known:
            yield Unknown(published.port.why or "which port is published is not known")


def outer_ports(machine: Machine, address: Address) -> list[int]:
    """The ports at which other machines reach an address of a machine; of a published one, that of the host."""
    if machine.kind == "host" or machine.host_network.x is True:
        return [address.port] if address.port is not None else []
    ports = [each for each in machine.published if each.port.x == address.port and published_to_outside(each)]
    return [each.host_port.x for each in ports if isinstance(each.host_port.x, int)]


def published_to_outside(published: Published) -> bool:
    """Whether a published port is open to other machines, and not to the host's or the cluster's own alone."""
    return not (isinstance(published.host_ip.x, str) and published.host_ip.x.startswith(_INSIDE))
