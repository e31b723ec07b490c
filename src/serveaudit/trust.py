"""The trust matrix: what arrives in a forwarded header × whether the server believes it from this peer × whether the
application relies on it.

Who believes whom is measured (data/behaviour.json, by program, worker and release); what arrives is what nginx' locations say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

from serveaudit import trusted_peers
from serveaudit.application import forwarding
from serveaudit.application.forwarding import SchemeHeader
from serveaudit.applications import App
from serveaudit.behaviour import behaves, facts
from serveaudit.deployment import Pairing, Peer, Process
from serveaudit.programs.nginx import Location
from serveaudit.programs.nginx.combine import combine
from serveaudit.serving import Server, Setting
from serveaudit.values import Items, Unknown, Value

What = Literal["scheme", "address"]
FORWARDED_PROTO = SchemeHeader("X-Forwarded-Proto", "https")
_LISTS = {"scheme": "x-forwarded-proto", "address": "x-forwarded-for"}


# whom the server believes


class Hop(Protocol):
    """Somebody who passes requests on to a server, and as whom it comes there: a location of nginx, a proxy outside."""

    @property
    def process(self) -> Process: ...

    @property
    def peer(self) -> Peer: ...


def trusts_peer(hop: Hop) -> Value[bool]:
    """Whether the server believes forwarded headers of whoever comes here."""
    return behaves(hop.process.server, "trusted_peers").case_by_case(lambda listed: _trusts(hop, listed))


def _trusts(hop: Hop, listed: Value[Any]) -> Value[bool]:
    server = hop.process.server
    if trusted_peers.members(listed.x) == ["*"]:
        return listed.map(lambda _: True)
    if hop.peer == "unix":
        named = behaves(server, "trusts_unix_peers")
        return named.map(lambda name: name is True or name in trusted_peers.members(listed.x)).also(listed)
    networks = behaves(server, "trusts_networks") if trusted_peers.names_networks(listed.x) else Value(True)
    return combine(lambda given, known: _holds(hop, given, known), listed, networks)


def _holds(hop: Hop, listed: Any, networks: bool = True) -> bool | Unknown:
    stated = hop.process.running.context.stated.trusted_proxies.x or ()
    return trusted_peers.holds(listed, hop.peer == "loopback", stated, networks)


def believes(hop: Hop, what: What) -> Value[bool]:
    """Whether the server takes the scheme, or the client's address, from what is sent to it here."""
    trusting, reading = trusts_peer(hop), reads(hop.process.server, what)
    for value in (reading, trusting):
        if value.x is False or value.x is None:
            return Value(False, value.places, value.assumes, value.depends)
    return combine(lambda trusted, read: bool(trusted and read), trusting, reading)


def reads(server: Server, what: What) -> Value[bool]:
    """Whether the server takes it from a forwarded header of anybody. waitress: of a proxy that it trusts, what is listed (and
    X-Forwarded-Proto where nothing is). Source: waitress/proxy_headers.py."""
    if server.program == "waitress":
        proxy, listed = server.value("trusted_proxy"), server.value("trusted_proxy_headers")
        return combine(lambda trusted, names: bool(trusted) and _listed(names, what), proxy, listed)
    return behaves(server, f"{what}_from_header").map(bool)


def _listed(names: Any, what: What) -> bool:
    listed = [name.lower() for name in trusted_peers.members(names)]
    return _LISTS[what] in listed if listed else what == "scheme"


def clears_untrusted(hop: Hop) -> Value[bool]:
    """Whether the server removes forwarded headers of a peer that it does not trust before the application sees them."""
    if "clears_untrusted_headers" not in facts().get(hop.process.server.program, {}):
        return Value(False)
    clears = behaves(hop.process.server, "clears_untrusted_headers")
    return combine(lambda clear, trusted: bool(clear) and not trusted, clears, trusts_peer(hop))


def ignored(hop: Hop) -> Value[Items]:
    """The forwarded headers that the server would read, and does not believe of whoever comes here, so that nothing else reads
    them either."""
    return trusts_peer(hop).case_by_case(lambda trusting: _ignored(hop, trusting))


def _ignored(hop: Hop, trusting: Value[bool]) -> Value[Items]:
    if trusting.x is not False:
        return Value(trusting.x if isinstance(trusting.x, Unknown) else Items(()), trusting.places)
    found = []
    if reads(hop.process.server, "scheme").x is True and own_scheme_header(hop).x is None:
        found.append("X-Forwarded-Proto")
    if reads(hop.process.server, "address").x is True and not _fixes_address(hop.process.app):
        found.append("X-Forwarded-For")
    return Value(Items(tuple(map(Value, found))), trusting.places)


def _fixes_address(app: App | None) -> bool:
    return forwarding.hops(layers(app), "x_for").x != 0 or forwarding.believed_peers(layers(app)).x is not None


def everybody_trusted(server: Server) -> Value[str]:
    """The setting by which somebody told the server to believe forwarded headers of every peer (or the PROXY protocol); None:
    it believes some only, or none."""
    for name in ("forwarded_allow_ips", "trusted_proxy", "proxy_headers", "proxy_allow_ips"):
        setting = server.settings.get(name)
        if setting is None or setting.origin == "default" or (name == "proxy_headers" and server.program != "daphne"):
            continue
        if name == "proxy_allow_ips" and server.value("proxy_protocol").x in ("off", False, None):
            continue
        if name == "forwarded_allow_ips" and server.value("proxy_headers").x is False:
            continue
        if (everybody := _everybody(setting)).x is not None:
            return everybody
    return Value(None)


def _everybody(setting: Setting) -> Value[str]:
    spelled = setting.spelled or setting.name
    return setting.value.map(lambda peers: spelled if "*" in trusted_peers.members(peers) else None).at(setting.place)


def agreed(hops: Sequence[Pairing], ask: Callable[[Pairing], Value[Any]]) -> Value[Any]:
    """What holds for every hop of a location; unknown where they differ, or none is proved."""
    answers = [ask(hop) for hop in hops]
    if not answers:
        return Value(Unknown("which server answers here is not known"))
    if any(answer != answers[0] for answer in answers):
        return Value(Unknown("the servers that answer here differ"), answers[0].places)
    return answers[0]


# what the application relies on


def layers(app: App | None) -> Sequence[Any]:
    """What stands around the application's object."""
    return app.found.layers if app is not None else ()


def scheme_header(hop: Hop) -> Value[SchemeHeader]:
    """The header that tells the application behind a hop which scheme the client used; None: nobody there reads one."""
    return _first_read(own_scheme_header(hop), believes(hop, "scheme"))


def own_scheme_header(hop: Hop) -> Value[SchemeHeader]:
    """The header from which the application itself, or a layer around it, takes the scheme; None: the server decides."""
    app = hop.process.app
    if app is None:
        return Value(None)
    own = forwarding.scheme_header(layers(app), app.setting)
    if own.x is None:
        peers = forwarding.believed_peers(layers(app))
        own = peers.map(lambda given: _holds(hop, given)).map(lambda held: FORWARDED_PROTO if held else None)
    if own.x is None or clears_untrusted(hop).x is False:
        return own
    return combine(lambda header, cleared: None if cleared else header, own, clears_untrusted(hop))


def _first_read(own: Value[Any], believed: Value[bool]) -> Value[Any]:
    return own.case_by_case(lambda header: header if header.x is not None else _read_by_server(header, believed))


def _read_by_server(nothing: Value[Any], believed: Value[bool]) -> Value[Any]:
    told = believed.map(lambda yes: FORWARDED_PROTO if yes else None)
    return told.also(Value(None, nothing.places, nothing.assumes)) if nothing.assumes else told


def sees_https(pair: Pairing, request: Mapping[str, str]) -> Value[bool]:
    """Whether the application takes a request for https, of which nginx knows these variables."""
    location, server = pair.location, pair.process.server
    if location.protocol == "uwsgi" and server.program == "uwsgi":
        on = arrives(location, location.request_headers.param("HTTPS"), request).map(lambda said: said == "on")
        if on.x is not False and on.x is not None and own_scheme_header(pair).x is None:
            return on
    return scheme_header(pair).case_by_case(lambda header: _secure(pair, header, request))


def _secure(pair: Pairing, header: Value[Any], request: Mapping[str, str]) -> Value[bool]:
    """Whether what arrives in a header says https; not, where there is none that is read."""
    if not isinstance(header.x, SchemeHeader):
        return header if header.x is not None else Value(False, _told_by(pair).places, header.assumes)
    said, secure = arrives(pair.location, pair.location.request_headers[header.x.header], request), header.x.secure
    compared = combine(lambda text: str(text or "").split(",")[0].strip().lower() == secure.lower(), said)
    return Value(compared.x, compared.places, (*compared.assumes, *header.assumes), compared.depends)


def _told_by(pair: Pairing) -> Value[Any]:
    """Why nobody reads a header: the server's fact or list of peers."""
    reading = reads(pair.process.server, "scheme")
    return reading if reading.x is False else trusts_peer(pair)


def arrives(location: Location, header: Value[str], request: Mapping[str, str]) -> Value[str]:
    """What a header comes to for a request of which these variables are known; None: it does not arrive."""
    evaluate = location.evaluator(request)

    def come_to(text: str) -> Any:
        found = evaluate.text(text).x
        return None if found == "" else found

    return header.map(come_to)


def sender(location: Location, header: str) -> Value[str]:
    """Who decides over a header that arrives: nginx (`set`, `cleared`, `default`), the client (`client`, also where nginx
    copies the client's own), or nobody (`dropped`)."""
    value = location.request_headers[header]
    if not value.known:
        return Value(Unknown(value.why or f"what arrives as {header} depends on a choice"), value.places)
    copied = f"$http_{header.lower().replace('-', '_')}"
    copies = isinstance(value.x, str) and copied in value.x.replace("{", "").replace("}", "")
    return Value("client" if copies else location.request_headers.source(header), value.places, value.assumes)


def appended(location: Location) -> Value[str]:
    """What nginx sends as X-Forwarded-For where it begins with what the client sent; None where it does not."""
    sent = location.request_headers["X-Forwarded-For"]
    return sent.map(lambda text: text if "proxy_add_x_forwarded_for" in text or "http_x_forwarded_for" in text else None)


def over_tls() -> dict[str, str]:
    """The variables of a request that came over TLS to nginx itself."""
    return {"scheme": "https", "https": "on", "http_x_forwarded_proto": "", "http_x_forwarded_ssl": "", "http_x_scheme": ""}


def from_outer_tls() -> dict[str, str]:
    """The variables of a request whose TLS ended at a proxy before nginx, which told so."""
    told = {"http_x_forwarded_proto": "https", "http_x_forwarded_ssl": "on", "http_x_scheme": "https"}
    return {"scheme": "http", "https": "", **told}
