"""What stands between the clients and what is audited, and at which ports they come in."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

from serveaudit.charting.drafting import Draft
from serveaudit.deployment import Process, Proxy, listeners_of
from serveaudit.edge import expects_balancer
from serveaudit.exposure import Opening, openings, published_to_outside
from serveaudit.facing import behind_proxy
from serveaudit.graph import Node
from serveaudit.programs.nginx import Listen, Site
from serveaudit.source import Span
from serveaudit.units import Address
from serveaudit.values import Place

_CLIENTS = "clients"
_UNTOLD = "a way that no file tells"
_UNREACHED = "no way from outside is known"


@dataclass(frozen=True, slots=True)
class _Entrance:
    """A way in: why, and the lines that say so."""

    reason: str
    places: tuple[Place, ...]


def add_entrances(draft: Draft) -> None:
    """The clients, what is told to stand before the deployment, and every way from there to a site or a server."""
    for proxy in draft.context.proxies:
        for site in proxy.config.sites:
            _enter_site(draft, proxy, site)
    for process in draft.context.processes:
        _enter_server(draft, process)


def _enter_site(draft: Draft, proxy: Proxy, site: Site) -> None:
    id, ways = draft.id_of(site), list(_ways(proxy, site))
    sure = behind_proxy(proxy, site)
    before = _outside(draft, proxy, {place.span for place in sure.places} if sure.x is True else set())
    places = tuple(place for way in ways for place in way.places)
    for outer, certain in before.items():
        reason = "; ".join(dict.fromkeys(way.reason for way in ways)) or _UNTOLD
        draft.link(outer, id, reason, places, certain)
    for way in ways if not before else ():
        draft.link(_clients(draft), id, way.reason, way.places)
    if not ways and not before:
        draft.note(id, _UNREACHED)


def _ways(proxy: Proxy, site: Site) -> Iterator[_Entrance]:
    for listen in site.listens:
        address = listen.address.x
        if isinstance(address, Address) and address.kind == "tcp" and not address.loopback:
            yield from _openings_of(proxy, listen, address.port)


def _openings_of(proxy: Proxy, listen: Listen, port: int | None) -> Iterator[_Entrance]:
    machine, spoken = proxy.running.machine, "https" if listen.tls else "http"
    if machine.kind == "host" or machine.host_network.x is True:
        yield _Entrance(f"{spoken}, port {port} of the host", (listen.place,))
        return
    for published in machine.published:
        if published.port.x == port and published_to_outside(published):
            outer = published.host_port.x
            how = f"published as {outer}" if isinstance(outer, int) and outer != port else "published"
            yield _Entrance(f"{spoken}, port {port}, {how}", (listen.place, published.place))


def _outside(draft: Draft, proxy: Proxy | None, sure: Set[Span]) -> dict[str, bool]:
    """The ids of what may stand between the clients and nginx, or a server that has no nginx before it, and whether it surely
    does: `sure` are the lines that tell so."""
    stated = draft.context.stated.proxy
    if stated.x is not None and stated.x != "external":
        return {}
    found: dict[str, Node] = {}
    for sign in draft.context.signs:
        if sign.proxies:
            facts = ("TLS may end there",) if sign.terminates_tls else ()
            found.setdefault(sign.what, Node("", "outside", sign.what, facts, sign.place, sign.place.span in sure))
    expected = expects_balancer(proxy) if proxy is not None and not found else None
    if stated.x == "external" and not found:
        place = stated.places[0] if stated.places else None
        found["stated"] = Node("", "outside", "another proxy", ("stated in the configuration",), place)
    elif expected is not None:
        found["expected"] = Node("", "outside", "a balancer", ("nginx is set up to stand behind one",), expected, False)
    return {_add_outside(draft, name, node): node.certain for name, node in found.items()}


def _add_outside(draft: Draft, name: str, node: Node) -> str:
    if draft.has(("outside", name)):
        return draft.id_of(("outside", name))
    id = draft.add(("outside", name), node)
    reason = "what the configuration says" if name == "stated" else "a sign of it in the files"
    draft.link(_clients(draft), id, reason, (node.place,) if node.place else (), node.certain)
    return id


def _enter_server(draft: Draft, process: Process) -> None:
    id, ways = draft.id_of(process), [found for found in openings(process) if isinstance(found, Opening)]
    before = {} if process.pairs or _only_sockets(process) else _outside(draft, None, frozenset())
    for outer in before:
        reason = "; ".join(dict.fromkeys(map(_opening, ways))) or _UNTOLD
        draft.link(outer, id, reason, tuple(place for way in ways for place in way.places), certain=False)
    for way in ways if not before else ():
        draft.link(_clients(draft), id, _opening(way), way.places)
    if not ways and not before and not process.pairs:
        draft.note(id, _UNREACHED)


def _only_sockets(process: Process) -> bool:
    """Whether nothing but a program of its own machine can connect to a server."""
    listeners = listeners_of(process)
    return bool(listeners) and all(isinstance(x := each.address.x, Address) and x.kind == "unix" for each in listeners)


def _opening(way: Opening) -> str:
    """How clients come to a server without an nginx between."""
    address, spoken = way.listener.address.x, "https" if way.listener.tls.x is True else way.listener.protocol
    port = address.port if isinstance(address, Address) else None
    if way.text == str(address):
        return f"{spoken}, {address} of the host"
    how = f"published as {way.host_port}" if way.host_port not in (None, port) else "published"
    return f"{spoken}, port {port}, {how}"


def _clients(draft: Draft) -> str:
    label = "the internet" if draft.context.kind == "production" else "clients"
    return draft.add(_CLIENTS, Node("", "internet", label))
