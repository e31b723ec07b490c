"""What is audited: nginx's sites and locations, the servers behind them, and the ways between."""

from __future__ import annotations

from serveaudit.charting.drafting import Draft
from serveaudit.charting.portraits import application_node, location_node, machine_node, server_node, site_node
from serveaudit.charting.reasons import reason_of, target_of
from serveaudit.deployment import Process, Proxy, Running
from serveaudit.graph import Node
from serveaudit.programs.nginx import Location


def add_proxies(draft: Draft) -> None:
    """Every site with its locations, and what they pass requests on to."""
    for proxy in draft.context.proxies:
        for site in proxy.config.sites:
            id = draft.add(site, site_node(site, _machine(draft, proxy.running)))
            routes = site.routes
            for location in site.walk():
                if location.modifier not in ("if", "limit_except") or location in routes:
                    _add_location(draft, proxy, location, id)


def _add_location(draft: Draft, proxy: Proxy, location: Location, site: str) -> None:
    pairs = [pair for pair in proxy.pairs if pair.location is location]
    id = draft.add(location, location_node(location, [pair.process for pair in pairs], _machine(draft, proxy.running)))
    draft.link(site, id, "a location of the site", (location.place,))
    for pair in pairs:
        draft.link(id, _add_server(draft, pair.process), reason_of(pair), pair.edges)
    if location.passes is not None and not pairs:
        label, reason, place = target_of(location)
        target = draft.add((proxy, label, reason), Node("", "target", label, (reason,), place, False))
        draft.link(id, target, reason, (place,), certain=False)


def add_servers(draft: Draft) -> None:
    """The context's servers, those too that no proxy is proved to reach."""
    for process in draft.context.processes:
        _add_server(draft, process)


def _add_server(draft: Draft, process: Process) -> str:
    within = _machine(draft, process.running)
    elsewhere = {pair.proxy.running.context.name: pair for pair in process.pairs}
    elsewhere.pop(draft.context.name, None)
    known = draft.has(process)
    id = draft.add(process, server_node(process, within, elsewhere if process.running.context is draft.context else ()))
    application = application_node(process, within)
    if application is not None and not known:
        spec = process.server.app
        draft.link(
            id, draft.add((process, "app"), application), f"serves {application.label}", spec.places, application.certain
        )
    return id


def _machine(draft: Draft, running: Running) -> str:
    return draft.add(running.machine, machine_node(running.machine, running.context, draft.context))
