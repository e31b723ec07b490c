"""Why a location's requests come to a server, or to nothing that was found."""

from __future__ import annotations

from serveaudit.deployment import Pairing
from serveaudit.edge import is_own
from serveaudit.programs.nginx import Location, Target
from serveaudit.values import Place, Unknown


def reason_of(pair: Pairing) -> str:
    """How a proxy's connection arrives: `socket /run/app.sock`, `service name web, port 8000`, by which upstream."""
    target, spoken = pair.location.target.x, pair.location.protocol
    upstream = f", upstream {target.host}" if isinstance(target, Target) and target.upstream is not None else ""
    return f"{'' if spoken == 'http' else f'{spoken} to '}{_way(pair)}{upstream}"


def _way(pair: Pairing) -> str:
    address, here, there = pair.target, pair.proxy.running.machine, pair.process.running.machine
    if address.kind == "unix":
        opened = ", opened by systemd" if pair.listener.setting == "ListenStream" else ""
        shared = "" if here is there else " through a shared volume"
        return f"socket {address.path}{shared}{opened}"
    if pair.peer == "published":
        return f"port {address.port} of the host, which {there.name} publishes"
    if pair.peer == "neighbour":
        return f"service name {address.host}, port {address.port}"
    return f"{address} on the same {'machine' if here is there else 'network'}"


def target_of(location: Location) -> tuple[str, str, Place]:
    """What a location names as its target, why no server was found for it, and where it says so."""
    directive = location.passes
    assert directive is not None
    label = directive.texts[0] if directive.args else directive.name
    found = location.target.worlds()[0][1].x
    if isinstance(found, Unknown):
        return label, found.why, Place(directive.head)
    if isinstance(found, Target) and not is_own(found):
        return label, "not among what was read", Place(directive.head)
    return label, "no server is proved to answer here", Place(directive.head)
