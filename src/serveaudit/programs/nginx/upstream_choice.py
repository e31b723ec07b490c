"""Whether a client chooses where nginx connects to: the scheme, or more of the host than a word within a fixed domain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import alphabets, texts
from serveaudit.programs.nginx.inputs import DEEPEST, Input, Inputs
from serveaudit.programs.nginx.patterns import Pattern, patterns_of
from serveaudit.programs.nginx.scopes import Scope
from serveaudit.programs.nginx.variables import Definition, Variables

MOST = 64
"""Texts that a target's maps can come to; of more only these are looked at."""

Piece = str | Input | None
"""Literal text, what a client chooses, or a variable that it does not choose."""

_FIRST_MARK = 0xE100
_OPAQUE = "\ue0ff"


def chosen_by_client(directive: Directive, scope: Scope, variables: Variables) -> list[Input]:
    """What decides the scheme or the host of a `…_pass` and is of the client's making; empty where nothing is."""
    if not directive.args or "$" not in directive.args[0].text or directive.torn:
        return []
    looking = _Expanding(variables)
    found: dict[str, Input] = {}
    for pieces in islice(looking.expand(directive.args[0].text, Inputs(variables, directive, scope), None, 0), MOST):
        for one in _deciding(pieces):
            found.setdefault(one.name, one)
    return list(found.values())


class _Expanding:
    """Replaces variables by what `set` and `map` give them."""

    def __init__(self, variables: Variables) -> None:
        self.variables = variables

    def expand(self, text: str, inputs: Inputs, own: Pattern | None, depth: int) -> Iterator[list[Piece]]:
        """Every text that it can come to, in pieces."""
        choices: list[list[list[Piece]]] = [
            [[piece]] if isinstance(piece, str) else self._use(piece, inputs, own, depth) for piece in texts.pieces(text)
        ]
        for combined in islice(product(*choices), MOST):
            yield [piece for pieces in combined for piece in pieces]

    def _use(self, use: texts.Use, inputs: Inputs, own: Pattern | None, depth: int) -> list[list[Piece]]:
        defined = [] if depth > DEEPEST else self.variables.definitions.get(use.name.lower(), [])
        found = [list(self._inside(definition, depth)) for definition in defined if inputs.holds(definition)]
        inside = [pieces for each in found for pieces in each]
        if inside:
            return inside[:MOST]
        leaf = inputs.of(f"${{{use.name}}}", own, depth)
        return [[leaf[0] if leaf else None]]

    def _inside(self, definition: Definition, depth: int) -> Iterator[list[Piece]]:
        directive, scope = definition.directive, definition.scope
        if definition.kind == "set" and len(directive.args) > 1:
            yield from self.expand(directive.args[1].text, Inputs(self.variables, directive, scope), None, depth + 1)
        elif definition.kind == "map":
            table = scope.inner(directive)
            for entry in table.directives:
                if entry.args:
                    own = next(patterns_of(entry, table), None)
                    yield from self.expand(entry.args[0].text, Inputs(self.variables, entry, table), own, depth + 1)


def _deciding(pieces: list[Piece]) -> list[Input]:
    inputs = [piece for piece in pieces if isinstance(piece, Input)]
    marks = iter(range(_FIRST_MARK, _FIRST_MARK + len(inputs)))
    text = "".join(
        piece if isinstance(piece, str) else chr(next(marks)) if isinstance(piece, Input) else _OPAQUE for piece in pieces
    )
    found = re.match(r"(?:(?P<scheme>[^/]*?)://)?(?P<host>[^/]*)", text)
    if not found or found["host"].startswith("unix:"):
        return []
    numbered = dict(zip(map(chr, range(_FIRST_MARK, _FIRST_MARK + len(inputs))), inputs, strict=True))
    schemes = [numbered[char] for char in found["scheme"] or "" if char in numbered]
    return schemes + _hosts(found["host"], numbered)


def _hosts(host: str, numbered: dict[str, Input]) -> list[Input]:
    found: list[Input] = []
    for at, char in enumerate(host):
        one = numbered.get(char)
        if one is None:
            continue
        if one.fixed and at:  # the path begins here
            break
        if _decides(one, host[:at], host[at + 1 :].partition(":")[0]):
            found.append(one)
    return found


def _decides(one: Input, before: str, after: str) -> bool:
    """Whether it can name a host outside of the domain that stands behind it, or any host at all."""
    if one.may_hold("/?#@"):
        return True
    if re.search(r"\.\w", after):
        return False
    return one.may_hold(".") or (not before and one.may_hold(alphabets.WORD))
