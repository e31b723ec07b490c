"""Every regular expression of a configuration, with what it is matched against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from serveaudit.formats.nginx import Directive, Word
from serveaudit.programs.nginx import texts
from serveaudit.programs.nginx.handlers import read_uri
from serveaudit.programs.nginx.scopes import Scope

_OPERATORS = ("~", "~*", "!~", "!~*")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression where it stands.

    text      the expression itself, without nginx's `~`
    against   the text that it is matched against: `$uri` for a location and a rewrite, `$host` for a server's name
    scope     the block that the directive stands in
    negated   `!~`: what holds is that it does not match
    """

    text: str
    word: Word
    directive: Directive
    scope: Scope
    against: str
    ignore_case: bool = False
    negated: bool = False

    @property
    def filled_in(self) -> bool:
        """Whether a template puts in some part of it."""
        return self.directive.torn or bool(texts.filled_in(self.text)) or "{{" in self.text


def patterns(scope: Scope) -> Iterator[Pattern]:
    """Every pattern in a block and inside of it, in the order of the text."""
    for inner in scope.walk():
        for directive in inner.directives:
            yield from patterns_of(directive, inner)


def patterns_of(directive: Directive, scope: Scope) -> Iterator[Pattern]:
    """The patterns of one directive, or of one entry of a map."""
    if scope.kind == "map" and directive.name.startswith("~") and scope.directive and scope.directive.args:
        yield _pattern(directive.words[0], directive, scope, scope.directive.args[0].text)
    elif directive.name == "location":
        yield from _of_location(directive, scope)
    elif directive.name == "rewrite" and len(directive.args) > 1:
        word = directive.args[0]
        yield Pattern(word.text, word, directive, scope, "$uri")
    elif directive.name == "if":
        yield from _of_condition(directive, scope)
    elif directive.name == "server_name":
        for word in directive.args:
            if word.text.startswith("~"):
                yield _pattern(word, directive, scope, "$host")


def _pattern(word: Word, directive: Directive, scope: Scope, against: str) -> Pattern:
    ignore = word.text.startswith("~*")
    return Pattern(word.text[2 if ignore else 1 :], word, directive, scope, against, ignore)


def _of_location(directive: Directive, scope: Scope) -> Iterator[Pattern]:
    modifier, uri = read_uri(directive)
    if modifier in ("~", "~*") and isinstance(uri.x, str):
        yield Pattern(uri.x, directive.args[-1], directive, scope, "$uri", modifier == "~*")


def _of_condition(directive: Directive, scope: Scope) -> Iterator[Pattern]:
    """`if ($uri ~* "…")`: nginx's lexer leaves the parentheses at the words."""
    args = [word for word in directive.args if word.text not in ("(", ")")]
    if len(args) != 3 or args[1].text not in _OPERATORS:
        return
    subject, operator, word = args
    text = word.text if word.quoted else word.text.removesuffix(")")
    against = subject.text.lstrip("(")
    yield Pattern(text, word, directive, scope, against, operator.text.endswith("*"), operator.text.startswith("!"))


def before(directive: Directive, scope: Scope) -> Iterator[Pattern]:
    """The patterns whose groups `$1` may be when a directive of a block is carried out, the nearest one first: those of the
    block's own rewrites and conditions before it, the condition or location that the block belongs to, and so on outwards."""
    at: Directive | None = directive
    for level in scope.chain():
        known = next((n for n, found in enumerate(level.directives) if found is at), len(level.directives))
        for earlier in reversed(level.directives[:known]):
            if earlier.name in ("rewrite", "if"):
                yield from patterns_of(earlier, level)
        if level.kind == "server":
            yield from chain.from_iterable(patterns_of(found, level) for found in level.own("server_name"))
        if level.directive is not None and level.parent is not None and level.directive.name in ("if", "location"):
            yield from patterns_of(level.directive, level.parent)
        at = level.directive
