"""Where a location's requests are sent, and who listens there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from serveaudit.activation import socket_of
from serveaudit.deployment import Context, Pairing, Process, Proxy, listeners_of
from serveaudit.launching import Machine
from serveaudit.pairing import Reached, reach
from serveaudit.ports import bound, others
from serveaudit.programs.nginx import Location, Target
from serveaudit.units import Address
from serveaudit.values import Items, Place, Unknown, Value, unique
from serveaudit.words import word

_ALIKE = 0.8
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")


class RouteTargets:
    """Of a location."""

    location: Location
    proxy: Proxy
    pairs: list[Pairing]

    @property
    def targets(self) -> list[Value[Address]]:
        """The addresses that are written, or those of the upstream block."""
        target = self.location.target.x
        return [each for each in target.addresses if isinstance(each.x, Address)] if isinstance(target, Target) else []

    @property
    def _contexts(self) -> Sequence[Context]:
        return self.proxy.running.context.reachable

    @word("a program listens here instead")
    def target_binds(self) -> Value[list[str]]:
        """Where the programs of the machine that the target leads to listen, as texts to compare with `target`; empty where
        none is known there, and incomplete where others may listen as well."""
        for address in self.targets[:1]:
            found = [
                each for reached in reach(self.proxy, address.x, self._contexts) for each in self._binds(reached, address.x)
            ]
            return _joined(found)
        return Value(Items(()))

    def _binds(self, reached: Reached, target: Address) -> Iterator[Value[Any]]:
        listening = bound(reached.machine, reached.context)
        if not any(each.process for each in listening):
            return
        if reached.address.kind == "tcp" and reached.address.port is None:
            yield Value(Unknown("to which port its Service leads is not known"))
        for each in listening:
            yield each.address.map(lambda address: _as_reached(address, reached, target))
        why = others(reached.machine, reached.context)
        if why is not None and not (reached.machine.kind == "host" and self._meant(reached, target)):
            yield Value(why)

    def _meant(self, reached: Reached, target: Address) -> bool:
        """Whether a host's server that no location reaches must be the one that this location is for: its socket is nearly the
        same, or it is the only server without a location, and this the only location without a server."""
        lonely = [
            process
            for process in reached.context.processes
            if process.running.machine is reached.machine and not process.pairs and process.server.command is not None
        ]
        binds = [each.address.x for process in lonely for each in listeners_of(process) if isinstance(each.address.x, Address)]
        if target.kind == "unix":
            return any(bind.kind == "unix" and _alike(bind.path, target.path) for bind in binds)
        return len(lonely) == 1 and bool(binds) and self._unanswered() == {str(target)}

    def _unanswered(self) -> set[str]:
        """The host's own addresses to which its proxies send requests and at which no server is known."""
        found: set[str] = set()
        for proxy in self.proxy.running.context.proxies:
            answered = {id(pair.location) for pair in proxy.pairs}
            for location in proxy.config.routes:
                target = location.target.x
                if id(location) not in answered:
                    members = target.addresses if isinstance(target, Target) else ()
                    found |= {str(each.x) for each in members if isinstance(each.x, Address)} or {"unknown"}
        return found

    @word()
    def nearest_bind(self) -> Value[str]:
        """The address on which a program listens that is most like the target."""
        binds = [str(bind.x) for bind in self.target_binds.x]
        own = str(self.targets[0].x) if self.targets else ""
        return Value(max(binds, key=lambda bind: SequenceMatcher(None, own, bind).ratio(), default=None))

    @word("systemd opens this instead")
    def opened_by_systemd(self) -> Value[str]:
        """The address that a socket unit opens for a server whose own, which is where the target leads, is of no account then;
        None where there is no such server."""
        for address in self.targets[:1]:
            for reached in reach(self.proxy, address.x, self._contexts):
                for process in reached.context.processes:
                    if process.running.machine is reached.machine and self._gave_up(process, address.x):
                        socket = socket_of(process.running.unit, reached.machine)
                        opened = socket.keys["ListenStream"] if socket else Value(None)
                        first = next(iter(opened.x), Value(None)) if isinstance(opened.x, Items) else opened
                        return first.map(str)
        return Value(None)

    def _gave_up(self, process: Process, target: Address) -> bool:
        """Whether the server's own setting has the address, which systemd's socket replaces."""
        if (
            any(pair.process is process for pair in self.pairs)
            or socket_of(process.running.unit, process.running.machine) is None
        ):
            return False
        own = process.server.value("bind")
        written = [str(each.x) for each in own.x] if isinstance(own.x, Items) else [str(own.x)]
        return str(target) in written

    @word("no machine has this name")
    def unknown_host(self) -> Value[str]:
        """The name that a compose project's nginx looks up at its start and that no service of the project has; None where
        every name is known; unknown where another description may have it."""
        running = self.proxy.running
        target = self.location.target.x
        if (
            running.context.group.manager != "compose"
            or running.machine.host_network.x is True
            or not isinstance(target, Target)
        ):
            return Value(None)
        for address in () if target.variable_host else self.targets:
            name = address.x.host
            if address.x.kind == "tcp" and _NAME.fullmatch(name) and not name.isdigit() and name != "localhost":
                doubt = self._lacks(name)
                if doubt is True:
                    return Value(name, address.places)
                if isinstance(doubt, Unknown):
                    return Value(doubt, address.places)
        return Value(None)

    def _lacks(self, name: str) -> bool | Unknown:
        context, machine = self.proxy.running.context, self.proxy.running.machine
        if any(name in each.names for each in context.group.machines) or _extra_host(machine, name):
            return False
        if isinstance(context.group.complete, Unknown):
            return context.group.complete
        external = machine.keys.get("external_networks", Value(None)).x
        if isinstance(external, Items) and external.members:
            return Unknown("another project on the same network may have it", "external network")
        for other in context.peers:
            if other is not context and any(name in each.names for each in other.group.machines):
                return Unknown(f"{other.group.name} has a service of that name", other.group.name)
        return True

    @word("on other networks than nginx")
    def unreachable_service(self) -> Value[str]:
        """The service that the target names, where nginx and it are on no common network; None where they are, or there is no
        such service."""
        own = self.proxy.running.machine
        for address in self.targets:
            for machine in self.proxy.running.context.group.machines:
                if machine is not own and address.x.kind == "tcp" and address.x.host in machine.names and _apart(own, machine):
                    return Value(machine.name, machine.networks.places or (machine.place,))
        return Value(None)

    @word("nginx speaks TLS: {it}")
    def speaks_tls(self) -> Value[bool]:
        """Whether nginx speaks TLS with what it passes requests on to."""
        return self.location.target.map(lambda target: target.tls)

    @word("speaks TLS: {it}")
    def answered_in_tls(self) -> Value[bool]:
        """Whether the listener that answers here speaks TLS; None where none is proved."""
        for pair in self.pairs:
            tls = pair.listener.tls
            return Value(tls.x, tls.places or pair.listener.address.places, tls.assumes, tls.depends)
        return Value(None)

    @word("a name with two addresses, ::1 and 127.0.0.1")
    def by_localhost(self) -> Value[str]:
        """The target, where it is written as `localhost` and the server that answers listens on 127.0.0.1 alone."""
        named = [each for each in self.targets if each.x.host == "localhost"]
        binds = [pair.listener.address.x for pair in self.pairs]
        only = bool(binds) and all(isinstance(bind, Address) and bind.host == "127.0.0.1" for bind in binds)
        return named[0].map(str) if named and only else Value(None)

    @word("looked up once, when nginx starts")
    def foreign_name(self) -> Value[str]:
        """The public name of somebody else's server that nginx looks up at its start alone; None where there is none."""
        target = self.location.target.x
        if not isinstance(target, Target) or target.variable_host:
            return Value(None)
        for address in self.targets:
            host = address.x.host
            if (
                re.fullmatch(r"([A-Za-z0-9-]+\.)+[A-Za-z]{2,}", host)
                and not host.endswith(_INSIDE)
                and not self._resolves(address)
            ):
                return Value(host, address.places)
        return Value(None)

    def _resolves(self, address: Value[Address]) -> bool:
        """Whether the upstream's line says `resolve`."""
        upstream = self.location.upstream
        return upstream is not None and any(
            "resolve" in member.options for member in upstream.members if member.address == address
        )

    @word("asks for the addresses of names")
    def lacks_resolver(self) -> Value[str]:
        """The text of a target whose host is looked up for each request, where no `resolver` holds; None where there is one, or
        nothing is looked up."""
        passes = self.location.passes
        target = self.location.target.x
        host = re.sub(r"^\w+://", "", passes.texts[0]).partition("/")[0] if passes and passes.args else ""
        if not re.search(r"\$\{?[a-z]", host) or self.location.effective("resolver").directives or passes is None:
            return Value(None)
        found = self.location.effective("resolver")
        if isinstance(target, Target) and (target.upstream or not any(_NAME_LIKE.search(each.x.host) for each in self.targets)):
            return Value(None)
        if not isinstance(target, Target) or found.shadow is not None:
            return Value(found.shadow or Unknown("what the variable holds is not known", host), (Place(passes.head),))
        return Value(passes.texts[0], (Place(passes.head),), found.assumes)


_INSIDE = (
    ".local",
    ".internal",
    ".svc",
    ".lan",
    ".localdomain",
    ".home",
    ".test",
    ".example",
    ".invalid",
    ".intranet",
    ".corp",
)
_NAME_LIKE = re.compile(r"[A-Za-z]")


def _as_reached(address: Any, reached: Reached, target: Address) -> Any:
    """A server's address, written as the proxy would reach it: as the target itself where that leads there."""
    if not isinstance(address, Address) or address.kind != "tcp":
        return str(target) if address == reached.address else str(address)
    if address.port is None:
        return Unknown("its port is not known")
    same = reached.address.kind == "tcp" and address.port == reached.address.port
    return str(target if same else Address("tcp", reached.address.host, address.port))


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other).ratio() >= _ALIKE


def _extra_host(machine: Machine, name: str) -> bool:
    given = [key for key in machine.keys if key.startswith(("extra_hosts", "links", "external_links"))]
    texts = [
        str(word.x)
        for key in given
        for word in (machine.keys[key].x if isinstance(machine.keys[key].x, Items) else [machine.keys[key]])
    ]
    return (
        any(re.split(r"[:=]", text)[0] == name or text.endswith(f":{name}") for text in texts)
        or f"extra_hosts.{name}" in machine.keys
    )


def _apart(one: Machine, other: Machine) -> bool:
    mine, theirs = one.networks.x, other.networks.x
    if not isinstance(mine, Items) or not isinstance(theirs, Items) or mine.complete is not True or theirs.complete is not True:
        return False
    modes = [machine.keys.get("network_mode", Value(None)).x for machine in (one, other)]
    return modes == [None, None] and not set(map(str, mine)) & set(map(str, theirs))


def _joined(binds: list[Value[Any]]) -> Value[Any]:
    worlds = [each for bind in binds for _, each in bind.worlds()]
    unknown = next((bind.x for bind in worlds if isinstance(bind.x, Unknown)), None)
    known = tuple(bind for bind in worlds if isinstance(bind.x, str))
    return Value(Items(known, True if unknown is None else unknown), unique(*(bind.places for bind in known)))
