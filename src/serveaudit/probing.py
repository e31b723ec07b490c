"""How managers ask whether a program is well: HEALTHCHECK, compose's healthcheck, Kubernetes' probes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from serveaudit.launching import Unit
from serveaudit.values import Items, Place, Unknown, Value

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_URL = re.compile(
    r"""(?P<scheme>https?)://(?P<host>localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::(?P<port>[^/\s"'|;)]+))?(?P<path>/[^\s"'|;)]*)?"""
)
_BARE = re.compile(
    r"""\b(?:curl|wget)\b[^|;&]*?\s(?P<host>localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(?P<port>[^/\s"'|;)]+))?(?P<path>/[^\s"'|;)]*)?(?=[\s"'|;)]|$)"""
)
_SOCKET = re.compile(r"\b(?:nc|ncat|netcat)\b[^|;&]*?\s(?P<host>localhost|127\.0\.0\.1|0\.0\.0\.0)\s+(?P<port>\d+)")
_HOST = re.compile(r"""(?:-H|--header)[\s=]*["']?Host:\s*(?P<host>[^"'\s]+)""", re.IGNORECASE)
_TOOL = re.compile(r"(?:^|[\s;&|(\"'/])(curl|wget|nc)\b")
_FOLLOWING = re.compile(r"\bwget\b(?!.*--max-redirect)|\bcurl\b.*\s(?:--location\b|-[a-zA-Z]*L)")
_SAYS_TLS = re.compile(r"X-Forwarded-Proto", re.IGNORECASE)
_PLACEHOLDER = Unknown("the port comes from a variable")


@dataclass(frozen=True, slots=True)
class Check:
    """One question that a manager asks.

    kind    http, tcp
    what    as its description calls it: health check, livenessProbe
    host    the Host that it sends; None where it sends the pod's own address
    tool    curl, wget, nc; empty where it needs no program of the image
    follows whether it goes where an answer redirects it to on the same host: wget, curl -L, a probe that sends no other Host
    """

    kind: str
    what: str
    port: Value[int]
    place: Place
    host: str | None = "localhost"
    scheme: str = "http"
    path: str = "/"
    tool: str = ""
    follows: bool = False


def checks(unit: Unit) -> Iterator[Check]:
    """Every check of a unit that asks a port of the same machine."""
    test = unit.keys.get("healthcheck.test")
    if test is not None and unit.keys.get("healthcheck.disable", Value(None)).x is not True:
        yield from _of_test(test, "health check")
    for probe in PROBES:
        yield from _of_test(unit.keys.get(f"{probe}.exec.command", Value(None)), probe)
        yield from _of_probe(unit, probe)


def tool_of(unit: Unit) -> Value[Any]:
    """The program of the image that the first health check or probe with a command runs: curl, wget, nc; None for another one,
    or where there is no such check."""
    names = ("healthcheck.test", *(f"{probe}.exec.command" for probe in PROBES))
    test = next((unit.keys[name] for name in names if name in unit.keys), Value(None))
    text = _text(test)
    found = _TOOL.search(text) if text else None
    return Value(found[1] if found else None, test.places[:1])


def _of_test(test: Value[Any], what: str) -> Iterator[Check]:
    text = _text(test)
    if not text or not test.places:
        return
    place, host = test.places[0], _HOST.search(text)
    tool = _TOOL.search(text)
    found = _URL.search(text) or _BARE.search(text)
    if found is not None:
        scheme = found.groupdict().get("scheme") or "http"
        port = _port(found["port"], scheme, place)
        name = host["host"] if host else found["host"].strip("[]")
        follows = _FOLLOWING.search(text) is not None and _SAYS_TLS.search(text) is None
        yield Check("http", what, port, place, name, scheme, found["path"] or "/", tool[1] if tool else "", follows)
        return
    found = _SOCKET.search(text)
    if found is not None:
        yield Check("tcp", what, _port(found["port"], "", place), place, tool="nc")


def _of_probe(unit: Unit, probe: str) -> Iterator[Check]:
    keys = unit.keys
    port = keys.get(f"{probe}.httpGet.port")
    if port is not None and port.places:
        scheme = str(keys.get(f"{probe}.httpGet.scheme", Value("HTTP")).x).lower()
        path = str(keys.get(f"{probe}.httpGet.path", Value("/")).x)
        host, follows = _header(unit, probe, "host"), _header(unit, probe, "x-forwarded-proto") is None
        host = host or _text(keys.get(f"{probe}.httpGet.host", Value(None))) or None
        yield Check("http", probe, _number(port), port.places[0], host, scheme, path, follows=follows and host is None)
    port = keys.get(f"{probe}.tcpSocket.port")
    if port is not None and port.places:
        yield Check("tcp", probe, _number(port), port.places[0], None)


def _header(unit: Unit, probe: str, header: str) -> str | None:
    """A header that a probe is told to send."""
    for number in range(10):
        name = unit.keys.get(f"{probe}.httpGet.httpHeaders.{number}.name", Value(None)).x
        if isinstance(name, str) and name.lower() == header:
            return str(unit.keys.get(f"{probe}.httpGet.httpHeaders.{number}.value", Value("")).x)
    return None


def _text(test: Value[Any]) -> str:
    """A test as one line; empty where a word of it is not known."""
    if isinstance(test.x, str):
        return test.x
    words = [word.x for word in test.x] if isinstance(test.x, Items) else []
    return " ".join(str(word) for word in words) if all(isinstance(word, str) for word in words) else ""


def _port(text: str | None, scheme: str, place: Place) -> Value[Any]:
    if text is None:
        return Value(443 if scheme == "https" else 80, (place,))
    return Value(int(text) if text.isdecimal() and len(text) < 6 else _PLACEHOLDER, (place,))


def _number(port: Value[Any]) -> Value[Any]:
    """A probe's port, which may be written as a text."""
    return port.map(lambda x: int(x) if str(x).isdecimal() and len(str(x)) < 6 else Unknown(f"{x}: no port of the pod"))
