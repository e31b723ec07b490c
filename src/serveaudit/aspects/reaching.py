"""From where a server has to be reached, and whether it can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from serveaudit.activation import socket_of
from serveaudit.deployment import Process, listeners_of
from serveaudit.listening import address_of, told
from serveaudit.pairing import reach
from serveaudit.probing import PROBES, checks
from serveaudit.programs.gunicorn.casting import parse_address
from serveaudit.programs.nginx import Target
from serveaudit.units import Address
from serveaudit.values import Items, Place, Unknown, Value
from serveaudit.words import word


class ServerReaching:
    """Of a server."""

    process: Process

    @word("reached by nobody but its own container")
    def loopback_bind(self) -> Value[str]:
        """The address of a container's server that takes connections from its own container alone, and everything it listens
        on; None where it can be reached otherwise."""
        machine = self.process.running.machine
        found = listeners_of(self.process)
        if machine.kind == "host" or machine.host_network.x is True or not found:
            return Value(None)
        for listener in found:
            address = listener.address.x
            if isinstance(address, Unknown):
                return Value(address, listener.address.places)
            if not isinstance(address, Address) or not address.loopback:
                return Value(None)
        return found[0].address.map(str)

    @word("something outside of the container wants to reach it here")
    def wanted_outside(self) -> Value[str]:
        """What expects to reach its port from outside of its container: a published port, a Service, a probe, another
        container's nginx; None: nothing."""
        for text, place in self._wishes():
            return Value(text, (place,))
        return Value(None)

    @property
    def _ports(self) -> set[int | None]:
        return {each.address.x.port for each in listeners_of(self.process) if isinstance(each.address.x, Address)}

    def _wishes(self) -> Iterator[tuple[str, Place]]:
        machine, context = self.process.running.machine, self.process.running.context
        for published in machine.published:
            if published.port.x in self._ports:
                yield "a published port", published.place
        for unit in machine.units:
            for check in checks(unit):
                if check.what in PROBES and check.host is None and check.port.x in self._ports:
                    yield f"the {check.what}", check.place
        for proxy in context.proxies:
            for location in proxy.config.routes:
                target = location.target.x
                for member in target.addresses if isinstance(target, Target) and proxy.running.machine is not machine else ():
                    wanted = isinstance(member.x, Address) and member.x.kind == "tcp" and member.x.port in self._ports
                    if wanted and any(reached.machine is machine for reached in reach(proxy, member.x, [context])):
                        yield "nginx", next(iter(member.places), location.place)

    @word("ListenStream opens {it}, and bind is of no account")
    def handed_socket(self) -> Value[str]:
        """What a socket unit opens for gunicorn, which then leaves its own, written `bind` alone; None where there is no such
        unit, or it opens the same."""
        running, bind = self.process.running, self.replaced_bind.x
        unit = socket_of(running.unit, running.machine)
        opened = unit.keys.get("ListenStream", Value(None)).x if unit and self.process.server.program == "gunicorn" else None
        streams = opened.members if isinstance(opened, Items) else ()
        addresses = [stream.x for stream in streams if isinstance(stream.x, Address)]
        if not isinstance(bind, Address) or not streams or len(addresses) < len(streams):
            return Value(None)
        return Value(None) if any(_same(bind, each) for each in addresses) else Value(str(addresses[0]), streams[0].places)

    @word("gunicorn's own address is not used")
    def replaced_bind(self) -> Value[Any]:
        """The address of gunicorn's `bind`, where it is written and but one; None otherwise."""
        setting = self.process.server.settings.get("bind")
        texts = setting.value.x if setting is not None and setting.origin != "default" else None
        if setting is None or not isinstance(texts, Items) or texts.complete is not True or len(texts.members) != 1:
            return Value(None)
        return told(address_of(texts.members[0], parse_address), texts.members[0], setting.value)

    @word("nginx connects here and answers 502")
    def asked_at_bind(self) -> Value[str]:
        """Where an nginx of the same host passes requests to that address; None where none does."""
        bind = self.replaced_bind.x
        for proxy in self.process.running.context.proxies if isinstance(bind, Address) else ():
            for location in proxy.config.routes:
                target = location.target.x
                for member in target.addresses if isinstance(target, Target) else ():
                    if isinstance(member.x, Address) and _same(bind, member.x):
                        return Value(str(member.x), member.places or (location.place,))
        return Value(None)

    @word("{it} reaches it")
    def site_names(self) -> Value[list[str]]:
        """The names of the sites that pass requests to it; incomplete where one answers to other names as well."""
        names = [name for pair in self.process.pairs for name in pair.location.site.names]
        unsure = next((name for name in names if name.kind not in ("exact", "wildcard")), None)
        every = bool(names) and all(pair.location.site.names for pair in self.process.pairs)
        whole = True if every and unsure is None else Unknown("a site answers to other names as well", "server_name")
        members: tuple[Value[str], ...] = tuple(
            Value(name.text.removeprefix("*").lstrip("."), (name.place,)) for name in names if name.text
        )
        return Value(Items(members, whole), tuple(dict.fromkeys(name.place for name in names)))

    @word()
    def app_handles_root(self) -> Value[bool]:
        """Whether the application's own paths begin with the server's root_path; unknown where they were not read."""
        root, app = self.process.server.value("root_path").x, self.process.app
        if not root:
            return Value(False)
        if app is None or app.routes.complete is not True:
            return Value(Unknown("the application's paths are not known", "routes"))
        return Value(any(str(route.prefix.x).startswith(str(root)) for route in app.routes.routes))

    @word("listens on the platform's port: {it}")
    def on_platform_port(self) -> Value[bool]:
        """Whether its address is made with $PORT."""
        found = listeners_of(self.process)
        places: tuple[Place, ...] = tuple(place for each in found for place in each.address.places[:1])
        unknown: Any = next((each.address.x for each in found if isinstance(each.address.x, Unknown)), None)
        depends = any("env:PORT" in each.address.depends for each in found)
        if not depends and (unknown is not None or any(getattr(each.address.x, "port", 0) is None for each in found)):
            return Value(unknown if unknown is not None else Unknown("its port is not known"), places)
        return Value(depends, places)


def _same(bind: Address, other: Address) -> bool:
    """Whether two addresses of one machine are the same, or one of them every address."""
    if bind.kind != other.kind or bind.path != other.path or bind.port != other.port:
        return False
    return (
        bind.kind != "tcp"
        or bind.host == other.host
        or (bind.everywhere or other.everywhere)
        or bind.loopback == other.loopback
    )
