"""Whether a pattern that is meant for one's own sites, matched against Origin or Referer, lets foreign ones in.

The pattern's own host is read off it; then names that an attacker can register or send are tried: `example.com.evil.test`,
`evilexample.com`, one with a letter where a dot was not escaped, and for Referer, which has a path, the host in the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from serveaudit.programs.nginx import regexes
from serveaudit.programs.nginx.patterns import Pattern
from serveaudit.values import Unknown

HEADERS = ("$http_origin", "$http_referer")
MISSPELT = {
    "http_referrer": "http_referer",
    "http_refferer": "http_referer",
    "http_refferrer": "http_referer",
    "http_orgin": "http_origin",
    "http_orign": "http_origin",
    "http_origins": "http_origin",
}
"""Variables of headers that no browser sends, and those that are meant. Referer has one r in its middle."""

_ANY_CHAR = "\ue200"
"""Stands in a sample for a character that the pattern does not name."""
_MOST_SAMPLES = 24
_HOST = re.compile(r"(?P<scheme>\w+)://(?P<host>[^/:?#]+)|^(?P<bare>[A-Za-z0-9.\-\ue200]+)")


def foreign_match(pattern: Pattern) -> str | None:
    """An Origin or Referer of somebody else's site that the pattern matches; None where none is found."""
    if pattern.against.lower() not in HEADERS or pattern.filled_in:
        return None
    for attempt in _attempts(pattern):
        found = regexes.matches(pattern.text, attempt, pattern.ignore_case)
        if found is not None and not isinstance(found, Unknown):
            return attempt
    return None


def never_sent(pattern: Pattern) -> bool:
    """Whether a pattern for Origin matches none that browsers send: they send a scheme and a host, and no path."""
    tree = regexes.parsed(pattern.text)
    if pattern.against.lower() != "$http_origin" or pattern.filled_in or tree is None:
        return False
    samples = list(islice(_samples(list(tree)), _MOST_SAMPLES + 1))
    return 0 < len(samples) <= _MOST_SAMPLES and all("/" in re.sub(r"^.*?://", "", sample) for sample in samples)


def _attempts(pattern: Pattern) -> Iterator[str]:
    tree = regexes.parsed(pattern.text)
    with_path = pattern.against.lower() == "$http_referer"
    for sample in islice(_samples(list(tree or ())), _MOST_SAMPLES):
        found = _HOST.search(sample)
        host = (found["host"] or found["bare"]).strip(".-") if found else ""
        if _names_a_host(host):
            assert found is not None
            yield from _foreign(host, found["scheme"] or "https", with_path)


def _names_a_host(host: str) -> bool:
    """Whether the pattern itself names a host: its last two labels, or the one that it has, are literal."""
    own = ".".join(host.split(".")[-2:])
    return bool(re.search(r"[A-Za-z]", own)) and len(own) > 3


def _foreign(host: str, scheme: str, with_path: bool) -> Iterator[str]:
    end = "/" if with_path else ""
    plain = host.replace(_ANY_CHAR, "x")
    yield f"{scheme}://{plain}.evil.test{end}"
    own = ".".join(host.split(".")[-2:]).replace(_ANY_CHAR, ".")
    yield f"{scheme}://evil{own}{end}"
    yield f"{scheme}://evil-{own}{end}"
    for at, char in enumerate(host):
        name = f"{host[:at]}x{host[at + 1 :]}".replace(_ANY_CHAR, ".")
        if char in f".{_ANY_CHAR}" and "." in name and _registrable(name, host.replace(_ANY_CHAR, ".")):
            yield f"{scheme}://{name}{end}"
    if with_path:
        yield f"https://evil.test/{scheme}://{plain}/"
        yield f"https://evil.test/{scheme}://{plain}"
        yield f"https://evil.test/{plain}/"


def _registrable(name: str, host: str) -> bool:
    """Whether a name is somebody else's: its last two labels differ, and its last one is the same."""
    return name.split(".")[-1] == host.split(".")[-1] and name.split(".")[-2:] != host.split(".")[-2:]


def _samples(nodes: list[Any]) -> Iterator[str]:
    """Short texts that a pattern matches, each choice taken once."""
    if not nodes:
        yield ""
        return
    (operator, argument), *rest = nodes
    for beginning in _pieces(str(operator), argument):
        for ending in _samples(rest):
            yield beginning + ending


def _pieces(operator: str, argument: Any) -> Iterator[str]:
    if operator == "LITERAL":
        yield chr(argument)
    elif operator in ("ANY", "IN", "NOT_LITERAL"):
        yield _ANY_CHAR
    elif operator == "BRANCH":
        for branch in argument[1]:
            yield from _samples(list(branch))
    elif operator == "SUBPATTERN":
        yield from _samples(list(argument[3]))
    elif operator in ("MAX_REPEAT", "MIN_REPEAT"):
        once = list(_repeated(argument))
        yield from once
    else:
        yield ""


def _repeated(argument: Any) -> Iterator[str]:
    low, _, inside = argument
    if low == 0:
        yield ""
    yield from _samples(list(inside) * min(max(low, 1), 3))
