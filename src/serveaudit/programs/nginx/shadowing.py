"""Locations that no request comes to, because others take all of their paths.

nginx refuses two locations without a pattern that say the same (`duplicate location`); of two patterns the first one wins, and
they win over prefixes without `^~`. Source: nginx.org/en/docs/http/ngx_http_core_module.html#location.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache

from serveaudit.programs.nginx import alphabets, regexes
from serveaudit.programs.nginx.sites import Location, Site


def shadowed(site: Site) -> Iterator[tuple[Location, Location]]:
    """(a location that is never reached, the one that takes its requests), on every level of a server block."""
    waiting: list[Sequence[Location]] = [site.locations]
    while waiting:
        level = waiting.pop()
        waiting += [location.locations for location in level if location.locations]
        plain = [location for location in level if isinstance(location.uri, str) and not _in_branch(location)]
        yield from _Level(plain).shadowed()


def refused(location: Location, other: Location) -> bool:
    """Whether nginx does not start with both."""
    return not location.regex and _said(location) == _said(other)


def _said(location: Location) -> tuple[str, str]:
    """What two locations of one level must not share."""
    return "" if location.modifier == "^~" else location.modifier, str(location.uri)


class _Level:
    """The locations beside each other, looked up by the paths that they take."""

    def __init__(self, locations: Sequence[Location]) -> None:
        self.locations = locations
        self.prefixes = sorted(str(one.uri) for one in locations if one.modifier in ("", "^~"))
        self.keeping = {str(one.uri): one for one in locations if one.modifier == "^~"}
        self.covering: dict[tuple[bool, str], Location] = {}

    def shadowed(self) -> Iterator[tuple[Location, Location]]:
        said: dict[tuple[str, str], Location] = {}
        taken: dict[int, Location] = {}
        for location in self.locations:
            other = said.setdefault(_said(location), location)
            found = other if other is not location else self._by_pattern(location) if location.regex else None
            found = found or (self._by_prefix(location) if location.modifier == "~" else None)
            if found is not None:
                taken[id(location)] = found
            self._note(location)
        for location in self.locations:  # a pattern wins over a prefix wherever it stands
            found = taken.get(id(location)) or (self._by_pattern(location) if location.modifier == "" else None)
            if found is not None:
                yield location, found

    def _note(self, location: Location) -> None:
        covered = _covers(location) if location.regex else None
        if covered:
            ignore = location.modifier == "~*"
            self.covering.setdefault((ignore, covered.lower() if ignore else covered), location)

    def _by_pattern(self, location: Location) -> Location | None:
        """A pattern that matches everything that the location would be taken for."""
        beginning = str(location.uri) if not location.regex else _beginning(str(location.uri))[0]
        for end in range(1, len(beginning) + 1) if self.covering else ():
            for key in ((False, beginning[:end]), (True, beginning[:end].lower())):
                if key in self.covering:
                    return self.covering[key]
        return None

    def _by_prefix(self, location: Location) -> Location | None:
        """The longest `^~` that all paths of a pattern begin with, unless a longer prefix may be chosen for some of them."""
        beginning = _beginning(str(location.uri))[0] if self.keeping else ""
        for end in range(len(beginning), 0, -1):
            longest = self.keeping.get(beginning[:end])
            if longest is not None:
                at = bisect_right(self.prefixes, beginning[:end])
                deeper = self.prefixes[at : at + 1]
                return None if deeper and deeper[0].startswith(beginning[:end]) else longest
        return None


def _covers(location: Location) -> str | None:
    """The beginning of the paths that a pattern matches without exception: `/api/` for `^/api/` and `^/api/.*`."""
    pattern = str(location.uri)
    if not pattern.startswith("^"):
        return "/" if pattern in ("", "/", ".*", ".", "(.*)", "/.*") else None
    beginning, rest = _beginning(pattern)
    return beginning if beginning and rest in ("", ".*", "(.*)", ".*$", "(.*)$") else None


@cache
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
