"""Blocks of the effective configuration: what stands in each, includes put in, and what encloses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx.includes import Gap, Reader
from serveaudit.programs.nginx.known import Installed
from serveaudit.source import Problem, SourceFile, Span
from serveaudit.values import How, Place

DEEPEST = 64
"""Blocks inside of each other that are read. nginx has no limit; what holds in a block is looked for in all around it."""

_INNER = {
    ("server", "if"): "server/if",
    ("location", "if"): "location/if",
    ("stream", "server"): "stream/server",
    ("stream", "upstream"): "stream/upstream",
    ("mail", "server"): "mail/server",
}


class Scope:
    """One block.

    kind       the context by nginx's names: main, events, http, server, location, server/if, location/if, limit_except,
               upstream, stream, stream/server, …; for any other block the directive's name (map, types)
    directive  whose block it is; None for a file's top level
    unseen     what encloses it and was not read: `http {}` for a file of server blocks; empty where all was read
    """

    def __init__(
        self,
        reader: Reader,
        kind: str,
        directives: Sequence[Directive],
        source: SourceFile,
        directive: Directive | None = None,
        parent: Scope | None = None,
        unseen: str = "",
    ) -> None:
        self.kind = kind
        self.directive = directive
        self.parent = parent
        self.source = source
        self.unseen = unseen
        self._reader = reader
        self._inner: dict[int, Scope] = {}
        self._depth: int = parent._depth + 1 if parent else 0
        self.directives, self.gaps = reader.flat(directives) if self._depth < DEEPEST else self._too_deep()

    def own(self, name: str) -> Sequence[Directive]:
        """The directives of this name in the block itself, in order."""
        return self._index.get(name, ())

    def blocks(self, *names: str) -> list[Scope]:
        """The blocks of these names inside, in order."""
        return [self.inner(found) for found in self.directives if found.block is not None and found.name in names]

    def inner(self, directive: Directive) -> Scope:
        """The block of one of the directives: the same object each time."""
        known = self._inner.get(id(directive))
        if known is None:
            kind = _INNER.get((self.kind, directive.name), directive.name)
            known = Scope(self._reader, kind, directive.block or (), directive.source, directive, self)
            self._inner[id(directive)] = known
        return known

    def chain(self) -> Iterator[Scope]:
        """This block, then the one around it, and so on."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def walk(self) -> Iterator[Scope]:
        """This block and all inside of it, in order; however deep they go."""
        stack = [self]
        while stack:
            scope = stack.pop()
            yield scope
            stack += [scope.inner(found) for found in reversed(scope.directives) if found.block is not None]

    @property
    def head(self) -> Span:
        """The block's directive up to its brace; for a file, the line of its first directive."""
        if self.directive is not None:
            return self.directive.head
        if self.directives and self.directives[0].source is self.source:
            return self.directives[0].head
        return self.source.line_span(1)

    def _too_deep(self) -> tuple[list[Directive], list[Gap]]:
        why = "blocks are nested too deeply to be read"
        self._reader.problems.append(Problem(self.head, why))
        return [], [Gap(Place(self.head), why, "nesting")]

    @cached_property
    def symbol(self) -> str:
        """The block's symbolic place, which survives moved lines: `http/server[example.com]/location[/api/]`. A server block is
        told by its first name, or its first address."""
        return "/".join(reversed([part for scope in self.chain() if (part := scope._part)]))

    @property
    def _part(self) -> str:
        if self.directive is None:
            return "http" if self.unseen else ""
        label = " ".join(self.directive.texts)
        if self.kind == "server":
            said = [found.texts[0] for found in (*self.own("server_name"), *self.own("listen")) if any(found.texts[:1])]
            return f"server[{next(iter(said), '')}]"
        return f"{self.directive.name}[{label}]" if label else self.directive.name

    @property
    def doubt(self) -> Gap | None:
        """What was not read here and may say anything."""
        return next((gap for gap in self.gaps if not gap.drop_in), None)

    @property
    def drop_in(self) -> Gap | None:
        """A directory of further files that is read here by nginx and was not by us."""
        return next((gap for gap in self.gaps if gap.drop_in), None)

    def missing(self, note: str, how: How = How.DEFAULT) -> Place:
        """The place of what is not written in this block."""
        return Place(self.head, how, note)

    @cached_property
    def _index(self) -> dict[str, list[Directive]]:
        index: dict[str, list[Directive]] = {}
        for directive in self.directives:
            index.setdefault(directive.name, []).append(directive)
        return index

    def __repr__(self) -> str:
        return f"<{self.kind} {self.head.text!r}>"


def written(directive: Directive) -> Place:
    """The directive's place; for one of an installed file with a note of where it comes from."""
    return Place(directive.head, note=f"from {directive.origin}" if isinstance(directive, Installed) else "")
