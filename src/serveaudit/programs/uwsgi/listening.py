"""Where uWSGI takes connections, and how it speaks there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from serveaudit.listening import address_of, bare
from serveaudit.programs.uwsgi.choices import Gathering
from serveaudit.programs.uwsgi.expansion import Holes
from serveaudit.programs.uwsgi.exported import Option
from serveaudit.programs.uwsgi.settings import PROTOCOLS
from serveaudit.serving import Listener, Protocol
from serveaudit.units import Address
from serveaudit.values import How, Items, Place, Unknown, Value

_SPEAKS: Mapping[str, Protocol | Literal[""]] = {
    "socket": "",
    "lazy-socket": "",
    "uwsgi-socket": "uwsgi",
    "puwsgi-socket": "uwsgi",
    "http-socket": "http",
    "http11-socket": "http",
    "http": "http",
    "httprouter": "http",
    "http-to-https": "http",
    "fastcgi-socket": "fastcgi",
    "fastcgi-nph-socket": "fastcgi",
    "scgi-socket": "scgi",
    "scgi-nph-socket": "scgi",
    "raw-socket": "unknown",
    "fastrouter": "uwsgi",
    "rawrouter": "unknown",
}
"""What is spoken at the addresses that an option opens; "": what `protocol` says, else uwsgi."""
_WITH_TLS: Mapping[str, Protocol] = {
    "https": "http",
    "https2": "http",
    "https-socket": "http",
    "ssl-socket": "uwsgi",
    "suwsgi-socket": "uwsgi",
}
"""Their value is `address,certificate,key`, for https2 `addr=…,cert=…,key=…`."""
_ROUTED = ("http", "httprouter", "http-to-https", "https", "https2", "fastrouter", "rawrouter")
"""Listeners of a process in front of the workers, for which `*` is every address."""
_FIRST = Unknown("uWSGI looks for the first address of the machine's that fits the *")
"""core/socket.c, generate_socket_name. On Linux it finds none that it could bind to."""


def listeners(options: Iterable[Option], holes: Holes, protocol: Value[str], base: str, head: Place) -> Value[Items]:
    """Every listener in written order. `protocol` is that of plain sockets; a relative path of a socket lies in `base`."""
    options = list(options)
    shared = [option.text or "" for option in options if option.key in ("shared-socket", "undeferred-shared-socket")]
    found = Gathering(Value(Items(()), (replace(head, how=How.DEFAULT),)))
    for option in options:
        if option.unread is not None and (option.anything or _opens(option.key)):
            found.open(option.unread)
        elif _opens(option.key) and option.text is not None:
            found.add(_listener(option, holes, protocol, base, shared), option.place, option.guards)
    return found.value()


def _opens(key: str) -> bool:
    return key in _SPEAKS or key in _WITH_TLS


def _listener(option: Option, holes: Holes, protocol: Value[str], base: str, shared: list[str]) -> Listener:
    tls = option.key in _WITH_TLS
    text = (option.text or "").partition(",")[0] if tls else option.text or ""
    spoken = _WITH_TLS[option.key] if tls else _SPEAKS[option.key]
    rests: list[Value[Any]] = [replace(rest, x=None) for rest in option.rests]
    if not spoken:
        spoken = PROTOCOLS.get(protocol.x or "uwsgi", "uwsgi") if isinstance(protocol.x, str | None) else "unknown"
        rests += [replace(protocol, x=None)] if protocol.x is not None else []
    told = replace(holes.value(text.removeprefix("addr=").strip()), places=(option.place,))
    routed = option.key in _ROUTED
    address = told.map(lambda known: _FIRST) if not routed and "*" in text.rpartition(":")[0] else None
    address = (address or address_of(told, partial(_address, base, shared))).also(*rests)
    return Listener(address, spoken, Value(tls, (option.place,)), option.key)


def _address(base: str, shared: list[str], text: str) -> Address:
    """`host:port`, `:port`, a path, `@name`, `=0` for the first shared socket, `fd://3` (core/socket.c)."""
    if text.startswith("=") and text[1:].isdigit() and int(text[1:3]) < len(shared):
        text = shared[int(text[1:3])].strip()
    if text.startswith("fd://"):
        return Address("fd", path=text.removeprefix("fd://"))
    host, colon, port = text.rpartition(":")
    if not colon:
        return Address("unix", path=text if text[:1] in ("/", "@") else posixpath.normpath(posixpath.join(base, text)))
    known = port.isdigit() and 0 < int(port[:6]) < 65536
    return Address("tcp", "" if host == "*" else bare(host), int(port) if known else None)
