"""Locations that no request comes to, because others take all of their paths.

nginx refuses two locations without a pattern that say the same (`duplicate location`); of two patterns the first one wins, and
they win over prefixes without `^~`. Source: nginx.org/en/docs/http/ngx_http_core_module.html#location.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from serveaudit.programs.nginx import alphabets, regexes
from serveaudit.programs.nginx.sites import Location, Site


def shadowed(site: Site) -> Iterator[tuple[Location, Location]]:
    """(a location that is never reached, the one that takes its requests), on every level of a server block."""
    waiting: list[Sequence[Location]] = [site.locations]
    while waiting:
        level = waiting.pop()
        waiting += [location.locations for location in level if location.locations]
        plain = [location for location in level if isinstance(location.uri, str) and not _in_branch(location)]
        for at, location in enumerate(plain):
            other = _same(location, plain[:at]) or _taken(location, plain, plain[:at])
            if other is not None:
                yield location, other


def refused(location: Location, other: Location) -> bool:
    """Whether nginx does not start with both."""
    return not location.regex and _same(location, [other]) is other


def _same(location: Location, earlier: Sequence[Location]) -> Location | None:
    return next((other for other in earlier if other.uri == location.uri and _kind(other) == _kind(location)), None)


def _kind(location: Location) -> str:
    return "" if location.modifier == "^~" else location.modifier


def _taken(location: Location, level: Sequence[Location], earlier: Sequence[Location]) -> Location | None:
    """A pattern before it that matches everything that it would match, or a `^~` that keeps its pattern from being tried."""
    if location.modifier not in ("", "~", "~*"):
        return None
    beginning = literal_beginning(location)
    if not beginning:
        return None
    candidates = earlier if location.regex else [other for other in level if other is not location]
    for other in candidates:
        covered = _covers(other)
        if covered is not None and _starts(beginning, covered, other.modifier == "~*"):
            return other
    return _kept_by_prefix(beginning, level) if location.modifier == "~" else None


def _starts(beginning: str, covered: str, ignore_case: bool) -> bool:
    return beginning.lower().startswith(covered.lower()) if ignore_case else beginning.startswith(covered)


def _kept_by_prefix(beginning: str, level: Sequence[Location]) -> Location | None:
    """The longest `^~` that all paths of a pattern begin with, unless a longer prefix may be chosen for some of them."""
    keeping = [other for other in level if other.modifier == "^~" and beginning.startswith(str(other.uri))]
    longest = max(keeping, key=lambda other: len(str(other.uri)), default=None)
    if longest is None:
        return None
    deeper = [
        other for other in level
        if other.modifier in ("", "^~") and other is not longest and str(other.uri).startswith(str(longest.uri))
    ]  # fmt: skip
    return None if deeper else longest


def literal_beginning(location: Location) -> str:
    """What every path of a location begins with; empty where that can't be told."""
    return str(location.uri) if not location.regex else _beginning(str(location.uri))[0]


def _covers(location: Location) -> str | None:
    """The beginning of the paths that a pattern matches without exception: `/api/` for `^/api/` and `^/api/.*`."""
    if not location.regex:
        return None
    beginning, rest = _beginning(str(location.uri))
    anchored = str(location.uri).startswith("^")
    if not anchored:
        return "/" if str(location.uri) in ("", "/", ".*", ".", "(.*)", "/.*") else None
    return beginning if beginning and rest in ("", ".*", "(.*)", ".*$", "(.*)$") else None


def _beginning(pattern: str) -> tuple[str, str]:
    """A pattern's literal beginning behind `^`, and what follows it as written."""
    tree = regexes.parsed(pattern)
    if tree is None or not pattern.startswith("^"):
        return "", pattern
    literal = ""
    for operator, argument in list(tree)[1:]:
        if str(operator) != "LITERAL":
            break
        literal += chr(argument)
    written = alphabets.escaped(pattern[1:], literal)
    return (literal, pattern[1 + written :]) if written is not None else ("", pattern)


def _in_branch(location: Location) -> bool:
    """Whether a template may leave it out."""
    directive = location.scope.directive
    return directive is not None and (directive.torn or bool(directive.branch))
