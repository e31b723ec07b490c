"""What is open that should not be: addresses, socket files, pages for operators, and whole machines to a server's user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from serveaudit import starts
from serveaudit.deployment import Pairing, Process, Running, listeners_of
from serveaudit.exposure import WEB_PORTS, Opening, openings, published_to_outside
from serveaudit.formats.python import Made
from serveaudit.launching import Unit
from serveaudit.programs.nginx import Location, Target
from serveaudit.serving import Server
from serveaudit.units import Address, address
from serveaudit.values import Branch, How, Items, Place, Unknown, Value
from serveaudit.words import word

_SWITCHES = (
    "strip_header_spaces", "permit_obsolete_folding", "permit_unconventional_http_method", "permit_unconventional_http_version",
    "casefold_http_method", "tolerate_dangerous_framing",
)  # fmt: skip
_OPEN_TO_ALL = ("uvicorn", "daphne")
"""Servers that give their socket file the mode 666, whatever the umask."""
_SHARED = ("/tmp/", "/var/tmp/", "/dev/shm/")
_OCTAL = re.compile(r"(0o)?[0-7]{1,4}")


class ServerExposing:
    """Of a server."""

    process: Process
    facts: Server

    # addresses

    @word("takes connections at every address of the host")
    def everywhere_on_host(self) -> Value[str]:
        """The address of a server on a host that takes connections to all of the host's addresses, although every nginx
        reaches it by loopback; None: there is none."""
        machine = self.process.running.machine
        if machine.kind != "host" and machine.host_network.x is not True:
            return Value(None)
        pairs = self.process.pairs
        if not pairs or any(pair.peer != "loopback" or not _to_itself(pair.target) for pair in pairs):
            return Value(None)
        for listener in listeners_of(self.process):
            found = listener.address.x
            if isinstance(found, Address) and found.everywhere:
                return self._perhaps(listener.address.map(str))
        return Value(None)

    @word("the proxy reaches it by loopback")
    def loopback_hop(self) -> Value[str]:
        """How nginx reaches it on the same machine."""
        pair = self.process.pairs[0] if self.process.pairs else None
        return Value(str(pair.target), pair.edges[:1]) if pair else Value(None)

    @word()
    def proxy_may_ask(self) -> Value[bool]:
        """Whether a proxy that no file tells of may be the only one who asks: the first way in is a container's port, published
        as none of those that browsers ask (80, 443), and the user does not say that there is no proxy."""
        stated, machine = self.process.running.context.stated.proxy, self.process.running.machine
        if stated.x is not None:
            return stated.map(lambda said: said == "external")
        way_in = next((found for found in openings(self.process) if isinstance(found, Opening)), None)
        on_host = machine.kind == "host" or machine.host_network.x is True
        return Value(way_in is not None and not on_host and way_in.host_port not in WEB_PORTS)

    def _perhaps(self, found: Value[Any]) -> Value[Any]:
        """What holds on a host, for a server that may as well run in a container that publishes nothing: no description starts
        it, and the repository has images."""
        running = self.process.running
        if running.machine.kind != "host" or starts.described(running) or not starts.may_be_in_container(running):
            return found
        cases: tuple[tuple[str, Value[Any]], ...] = (
            ("it runs on a host by itself", found),
            ("it runs in a container", Value(None)),
        )
        return Value(Branch("where it runs", cases))

    @word("speaks uwsgi at {it}")
    def opened_uwsgi(self) -> Value[str]:
        """The way in from other machines to a listener of the uwsgi protocol; None: there is none."""
        for found in openings(self.process):
            if isinstance(found, Opening) and found.listener.protocol == "uwsgi":
                return self._perhaps(Value(found.text, found.places))
        return Value(None)

    @word("tells of itself at {it}")
    def opened_stats(self) -> Value[str]:
        """Where other machines reach its statistics or metrics; None: nowhere."""
        for told in self._stats():
            found = told.map(lambda text: address(str(text)) or Unknown(f"{text} is no address"))
            where = found.x
            if isinstance(where, Address) and where.kind == "tcp" and not where.loopback and self._reached(where):
                return self._perhaps(told)
        return Value(None)

    def _stats(self) -> Iterator[Value[Any]]:
        for name in ("stats", "stats-server"):
            value = self.facts.value(name)
            if isinstance(value.x, str):
                yield value
        if self.facts.value("metrics_enabled").x is True:
            host, port = self.facts.value("metrics_address"), self.facts.value("metrics_port")
            if isinstance(host.x, str) and isinstance(port.x, int):
                yield Value(f"{host.x}:{port.x}", host.places + self.facts.value("metrics_enabled").places)

    def _reached(self, where: Address) -> bool:
        machine = self.process.running.machine
        if machine.kind == "host" or machine.host_network.x is True:
            return True
        return any(each.port.x == where.port and published_to_outside(each) for each in machine.published)

    @word("everybody on the machine may connect")
    def open_socket(self) -> Value[str]:
        """The mode of a socket file on a host that everybody may write to, as a setting says or, in a directory that is
        everybody's, as the server makes it; None where that is not so, or systemd gives the file a directory of its own."""
        if self.process.running.machine.kind != "host":
            return Value(None)
        for listener in listeners_of(self.process):
            where = listener.address.x
            if isinstance(where, Address) and where.kind == "unix" and listener.setting != "ListenStream":
                mode = Value(None) if self._shut_off(where.path) else self._open_mode(where.path, listener.address)
                if mode.x is not None:
                    return self._perhaps(mode)
        return Value(None)

    def _open_mode(self, path: str, bound: Value[Address]) -> Value[Any]:
        chosen, umask = self.facts.value("chmod-socket"), self.facts.settings.get("umask")
        if self.facts.program == "uwsgi" and chosen.x not in (None, "", False):
            return chosen.map(lambda bits: f"{bits:o}" if isinstance(bits, int) and bits & 0o002 else None)
        if umask is not None and umask.origin != "default":
            return umask.value.map(_left_by)
        made_open = self.facts.program in _OPEN_TO_ALL and path.startswith(_SHARED)
        return Value("666", bound.places) if made_open else Value(None)

    def _shut_off(self, path: str) -> bool:
        """Whether systemd keeps others out of the directory: a /tmp of the service's own, or a mode of its RuntimeDirectory."""
        keys = self.process.running.unit.keys if self.process.running.unit else {}
        if keys.get("PrivateTmp", Value(None)).x is True and path.startswith(("/tmp/", "/var/tmp/")):
            return True
        names, mode = str(keys.get("RuntimeDirectory", Value("")).x).split(), str(keys.get("RuntimeDirectoryMode", Value("")).x)
        own = any(path.startswith((f"/run/{name}/", f"/var/run/{name}/")) for name in names)
        return own and bool(_OCTAL.fullmatch(mode)) and not int(mode, 8) & 0o001

    @word("takes what others refuse")
    def loose_parsing(self) -> Value[str]:
        """gunicorn's switch that lets ambiguous requests in; None: all are off."""
        for name in _SWITCHES:
            setting = self.facts.settings.get(name) if self.facts.program == "gunicorn" else None
            if setting is not None and setting.value.x is True:
                return Value(name, setting.value.places, setting.value.assumes)
        return Value(None)

    @word(gives="list[str]")
    def internal_pages(self) -> Value[Items]:
        """The application's pages for its own developers and operators: FastAPI's documentation, /metrics."""
        app = self.process.app
        if app is None:
            return Value(Items((), Unknown("the application's code was not found")))
        pages = tuple(_internal(app))
        return Value(Items(pages), pages[0].places if pages else ())


def _internal(app: Any) -> Iterator[Value[str]]:
    made = app.found.object.x
    if app.framework == "fastapi" and isinstance(made, Made) and made.call is not None and made.call.complete is True:
        openapi = made.call.argument(-1, "openapi_url")
        docs = made.call.argument(-1, "docs_url")
        if (openapi is None or openapi.x == "/openapi.json") and (docs is None or docs.x == "/docs"):
            yield Value("/docs", (made.call.place,))
    for route in app.routes.routes:
        if route.prefix.x in ("/metrics", "/metrics/"):
            yield route.prefix


class RouteExposing:
    """Of a location."""

    location: Location
    pairs: list[Pairing]

    @word()
    def hands_on(self, path: str) -> Value[bool]:
        """Whether a request for this path is passed on here as it came, whoever sends it."""
        target = self.location.target.x
        chosen = self.location.site.location_for(path).x
        mine = isinstance(chosen, Location) and chosen.scope is self.location.scope
        if not mine or not isinstance(target, Target) or target.uri not in (None, "/"):
            return Value(False)
        return self.location.restricted.map(lambda restricted: not restricted)


class LaunchExposing:
    """Of a launch."""

    running: Running
    process: Process | None
    unit: Unit | None

    @word("nothing says as whom it runs")
    def runs_as_root(self) -> Value[str]:
        """The unit that starts a server of a host as root; None where somebody else is named anywhere on the way."""
        unit, process = self.unit, self.process
        if (
            unit is None
            or process is None
            or self.running.machine.kind != "host"
            or unit.manager not in ("systemd", "supervisor")
        ):
            return Value(None)
        followed = self.running.followed
        own = [process.server.value(name).x for name in ("user", "uid")]
        if unit.user.x not in (None, "root", "0") or (followed is not None and followed.user is not None) or _named(own):
            return Value(unit.user.x if isinstance(unit.user.x, Unknown) else None)
        if unit.keys.get("DynamicUser", Value(None)).x is True:
            return Value(None)
        if unit.manager == "supervisor":
            return Value(Unknown("as whom supervisord runs is not known", "supervisord"), (unit.place,))
        return Value(unit.name, unit.user.places or (Place(unit.place.span, How.ABSENT, "no User="),))


def _left_by(umask: object) -> str | None:
    """The mode that a umask leaves of 777, where others may write; None where they may not."""
    said = str(umask)
    bits = umask if isinstance(umask, int) else int(said, 8) if _OCTAL.fullmatch(said) else 0o777
    return f"{0o777 & ~bits:o}" if not bits & 0o002 else None


def _to_itself(target: Address) -> bool:
    """Whether a connection to an address stays on the machine: one to 0.0.0.0 does, too."""
    return target.loopback or target.everywhere


def _named(users: list[Any]) -> bool:
    return any(user not in (None, "", 0, "0", "root") for user in users)
