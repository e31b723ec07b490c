"""Puts included files in the place of their `include`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from serveaudit.formats.nginx import Directive, Tree, parse
from serveaudit.programs.nginx.known import installed
from serveaudit.source import Problem, SourceFile
from serveaudit.values import Place, Unknown

Resolve = Callable[[str, SourceFile], "list[SourceFile] | Unknown"]
"""(the pattern as written, the file it stands in) -> the files that nginx would read, sorted; an empty list where there
surely are none; Unknown where that can't be told."""

Key = tuple[str, int]
"""A file by its path and its text: several texts may stand in one file (the here-documents of a script)."""

MOST_INCLUDED = 1_000_000
"""Directives that includes may add to one configuration: files that include each other twice over double at each level."""

_PLACEHOLDER = re.compile(r"\$|\{\{|<%|[*?\[]")
_MODULES = re.compile(r"modules[^/]*/\*\.conf$")
_DROP_IN = re.compile(r"(conf|http|sites|vhosts?|servers?|default|location)[-\w]*(\.d)?/\*[^/]*$|sites-(enabled|available)/")


@dataclass(frozen=True, slots=True)
class Gap:
    """Directives that stand in a block and were not read.

    drop_in  they come from a directory into which each installation puts its own files: that nothing there changes what this
             file says is an assumption, not a doubt
    """

    place: Place
    why: str
    about: str
    drop_in: bool = False

    @property
    def unknown(self) -> Unknown:
        return Unknown(self.why, self.about)


@dataclass(frozen=True, slots=True)
class Include:
    """What became of an `include`; `installed`: it names a file whose content is known without reading it."""

    directive: Directive
    pattern: str
    state: Literal["read", "installed", "unknown", "missing", "loop"]
    sources: tuple[SourceFile, ...] = ()


@dataclass(slots=True, eq=False)
class Reader:
    """Reads files, each once, and keeps what was read."""

    resolve: Resolve
    trees: dict[Key, Tree] = field(default_factory=dict)
    includes: dict[int, Include] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _within: dict[Key, set[Key]] = field(default_factory=dict)
    _added: int = 0

    def tree(self, source: SourceFile) -> Tree:
        known = self.trees.get(_key(source))
        if known is None:
            known = self.trees[_key(source)] = parse(source)
            self.problems += [] if known.template else known.problems
        return known

    def flat(self, directives: Sequence[Directive]) -> tuple[list[Directive], list[Gap]]:
        """The directives with included ones among them, in order, and what could not be read."""
        if not any(directive.name == "include" or directive.inserted for directive in directives):
            return list(directives), []
        found: list[Directive] = []
        gaps: list[Gap] = []
        stack = list(reversed(directives))
        while stack:
            directive = stack.pop()
            if directive.inserted:
                gaps.append(_put_in(directive))
            elif directive.name == "include" and directive.block is None:
                stack += reversed(self._included(directive, gaps))
            else:
                found.append(directive)
        return found, gaps

    def _included(self, directive: Directive, gaps: list[Gap]) -> Sequence[Directive]:
        include = self.includes.get(id(directive))
        if include is None:
            include = self.includes[id(directive)] = self._look_up(directive)
        if include.state == "installed":
            return installed(directive, include.pattern) or ()
        if include.state == "read":
            added = [inner for source in include.sources for inner in self.tree(source).directives]
            self._added += len(added)
            if self._added <= MOST_INCLUDED:
                return added
        gap = _gap(directive, include)
        gaps += [gap] if gap else []
        return ()

    def _look_up(self, directive: Directive) -> Include:
        pattern = directive.args[0].text if directive.args else ""
        files = self.resolve(pattern, directive.source)
        if isinstance(files, Unknown) or (not files and not _PLACEHOLDER.search(pattern)):
            state: Literal["unknown", "missing"] = "unknown" if isinstance(files, Unknown) else "missing"
            return Include(directive, pattern, state if installed(directive, pattern) is None else "installed")
        if any(self._loops(directive.source, source) for source in files):
            self.problems.append(Problem(directive.head, f'"{pattern}" includes itself'))
            return Include(directive, pattern, "loop")
        return Include(directive, pattern, "read", tuple(files))

    def _loops(self, outer: SourceFile, inner: SourceFile) -> bool:
        above = self._within.setdefault(_key(outer), set()) | {_key(outer)}
        if _key(inner) in above:
            return True
        self._within.setdefault(_key(inner), set()).update(above)
        return False


def _key(source: SourceFile) -> Key:
    return source.path, hash(source.text)


def _put_in(directive: Directive) -> Gap:
    return Gap(Place(directive.head), f"{directive.name} is filled in when the template is rendered", directive.name)


def _gap(directive: Directive, include: Include) -> Gap | None:
    """What the directive leaves open; None for a directory that only loads modules, and for a loop."""
    pattern = include.pattern
    if include.state == "loop" or _MODULES.search(pattern):
        return None
    place = Place(directive.head)
    if include.state == "read":
        return Gap(place, "the includes add up to more than is read", pattern)
    return Gap(place, f"{pattern or 'an include'} was not read", pattern, drop_in=bool(_DROP_IN.search(pattern)))
