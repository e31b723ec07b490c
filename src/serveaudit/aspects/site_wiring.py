"""Which names and connections a server block really gets."""

from __future__ import annotations

from collections.abc import Iterator

from serveaudit.deployment import Proxy
from serveaudit.pairing import reach, takes
from serveaudit.probing import checks
from serveaudit.programs.nginx import Site, Target
from serveaudit.programs.nginx.scopes import written
from serveaudit.units import Address
from serveaudit.values import Place, Value
from serveaudit.words import word


class SiteWiring:
    """Of a server block."""

    proxy: Proxy
    facts: Site

    @word("the same name again")
    def repeated_name(self) -> Value[str]:
        """A name that an earlier block has at the same address, so that nginx ignores it here; None: there is none. A block
        without names is called "the empty name"."""
        for other in self._earlier():
            mine = {name.text: name.place for name in self.facts.names} or {"": self.facts.place}
            theirs = {name.text for name in other.names} or {""}
            shared = next((name for name in mine if name in theirs), None)
            if shared is not None and not any(name.kind in ("regex", "unknown") for name in self.facts.names):
                return Value(shared or "the empty name", (mine[shared],))
        return Value(None)

    @word("this block has it first")
    def first_with_name(self) -> Value[str]:
        """The earlier block."""
        mine = {name.text for name in self.facts.names} or {""}
        for other in self._earlier():
            for name in other.names:
                if name.text in mine:
                    return Value(name.text, (name.place,))
            if not other.names and "" in mine:
                return Value("the empty name", (other.place,))
        return Value(None)

    def _earlier(self) -> Iterator[Site]:
        """The blocks before this one that listen at one of its addresses, at the same time."""
        for listen in self.facts.listens:
            for other in self.proxy.config.sharing(listen):
                if other is self.facts:
                    break
                if not listen.unsure and not self._excludes(other):
                    yield other

    def _excludes(self, other: Site) -> bool:
        own, others = self.facts.scope.directive, other.scope.directive
        unsure = any(listen.unsure for listen in other.listens)
        return unsure or (own is not None and others is not None and own.excludes(others)) or self.facts.unread is not None

    @word("takes the client's address from the PROXY protocol")
    def header_without_protocol(self) -> Value[str]:
        """`real_ip_header proxy_protocol` in a block where no address speaks the PROXY protocol; None otherwise."""
        lines = self.facts.effective("real_ip_header").directives
        said = [line for line in lines if line.texts[:1] == ["proxy_protocol"]]
        speaking = any(listen.proxy_protocol or listen.unsure for listen in self.facts.listens)
        if not said or speaking or self.facts.unread is not None:
            return Value(None)
        return Value("real_ip_header proxy_protocol", (written(said[-1]), *self._addresses))

    @word("asks in plain HTTP")
    def asked_without_protocol(self) -> Value[str]:
        """Who asks an address that expects the PROXY protocol without speaking it: another nginx, whose proxy_pass can't, or a
        check; None: nobody does."""
        for listen in self.facts.listens:
            address = listen.address.x
            if listen.proxy_protocol and not listen.unsure and isinstance(address, Address) and address.kind == "tcp":
                for who, place in self._asking(address):
                    return Value(who, (place, listen.place))
        return Value(None)

    def _asking(self, address: Address) -> Iterator[tuple[str, Place]]:
        running = self.proxy.running
        for unit in running.machine.units:
            for check in checks(unit):
                if check.kind == "http" and check.port.x == address.port:
                    yield f"the {check.what}", check.place
        for other in running.context.proxies:
            for location in other.config.routes if other is not self.proxy else ():
                target = location.target.x
                for member in target.addresses if isinstance(target, Target) and location.protocol == "http" else ():
                    if isinstance(member.x, Address) and self._arrives(other, member.x, address):
                        yield "nginx", next(iter(member.places), location.place)

    def _arrives(self, other: Proxy, target: Address, address: Address) -> bool:
        """Whether another nginx that connects to a target arrives at an address of this one."""
        found = reach(other, target, [self.proxy.running.context])
        return any(each.machine is self.proxy.running.machine and takes(address, each) for each in found)

    @property
    def _addresses(self) -> tuple[Place, ...]:
        return tuple(listen.place for listen in self.facts.listens[:1])
