"""What clients choose at a location of nginx: where it connects to, which path and which protocol it passes on."""

from __future__ import annotations

from serveaudit.deployment import Proxy
from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import Location as Facts
from serveaudit.programs.nginx.handlers import passes
from serveaudit.programs.nginx.inputs import Inputs
from serveaudit.programs.nginx.scopes import written
from serveaudit.programs.nginx.texts import uses
from serveaudit.programs.nginx.upstream_choice import chosen_by_client
from serveaudit.programs.nginx.variables import Variables
from serveaudit.subjects import See
from serveaudit.values import Branch, Items, Value, unique
from serveaudit.words import word


class LocationInput:
    """Words of a location: what clients choose."""

    proxy: Proxy
    facts: Facts
    see: See

    @word("a client chooses {it}")
    def client_target(self) -> Value[list[str]]:
        """The variables by which a client chooses the scheme or the host that nginx connects to."""
        own = self._own_pass()
        if own is None:
            return Value(Items(()))
        found = chosen_by_client(own, self.facts.scope, self._variables)
        members: tuple[Value[str], ...] = tuple(Value(one.name, (one.place,) if one.place else ()) for one in found)
        return Value(Items(members), (written(own),) if members else ())

    @word()
    def only_host_chosen(self) -> Value[bool]:
        """Whether nothing but the Host header decides where to, and the site takes no host but its own names."""
        own = self._own_pass()
        found = chosen_by_client(own, self.facts.scope, self._variables) if own else []
        if any(one.source != "$host" for one in found):
            return Value(False)
        only: Value[bool] = self.see((self.proxy, self.facts.site)).own_names_only
        return only

    @word("passes on {it}, decoded")
    def decoded_group(self) -> Value[str]:
        """The part of the path that `proxy_pass` sends on decoded, so that a space or a question mark breaks the request; None
        where there is none."""
        own = self._own_pass()
        if own is None or own.name != "proxy_pass" or not own.args:
            return Value(None)
        text = own.args[0].text
        for found in Inputs(self._variables, own, self.facts.scope).of(text):
            grouped = found.place is not None and found.may_hold("?") and found.may_hold(" ")
            if grouped and "/" in text[: found.start].partition("://")[2]:
                return Value(found.name, (written(own),))
        return Value(None)

    @word("becomes the path as it was sent, still encoded")
    def encoded_again(self) -> Value[str]:
        """The rewrite to `$request_uri` after which `proxy_pass` encodes the path a second time; None where there is none."""
        own = self._own_pass()
        if own is None or own.name != "proxy_pass" or not own.args or "$" in own.args[0].text:
            return Value(None)
        for rewrite in self.facts.scope.own("rewrite"):
            if rewrite.texts[1:2] and rewrite.texts[1].startswith("$request_uri"):
                return Value("$request_uri", (written(rewrite), written(own)))
        return Value(None)

    @word("passes on what the client asks to switch to")
    def client_upgrade(self) -> Value[bool]:
        """Whether a client's own Upgrade and Connection arrive, whatever they name."""
        headers = self.facts.request_headers
        if self.facts.protocol != "http":
            return Value(False)
        told = [headers[name] for name in ("Upgrade", "Connection")]
        names = [[use.name.lower() for use in uses(value.x)] if isinstance(value.x, str) else [] for value in told]
        places = unique(*(value.places for value in told))
        return Value(names == [["http_upgrade"], ["http_connection"]], places)

    @word()
    def takes_h2c(self) -> Value[bool]:
        """Whether the server behind it switches to HTTP/2 when asked: hypercorn does, of the others it is not known."""
        servers = [pair.process.server for pair in self.proxy.pairs if pair.location is self.facts]
        taking = next((server for server in servers if server.program == "hypercorn"), None)
        if taking is not None:
            return Value(True, (taking.place,))
        cases: tuple[tuple[str, Value[bool]], ...] = (
            ("the server takes upgrades to h2c", Value(True)),
            ("the server takes no upgrade to h2c", Value(False)),
        )
        return Value(Branch("what the server does with an upgrade to h2c", cases))

    def _own_pass(self) -> Directive | None:
        """The block's own `…_pass`; where a `return` stands before it only if a `rewrite … break` skips that."""
        scope = self.facts.scope
        if self.facts.handler == "return" and not any(line.texts[2:3] == ["break"] for line in scope.own("rewrite")):
            return None
        found = [line for line in passes(scope) if line in scope.directives]
        return found[-1] if found else None

    @property
    def _variables(self) -> Variables:
        return self.facts.around.variables
