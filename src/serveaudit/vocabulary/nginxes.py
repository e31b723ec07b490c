"""`nginx`: a whole configuration of nginx, and how it runs."""

from __future__ import annotations

from serveaudit.aspects.capacity import NginxCapacity
from serveaudit.aspects.file_locations import NginxFiles
from serveaudit.deployment import Proxy
from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx.scopes import written
from serveaudit.subjects import See
from serveaudit.values import Place, Unknown, Value
from serveaudit.words import Subject, word


class Nginx(NginxCapacity, NginxFiles, Subject):
    """One nginx as it would be started."""

    def __init__(self, proxy: Proxy, place: Place, see: See) -> None:
        self.proxy = proxy
        self.see = see
        self.place = place
        self.symbol = "nginx"

    def _main(self, name: str) -> Directive | None:
        own = self.proxy.config.main.scope.own(name) if self.proxy.config.main else ()
        return own[-1] if own else None

    @word("worker processes run as {it}")
    def user(self) -> Value[str]:
        """The user of its worker processes where one is written; None where none is."""
        line = self._main("user")
        return Value(line.texts[0], (written(line),)) if line and line.args else Value(None)

    @word("packets are shared out by connection")
    def quic_bpf(self) -> Value[bool]:
        """Whether QUIC packets are shared out among workers by eBPF."""
        line = self._main("quic_bpf")
        return Value(line is not None and line.texts[:1] == ["on"], (written(line),) if line else ())

    @word("each worker has a socket of its own")
    def quic_reuseport(self) -> Value[bool]:
        """Whether a QUIC listener has `reuseport`."""
        for site in self.proxy.config.sites:
            for listen in site.listens:
                if {"quic", "reuseport"} <= set(listen.options):
                    return Value(True, (listen.place,))
        return Value(False)

    @word("{it} worker processes")
    def worker_processes(self) -> Value[str]:
        """As written; nginx's default is 1."""
        line = self._main("worker_processes")
        if line is None:
            unread = self.proxy.config.main is None
            return Value(Unknown("the main configuration was not read") if unread else "1")
        return Value(line.texts[0], (written(line),))

    @word("answers without Via are compressed, others are not")
    def gzip(self) -> Value[bool]:
        """Whether answers are compressed, by the http block or one of its sites."""
        for level in (*self.proxy.config.sites, *([self.proxy.config.http] if self.proxy.config.http else [])):
            found = level.effective("gzip").directives
            if found and found[-1].texts[:1] == ["on"]:
                return Value(True, (written(found[-1]),))
        return Value(False)

    @word()
    def gzip_for_proxies(self) -> Value[bool]:
        """Whether answers to requests of a proxy are compressed as well: `gzip_proxied` says so somewhere."""
        http = self.proxy.config.http
        scopes = http.scope.walk() if http else ()
        lines = [line for scope in scopes for line in scope.own("gzip_proxied") if line.texts[:1] != ["off"]]
        if not lines and http is not None and http.effective("gzip_proxied").complete is not True:
            return Value(http.effective("gzip_proxied").complete)
        return Value(bool(lines), tuple(map(written, lines[:1])))

    @word("adds Via to requests")
    def proxy_with_via(self) -> Value[str]:
        """The platform before it whose requests carry a Via header; None where none is known."""
        if self.proxy.running.machine.kind == "host":  # a platform runs containers: this nginx is somewhere else
            return Value(None)
        for sign in self.proxy.running.context.signs:
            if sign.what.startswith(_WITH_VIA):
                return Value(sign.what, (sign.place,))
        return Value(None)


_WITH_VIA = ("Fly.io", "Heroku", "Cloud Run", "App Engine", "CloudFront")
"""They answer for it in their own documents: Fly.io's "Request headers", Heroku's "HTTP routing", Google's "X-Forwarded-For and
Via headers"."""
