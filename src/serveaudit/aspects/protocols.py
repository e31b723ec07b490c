"""What a protocol needs for passing requests on, and lines that only another one takes."""

from __future__ import annotations

from collections.abc import Iterator

from serveaudit.deployment import Proxy
from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import Location
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.values import Value
from serveaudit.words import word

_TWINS = {"proxy_set_header": "param", "proxy_hide_header": "hide_header"}
_FAMILIES = ("proxy", "uwsgi", "fastcgi", "scgi", "grpc")
_HARMLESS = frozenset(
    "proxy_redirect proxy_pass proxy_http_version proxy_cookie_path proxy_cookie_domain proxy_cookie_flags "
    "uwsgi_params fastcgi_params proxy_cache_path uwsgi_cache_path proxy_headers_hash_max_size "
    "proxy_headers_hash_bucket_size grpc_pass uwsgi_pass".split()
)
_STANDING = frozenset({"HTTP_HOST", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_FOR"})
"""Headers whose content the usual uwsgi_params tell as well."""
_OF_CLIENTS = ("X-FORWARDED-", "FORWARDED")
"""How the names of headers begin that tell of the client, which every application wants to know."""


class RouteProtocols:
    """Of a location."""

    location: Location
    proxy: Proxy

    @word("has no effect on {it}")
    def inert_line(self) -> Value[str]:
        """The first line for another protocol than the one that requests are passed on in, whose twin is not set as well: of
        this block, else one of the blocks around it that is meant for it; None: there is none."""
        found = self._inert
        passes = self.location.passes
        return Value(passes.name, (written(found),)) if found and passes else Value(None)

    @word()
    def inert_name(self) -> Value[str]:
        """The name of that line."""
        return Value(self._inert.name if self._inert else None)

    @word()
    def inert_here(self) -> Value[bool]:
        """Whether it stands in this block itself."""
        return Value(self._inert in self.location.scope.directives)

    @property
    def _inert(self) -> Directive | None:
        if self.location.passes is None or self.location.protocol in (None, "memcached"):
            return None
        own = self._for_others(self.location.scope)
        outer = (line for scope in self._around() for line in self._meant_here(scope))
        return next(own, None) or next(outer, None)

    def _around(self) -> Iterator[Scope]:
        """The blocks around this one, up to the server's."""
        scope = self.location.scope
        while scope is not self.location.site.scope and scope.parent is not None:
            scope = scope.parent
            yield scope

    def _meant_here(self, scope: Scope) -> Iterator[Directive]:
        """The lines of a block around that are lost here and are not only meant for other locations, which take them: a block
        that tells of the client means all of its locations."""
        lost = list(self._for_others(scope))
        for_all = any(_tells_of_client(line) for line in lost)
        return (line for line in lost if for_all or not self._taken(line))

    def _for_others(self, scope: Scope) -> Iterator[Directive]:
        """A block's lines for other protocols that are lost here."""
        prefix = _family(self.location)
        for directive in scope.directives:
            family, _, rest = directive.name.partition("_")
            if family in _FAMILIES and family != prefix and directive.name not in _HARMLESS and rest != "pass":
                twin = f"{prefix}_{_TWINS.get(directive.name, rest)}"
                if not self.location.effective(twin).directives or self._other_header(directive, twin):
                    yield directive

    def _other_header(self, directive: Directive, twin: str) -> bool:
        """Whether a header has no parameter of the same name: one `uwsgi_param` says nothing of all headers."""
        if not twin.endswith("_param") or not directive.args:
            return False
        name = "HTTP_" + directive.texts[0].upper().replace("-", "_")
        known = {line.texts[0] for line in self.location.effective(twin) if line.args}
        return name not in known and name not in _STANDING

    def _taken(self, line: Directive) -> bool:
        """Whether a location of the line's own protocol takes it."""
        family = line.name.partition("_")[0]
        users = [each for each in self.proxy.config.routes if each.passes is not None and _family(each) == family]
        return any(line is held for each in users for held in each.effective(line.name))

    @word("is sent as REQUEST_METHOD")
    def request_method(self) -> Value[str]:
        """The uwsgi parameter without which no application answers; None where it is not sent."""
        if self.location.protocol != "uwsgi" or not self.location.passes_itself:
            return Value("")
        return self.location.request_headers.param("REQUEST_METHOD")


def _tells_of_client(line: Directive) -> bool:
    """Whether a line sets a header that tells of the client, or of TLS."""
    return line.name.endswith("_set_header") and line.texts[:1] != [] and line.texts[0].upper().startswith(_OF_CLIENTS)


def _family(location: Location) -> str:
    """How the names of a location's directives begin."""
    return "proxy" if location.protocol == "http" else str(location.protocol)
