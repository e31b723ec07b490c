"""The deployment as a tree to look at: who listens where, who talks to whom, what runs behind."""

from __future__ import annotations

from collections.abc import Iterator

from serveaudit.deployment import Context, Deployment, Process, Proxy, listeners_of
from serveaudit.programs.nginx import Location, Site
from serveaudit.result import MapNode
from serveaudit.units import Address
from serveaudit.values import Place, Range, Value


def chart(deployment: Deployment) -> list[MapNode]:
    """One tree for each context: its proxies with their sites and locations, and the servers that no proxy reaches."""
    return [_context(context) for context in deployment.contexts]


def _context(context: Context) -> MapNode:
    reached = {id(pair.process) for peer in context.peers for pair in peer.pairs}
    alone = [process for process in context.processes if id(process) not in reached]
    children = (*map(_proxy, context.proxies), *map(_process, alone))
    signs = ", ".join(dict.fromkeys(sign.what for sign in context.signs))
    return MapNode(context.name, " · ".join(filter(None, (context.kind, f"behind {signs}" if signs else ""))), None, children)


def _proxy(proxy: Proxy) -> MapNode:
    children = tuple(_site(proxy, site) for site in proxy.config.sites)
    return MapNode("nginx", proxy.running.machine.name, proxy.running.place, children)


def _site(proxy: Proxy, site: Site) -> MapNode:
    listens = ", ".join(dict.fromkeys(_listen(listen.address.x, listen.tls) for listen in site.listens))
    names = " ".join(name.text for name in site.names if name.text)
    children = [node for location in site.walk() for node in _location(proxy, location)]
    return MapNode(f"{names or 'any name'} on {listens}", "TLS" if site.tls.x is True else "", site.place, tuple(children))


def _listen(address: object, tls: bool) -> str:
    if not isinstance(address, Address):
        return "an unknown address"
    return f"{address.path or address.port}{' ssl' if tls else ''}"


def _location(proxy: Proxy, location: Location) -> Iterator[MapNode]:
    """A location that passes requests on, or serves files or answers by itself."""
    if location.passes is None:
        if location.handler in ("static", "return"):
            yield MapNode(f"location {location.label}", location.handler, location.place)
        return
    pairs = [pair for pair in proxy.pairs if pair.location is location]
    servers = tuple(_process(process) for process in dict.fromkeys(pair.process for pair in pairs))
    target = location.passes.texts[0] if location.passes.args else ""
    unknown = () if servers else (MapNode(target, "no server is proved to answer here", dashed=True),)
    yield MapNode(f"location {location.label}", target if servers else "", location.place, servers or unknown)


def _process(process: Process) -> MapNode:
    server = process.server
    addresses = ", ".join(str(each.address.x) for each in listeners_of(process) if isinstance(each.address.x, Address))
    kind = f" {server.worker_class.x}" if isinstance(server.worker_class.x, str) and server.worker_class.x else ""
    limit = f"at most {server.request_limit.x} a request" if isinstance(server.request_limit.x, float) else ""
    detail = " · ".join(filter(None, (_count(server.processes), limit)))
    label = f"{server.program}{kind} on {addresses or 'an unknown address'}"
    return MapNode(label, detail, process.running.place, tuple(_app(process)), dashed=server.command is None)


def _count(value: Value[int]) -> str:
    if isinstance(value.x, int | Range):
        return f"{value.x} process{'' if value.x == 1 else 'es'}"
    return "an unknown number of processes"


def _app(process: Process) -> Iterator[MapNode]:
    app = process.app
    if app is not None:
        interface = app.interface.x if isinstance(app.interface.x, str) else "unknown interface"
        place: Place | None = app.place
        yield MapNode(app.spec, " ".join(filter(None, (app.framework, interface))), place)
    elif isinstance(process.server.app.x, str):
        yield MapNode(process.server.app.x, "its code is not in the repository", dashed=True)
