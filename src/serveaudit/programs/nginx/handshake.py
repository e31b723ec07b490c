"""What arrives of a request's Upgrade and Connection: of a websocket's opening, and of a plain request.

`map $http_upgrade $connection_upgrade { default upgrade; '' close; }` is looked up for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serveaudit.programs.nginx.combine import combine
from serveaudit.programs.nginx.headers import Headers
from serveaudit.programs.nginx.levels import Level
from serveaudit.programs.nginx.maps import Evaluator
from serveaudit.programs.nginx.upstreams import Upstream
from serveaudit.programs.nginx.variables import Variables
from serveaudit.values import Value

OPENING = {"http_upgrade": "websocket", "http_connection": "Upgrade"}
"""What a browser sends to open a websocket (RFC 6455, section 4.1)."""
PLAIN = {"http_upgrade": "", "http_connection": "keep-alive"}


@dataclass(frozen=True, slots=True)
class Arriving:
    """The headers of one kind of request as they arrive. Ask with `arriving["Upgrade"]`; None: it does not arrive."""

    headers: Headers
    evaluate: Evaluator

    def __getitem__(self, name: str) -> Value[Any]:
        return self.headers[name].case_by_case(self._come_to)

    def _come_to(self, value: Value[Any]) -> Value[Any]:
        if not isinstance(value.x, str):
            return value
        found = self.evaluate.text(value.x, *value.places)
        return found.map(lambda text: text or None).also(value)

    @property
    def upgrades(self) -> Value[bool]:
        """Whether a websocket can be opened: both headers arrive, by the one protocol over which nginx can switch (it answers
        101 only from `proxy_pass`; ngx_http_proxy_module.c alone sets `upgrade`)."""
        if self.headers.protocol != "http":
            return Value(False, (self.headers.scope.missing("nginx can't switch to websockets over this protocol"),))
        return combine(_upgrades, self["Upgrade"], self["Connection"])


def _upgrades(upgrade: str | None, connection: str | None) -> bool:
    tokens = [token.strip().lower() for token in (connection or "").split(",")]
    return (upgrade or "").lower() == "websocket" and "upgrade" in tokens


def arriving(level: Level, headers: Headers, variables: Variables, request: Mapping[str, str]) -> Arriving:
    """The headers of a request of which these variables are known."""
    return Arriving(headers, Evaluator(variables, level.scope, request))


def idle_keepalive(level: Level, plain: Arriving, upstream: Upstream | None) -> Value[Any]:
    """For how long nginx keeps an idle connection to the application, in seconds; None: it closes each after the answer.

    Kept only for servers of an upstream block, over HTTP/1.1 or newer, and without `Connection: close`. Source:
    nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive; connections to a literal address are never kept.
    """
    protocol = plain.headers.protocol
    if upstream is None:
        return Value(None, (level.scope.missing("connections to an address without upstream block are not kept"),))
    if protocol in ("uwsgi", "scgi"):
        return Value(None, (level.scope.missing(f"the {protocol} protocol has no kept connections"),))
    if protocol == "fastcgi":
        return combine(lambda on, kept, idle: idle if on and kept else None, level.flag("fastcgi_keep_conn"), *_kept(upstream))
    if protocol == "grpc":
        return combine(lambda kept, idle: idle if kept else None, *_kept(upstream))
    version = level.text("proxy_http_version")
    return combine(_over_http, version, plain["Connection"], *_kept(upstream))


def _kept(upstream: Upstream) -> tuple[Value[Any], Value[Any]]:
    return upstream.keepalive, upstream.idle_timeout


def _over_http(version: str, connection: str | None, kept: int | None, idle: Any) -> Any:
    closes = "close" in (connection or "").lower()
    asks = "keep-alive" in (connection or "").lower()
    return idle if kept and not closes and (version != "1.0" or asks) else None
