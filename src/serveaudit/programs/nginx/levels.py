"""Effective settings: what holds in a block by nginx's rules of inheritance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import texts, versions
from serveaudit.programs.nginx.facts import facts
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.units import nginx_size, nginx_time
from serveaudit.values import Branch, Place, Unknown, Value

INHERITED_IN = ("http", "server", "location", "server/if", "location/if", "limit_except")
NEVER_INHERITED = frozenset(
    "return rewrite set if break proxy_pass uwsgi_pass fastcgi_pass scgi_pass grpc_pass memcached_pass try_files "
    "limit_except location server_name listen stub_status empty_gif random_index postpone_output".split()
)
"""Of the rewrite module, of content handlers, and what makes a block: they hold where they stand."""


MOST_CHOICES = 5
"""Levels that a template may leave out one after the other."""

Convert = Callable[[Directive], Value[Any]]


@dataclass(frozen=True, slots=True)
class Effective:
    """The directives that hold for a name, all from one level.

    level    where they stand; None: nowhere
    shadow   something unread further inside, which may replace all of them
    more     something unread at their own level, which may add to them
    assumes  on which they rest, in words
    """

    directives: tuple[Directive, ...] = ()
    level: Scope | None = None
    shadow: Unknown | None = None
    more: Unknown | None = None
    assumes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Directive]:
        return iter(self.directives)

    def __len__(self) -> int:
        return len(self.directives)

    @property
    def complete(self) -> bool | Unknown:
        """Whether these surely are all."""
        unread = self.shadow if self.shadow is not None else self.more
        return True if unread is None else unread


def effective(scope: Scope, *names: str) -> Effective:
    """The directives of these names that hold in a block: those of the innermost level that has any. Directives that limit
    each other (`allow` and `deny`, `root` and `alias`) are asked for together."""
    shadow: Unknown | None = None
    assumes: list[str] = []
    chain = [scope] if names[0] in NEVER_INHERITED else scope.chain()
    for level in chain:
        own = [found for name in names for found in level.own(name)]
        doubt = level.doubt.unknown if level.doubt else None
        if own:
            return Effective(tuple(own), level, shadow, doubt, tuple(assumes))
        shadow = doubt if shadow is None else shadow
        assumes += _assumptions(level, names[0])
    return Effective((), None, shadow, None, tuple(dict.fromkeys(assumes)))


def _assumptions(level: Scope, name: str) -> list[str]:
    found = [f"no file of {level.drop_in.about} sets {name}"] if level.drop_in and _settable(name, level.kind) else []
    if level.unseen and _settable(name, "http"):
        found.append(f"the enclosing {level.unseen} does not set {name}")
    return found


def _settable(name: str, context: str) -> bool:
    known = facts().directives.get(name)
    return known is None or known.allowed_in(context)


@dataclass(slots=True, eq=False)
class Level:
    """A block whose settings can be asked for: http, a server, a location."""

    scope: Scope
    version: Value[str]

    def effective(self, *names: str) -> Effective:
        """The directives of these names that hold here, by inheritance."""
        return effective(self.scope, *names)

    def text(self, name: str) -> Value[str]:
        """A setting's first argument as written; nginx's default where it is not written, None where there is none."""
        return self._read(name, lambda directive: _first(directive))

    def words(self, name: str) -> Value[tuple[str, ...]]:
        """All arguments of a setting that is written once (`ssl_protocols`); its default's words; None where there is none."""
        found = self._read(name, _all)
        return found.map(lambda said: tuple(said.split()) if isinstance(said, str) else said)

    def time(self, name: str) -> Value[Any]:
        """A setting in seconds; None where there is none; unknown for what nginx would refuse."""
        return self.text(name).map(lambda said: _converted(said, nginx_time, "time"))

    def size(self, name: str) -> Value[Any]:
        """A setting in bytes; None where there is none. A default of a memory page is the 4 KiB of common machines."""
        return self.text(name).map(lambda said: _converted(said.split("|")[0], nginx_size, "size"))

    def flag(self, name: str) -> Value[Any]:
        """Whether a setting is on; None where it has no default."""
        return self.text(name).map(lambda said: {"on": True, "off": False}.get(said.lower(), texts.refused(said, "flag")))

    def written(self, name: str) -> bool:
        """Whether some level that is known sets it: the value is no default."""
        return bool(self.effective(name).directives)

    def _read(self, name: str, convert: Convert) -> Value[Any]:
        return read(self.scope, name, convert, self.version)


def read(scope: Scope, name: str, convert: Convert, version: Value[str], depth: int = 0) -> Value[Any]:
    """A setting that is written once: the converted directive, a choice where a template decides, else the default."""
    found = effective(scope, name)
    if found.shadow is not None:
        return Value(found.shadow, tuple(written(directive) for directive in found))
    if not found.directives or found.level is None:
        return _default(scope, name, version, found.assumes)
    value = _chosen(found, found.level, lambda level: read(level, name, convert, version, depth + 1), convert, depth)
    return Value(value.x, value.places, (*value.assumes, *found.assumes), value.depends)


def _chosen(found: Effective, level: Scope, outer: Callable[[Scope], Value[Any]], convert: Convert, depth: int) -> Value[Any]:
    """The value of one of a level's directives. Of those in a template's branches it is a choice, with what `outer` gives for
    the level around where all of them may be left out."""
    arms = {id(line): own_branch(level, line) for line in found}
    places = tuple(written(line) for line in found)
    sure = [line for line in found if not arms[id(line)]]
    if sure:
        return convert(sure[-1])
    choices = {arm.choice for branch in arms.values() for arm in branch}
    if len(choices) > 1 or any(line.torn for line in found) or depth > MOST_CHOICES or level.parent is None:
        return Value(Unknown("a template decides whether it is set"), places)
    cases = {arms[id(line)][0].label: convert(line) for line in found}
    if not any(label.startswith("not (") for label in cases):
        cases["otherwise"] = outer(level.parent)
    return Value(Branch(choices.pop(), tuple(cases.items())), places)


def own_branch(level: Scope, directive: Directive) -> tuple[Any, ...]:
    """The arms of a template's choices in which a directive stands inside its block."""
    if not directive.branch:
        return ()
    outer = set(level.directive.branch) if level.directive else set()
    return tuple(arm for arm in directive.branch if arm not in outer)


def _first(directive: Directive) -> Value[str]:
    if directive.torn:
        return Value(Unknown("a template decides what it says"), (written(directive),))
    args = directive.args
    return texts.of_text(args[0].text, written(directive)) if args else Value(None, (written(directive),))


def _all(directive: Directive) -> Value[Any]:
    if directive.torn:
        return _first(directive)
    said = texts.of_text(" ".join(word.text for word in directive.args), written(directive))
    return said.map(lambda _: tuple(word.text for word in directive.args))


def _default(scope: Scope, name: str, version: Value[str], assumes: tuple[str, ...]) -> Value[Any]:
    known = facts().directives.get(name)
    found = versions.by_version(version, known.defaults) if known else Value(None)
    return Value(found.x, (_default_place(scope, name, found.x),), assumes, found.depends)


def _default_place(scope: Scope, name: str, default: Any) -> Place:
    if isinstance(default, Branch):
        return scope.missing(f"nginx's default for {name} depends on its version")
    return scope.missing(f"nginx's default is {name} {default}" if default is not None else f"{name} is not set")


def _converted(said: str, convert: Callable[[str], Any], what: str) -> Any:
    value = convert(said)
    return value if value is not None else texts.refused(said, what)
