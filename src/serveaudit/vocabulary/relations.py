"""What a card's `for:` may name: how the subjects of a deployment are found, and which of them belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from serveaudit.configured import written
from serveaudit.configured.releases import flags_elsewhere
from serveaudit.configured.switches import switches
from serveaudit.configured.variables import unread
from serveaudit.values import Value
from serveaudit.words import Pair, relation


@relation("deployment")
def deployments(deployment: Any) -> Iterator[Any]:
    yield deployment


@relation("server")
def servers(deployment: Any) -> Iterator[Any]:
    """Every application server."""
    yield from map(deployment.see, deployment.context.processes)


@relation("site")
def sites(deployment: Any) -> Iterator[Any]:
    """Every server block of every nginx."""
    for proxy in deployment.context.proxies:
        for site in proxy.config.sites:
            yield deployment.see((proxy, site))


@relation("route")
def routes(deployment: Any) -> Iterator[Any]:
    """Every location of every site."""
    for proxy in deployment.context.proxies:
        for site in proxy.config.sites:
            for location in site.walk():
                if location.modifier != "limit_except":
                    yield deployment.see((proxy, location))
            yield deployment.see((proxy, site.rest))


@relation("variable")
def variables(deployment: Any) -> Iterator[Any]:
    """Every use of a variable that nothing that was read defines."""
    for proxy in deployment.context.proxies:
        for usage in proxy.config.variables.undefined:
            yield deployment.see((proxy, usage))


@relation("route to server")
def answered(deployment: Any) -> Iterator[Pair]:
    """A location and a server that is proved to answer there; the proof is the lines that join them."""
    for pair in deployment.context.pairs:
        route, server = deployment.see((pair.proxy, pair.location)), deployment.see(pair.process)
        yield Pair((route, server), Value(True, pair.edges))


@relation("server in launch")
def launched(deployment: Any) -> Iterator[tuple[Any, Any]]:
    """A server and how it is started."""
    for process in deployment.context.processes:
        if process.running.unit is not None:
            yield deployment.see(process), deployment.see((process.running, process))


@relation("launch")
def launches(deployment: Any) -> Iterator[Any]:
    """Every start of a program: a server's, nginx's, and any other command's that a machine comes to."""
    servers = [process.running for process in deployment.context.processes if process.running.unit is not None]
    for process in deployment.context.processes:
        if process.running.unit is not None:
            yield deployment.see((process.running, process))
    known = {id(running.followed) for running in servers}
    for running in deployment.context.launches:
        if id(running.followed) not in known:
            yield deployment.see(running)


@relation("server to app")
def serving(deployment: Any) -> Iterator[tuple[Any, Any]]:
    """A server and the application that it calls, where its code is in the repository."""
    for process in deployment.context.processes:
        if process.app is not None:
            yield deployment.see(process), deployment.see(process.app)


@relation("setting")
def settings(deployment: Any) -> Iterator[Any]:
    """Everything that somebody wrote as a setting of a server, or as a key of its unit, known or not."""
    for process in deployment.context.processes:
        for setting in (*written.of_process(process), *flags_elsewhere(process)):
            yield deployment.see((setting, process))
    for unit in written.units_of(deployment.context):
        for setting in written.of_unit(unit):
            yield deployment.see((setting, unit))


@relation("switch")
def text_switches(deployment: Any) -> Iterator[Any]:
    """Every setting of a server or of its application that wants true or false, and is given the text of a variable."""
    for process in deployment.context.processes:
        yield from map(deployment.see, switches(process))


@relation("forgotten_variable")
def forgotten(deployment: Any) -> Iterator[Any]:
    """Every variable that a start sets for its server, and that nobody reads."""
    for process in deployment.context.processes:
        yield from map(deployment.see, unread(process))


@relation("flag of server")
def flags(deployment: Any) -> Iterator[tuple[Any, Any]]:
    """A word of a server's command line that it does not take, and the server."""
    for process in deployment.context.processes:
        for flag in process.server.bad_flags:
            yield deployment.see((flag, process)), deployment.see(process)


@relation("app")
def apps(deployment: Any) -> Iterator[Any]:
    """Every application that a server calls and whose code is in the repository, once."""
    seen: set[int] = set()
    for process in deployment.context.processes:
        if process.app is not None and id(process.app) not in seen:
            seen.add(id(process.app))
            yield deployment.see(process.app)
