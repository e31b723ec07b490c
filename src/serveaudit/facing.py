"""Whether nginx faces the clients, or something that is not audited stands before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from serveaudit.deployment import Context, Process, Proxy, listeners_of
from serveaudit.exposure import WEB_PORTS, outer_ports
from serveaudit.launch import outside
from serveaudit.launching import Machine, Sign
from serveaudit.programs.nginx import Listen, Site
from serveaudit.units import Address
from serveaudit.values import Place, Unknown, Value


def reached_directly(proxy: Proxy, site: Site) -> Value[bool]:
    """Whether clients connect to a site of nginx without another proxy between: not where the user says so, or where its
    container publishes no port; unknown where a sign of one is in the repository, or where the site listens where browsers
    don't ask (loopback, an odd port, the PROXY protocol)."""
    stated, machine = proxy.running.context.stated.proxy, proxy.running.machine
    if stated.x == "external":
        return Value(False, stated.places)
    if stated.x == "none":
        return Value(True, stated.places)
    if machine.kind == "container" and machine.host_network.x is not True and not machine.published:
        return Value(False, (machine.place,))
    sign = next((sign for sign in proxy.running.context.signs if sign.proxies), None)
    if sign is not None and stated.x is None:
        return Value(Unknown(f"{sign.what} may stand before it", "deployment.proxy"), (sign.place,))
    open_here = next((listen for listen in site.listens if is_public(proxy, listen)), None)
    if open_here is not None:
        return Value(True, (open_here.place,))
    return Value(Unknown("it is not known to listen where browsers ask", "deployment.proxy"), (site.place,))


def is_public(proxy: Proxy, listen: Listen) -> bool:
    """Whether browsers connect to an address of nginx: port 80 or 443 of a host, or published as one of them."""
    address = listen.address.x
    if not isinstance(address, Address) or address.kind != "tcp" or address.loopback or listen.proxy_protocol:
        return False
    return bool(set(outer_ports(proxy.running.machine, address)) & set(WEB_PORTS))


def behind_proxy(proxy: Proxy, site: Site) -> Value[bool]:
    """Whether something is told to stand before nginx: by labels or variables of its own container, an Ingress to it, a
    listener for the PROXY protocol, or as the user states. Unlike `faces_clients` it takes no weaker sign."""
    stated = proxy.running.context.stated.proxy
    if stated.x is not None:
        return stated.map(lambda said: said == "external")
    return _surely(proxy, site, tls=False)


def tls_ends_outside(proxy: Proxy, site: Site) -> Value[bool]:
    """The same for what ends TLS."""
    stated = proxy.running.context.stated.tls
    if stated.x is not None:
        return stated.map(lambda said: said == "external")
    return _surely(proxy, site, tls=True)


def announcer(process: Process) -> Sign | None:
    """The proxy that surely connects to a server from another machine, and says in X-Forwarded-* for whom: by labels or
    variables of the server's own container, or an Ingress to its pod. None: there is none, or another program of the server's
    machine, or one that is audited, may stand between."""
    machine, context = process.running.machine, process.running.context
    if machine.kind == "host" or machine.host_network.x is not False or len(machine.units) > 1 or process.pairs:
        return None
    if context.stated.proxy.x in ("nginx", "none") or any(proxy.running.machine is machine for proxy in context.proxies):
        return None
    asked, open_here = _asked_ports(machine), _open_ports(process)
    if not open_here or (asked and not asked & open_here):
        return None
    return next((sign for sign in _signs_of(machine, context) if sign.announces), None)


def _asked_ports(machine: Machine) -> set[Any]:
    """The ports at which a proxy outside is told to ask a machine; none where nothing says so."""
    told = [value.x for name, value in machine.labels.items() if name.endswith(".loadbalancer.server.port")]
    told += [machine.env.variables["VIRTUAL_PORT"].x] if "VIRTUAL_PORT" in machine.env.variables else []
    told += [each.port.x for each in machine.published] if machine.kind == "pod" else []
    return {int(port) if str(port).isdecimal() else port for port in told}


def _open_ports(process: Process) -> set[int]:
    """The ports at which other machines can ask a server."""
    addresses = [listener.address.x for listener in listeners_of(process)]
    outer = (each for each in addresses if isinstance(each, Address) and each.kind == "tcp" and not each.loopback)
    return {each.port for each in outer if each.port}


def _signs_of(machine: Machine, context: Context) -> Iterator[Sign]:
    """What is told of a proxy before this very machine: by its own labels and variables, or by its neighbours'."""
    yield from machine.outside
    yield from outside.of_machine(machine, context.group.machines)


def _surely(proxy: Proxy, site: Site, tls: bool) -> Value[bool]:
    for sign in _signs_of(proxy.running.machine, proxy.running.context):
        if sign.proxies and (sign.terminates_tls or not tls):
            return Value(True, (Place(sign.place.span, note=f"{sign.what} stands before it"),))
    listen = next((listen for listen in site.listens if listen.proxy_protocol), None)
    if listen is not None and not tls:
        return Value(True, (listen.place,))
    return Value(False, (site.place,))
