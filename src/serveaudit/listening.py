"""From the texts of `bind` and the like to listeners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from serveaudit.serving import Listener, Protocol
from serveaudit.units import Address
from serveaudit.values import Branch, Items, Partial, Unknown, Value

Parse = Callable[[str], Address | None]
"""The program's reading of an address; None for what it does not take."""


def listeners(
    binds: Value[Any], parse: Parse, tls: Value[bool] | None = None, protocol: Protocol = "http", setting: str = "bind"
) -> Value[Items]:
    """A listener for each text of a list; unknown where the list is."""
    secure = tls if tls is not None else Value(False)

    def each(items: Any) -> Items | Unknown:
        if not isinstance(items, Items):
            return Unknown(f"{items!r} is no list of addresses")
        members = tuple(Listener(told(address_of(text, parse), text, binds), protocol, secure, setting) for text in items)
        return Items(members, items.complete)

    return binds.map(each)


def told(address: Value[Address], text: Value[Any], binds: Value[Any]) -> Value[Address]:
    """The address, told where its text stands, else where the whole list does."""
    return address if text.places else address.at(*binds.places)


def address_of(text: Value[Any], parse: Parse) -> Value[Address]:
    """The address that a text names. Of `0.0.0.0:$PORT` the host is known and the port is None; unknown where the host or the
    path is."""
    if isinstance(text.x, Partial):
        return replace(text, x=_in_part(text.x, parse))
    return text.map(lambda plain: _parsed(str(plain), parse))


def _in_part(text: Partial, parse: Parse) -> Address | Unknown:
    first = text.parts[0]
    if isinstance(first, str) and len(text.parts) == 2 and first.endswith(":") and not first.startswith("unix:"):
        return replace(address, port=None) if (address := parse(f"{first}1")) else text.unknown
    return text.unknown


def _parsed(text: str, parse: Parse) -> Address | Unknown:
    return parse(text) or Unknown(f"{text!r} is no address")


def tcp(host: Value[Any], port: Value[Any]) -> Value[Address]:
    """The address of a host and a port that are set apart. The port is None where it is not known; where the host is not, the
    address is unknown."""
    if isinstance(port.x, Branch):
        cases = tuple((label, tcp(host, case)) for label, case in port.x.cases)
        return Value(Branch(port.x.on, cases)).also(host, port)
    known = port.x if isinstance(port.x, int) and 0 <= port.x < 65536 else None
    host = replace(host, x="") if host.x is None else host
    return host.map(lambda name: Address("tcp", host=bare(str(name)), port=known)).also(port)


def bare(host: str) -> str:
    """A host without the brackets of IPv6."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def given(*values: Value[Any], every: bool = True) -> Value[bool]:
    """Whether all of these are given, or with `every=False` one of them, as TLS needs its files; unknown where it depends on
    one that is."""
    doubts = [value for value in values if not value.known]
    told = [value.x not in (None, "") for value in values if value.known]
    sure = all(told) if every else any(told)
    if not doubts or sure is not every:
        return Value(sure).also(*values)
    return Value(doubts[0].x if isinstance(doubts[0].x, Unknown) else every).also(*values)
