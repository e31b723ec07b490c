"""Which location nginx takes for a path. Source: ngx_http_core_find_location in src/http/ngx_http_core_module.c."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from serveaudit.programs.nginx import regexes
from serveaudit.values import Unknown

Modifier = Literal["", "=", "^~", "~", "~*", "@", "if", "limit_except", "server"]
DEEPEST = 50
"""Locations inside of each other that are followed."""


class Candidates(Protocol):
    """A server block or a location, as far as the choice needs to know it. `unread` is what may hold further locations."""

    @property
    def locations(self) -> Sequence[Candidate]: ...

    @property
    def unread(self) -> Unknown | None: ...


class Candidate(Candidates, Protocol):
    """A location. `uri` is its path or pattern, Unknown where a template fills it in; `adds_slash` tells that `/x` is answered
    with a redirect to `/x/`."""

    @property
    def modifier(self) -> Modifier: ...

    @property
    def uri(self) -> str | Unknown: ...

    @property
    def adds_slash(self) -> bool: ...


By = Literal["exact", "prefix", "regex", "slash"]
Found = tuple[Candidate, By]


@dataclass(frozen=True, slots=True)
class _Level:
    among: Candidates
    depth: int


def choose(path: str, among: Candidates) -> Found | Unknown | None:
    """The location for a decoded, normalized path, and by what it was found, through nested locations. None: there is none, the
    server block itself answers. Unknown where a location may take it that can't be judged. `slash`: nginx redirects."""
    return _find(path, _Level(among, 0))


def _find(path: str, level: _Level) -> Found | Unknown | None:
    if level.depth > DEEPEST:
        return Unknown("locations are nested too deeply")
    static = _static(path, level.among)
    if static is None or isinstance(static, Unknown):
        return static if isinstance(static, Unknown) else _regex(path, level, None)
    location, by = static
    if by in ("exact", "slash"):
        return static
    inner = _find(path, _Level(location, level.depth + 1))
    if isinstance(inner, Unknown) or (inner and inner[1] != "prefix"):
        return inner
    found = inner or static
    return found if location.modifier == "^~" else _regex(path, level, found)


def _static(path: str, among: Candidates) -> Found | Unknown | None:
    """The best location without a pattern; an exact one can't be beaten by one that was not read."""
    plain = [location for location in among.locations if location.modifier in ("", "=", "^~")]
    for location in plain:
        if location.modifier == "=" and location.uri == path:
            return location, "exact"
    unsure = next((location.uri for location in plain if isinstance(location.uri, Unknown)), among.unread)
    return unsure if unsure is not None else _longest(path, plain)


def _longest(path: str, plain: Sequence[Candidate]) -> Found | None:
    prefixes = [(location, str(location.uri)) for location in plain if location.modifier != "="]
    slash = next((location for location in plain if location.uri == path + "/" and location.adds_slash), None)
    if slash and not any(uri == path for _, uri in prefixes):
        return slash, "slash"
    fitting = [(location, len(uri)) for location, uri in prefixes if path.startswith(uri)]
    return (max(fitting, key=lambda pair: pair[1])[0], "prefix") if fitting else None


def _regex(path: str, level: _Level, found: Found | None) -> Found | Unknown | None:
    for location in level.among.locations:
        if location.modifier not in ("~", "~*"):
            continue
        if isinstance(location.uri, Unknown):
            return location.uri
        matched = regexes.matches(location.uri, path, location.modifier == "~*")
        if isinstance(matched, Unknown):
            return matched
        if matched:
            inner = _find(path, _Level(location, level.depth + 1))
            return inner if isinstance(inner, Unknown) else (inner[0] if inner else location, "regex")
    return found
