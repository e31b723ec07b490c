"""The texts of a compose file, with the variables filled in that compose itself replaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from serveaudit.formats import dotenv
from serveaudit.formats.words import COMPOSE, Filled, fill, placeholders
from serveaudit.formats.yaml import Layers, Mapping, Node, Scalar, Sequence, flat
from serveaudit.source import SourceFile
from serveaudit.values import Place, Value

Read = Callable[[str], SourceFile | None]
"""A file of the repository by its path; None where there is none."""
_MOST = 2000
"""Members of a list or mapping: aliases may make a small file endless."""


@dataclass(slots=True)
class Texts:
    """Fills in the texts of one project. `variables` are those of its committed `.env`; what is not there may be set by the
    shell that calls compose, so a variable without a default is unknown. (Compose specification, "Interpolation")"""

    variables: dict[str, Value[Any]] = field(default_factory=dict)
    _values: dict[tuple[int, str], tuple[Scalar, Value[Any]]] = field(default_factory=dict)
    """By the node's id, and the name that is cut off: what aliases share is filled in once. The node is kept, so that its
    id stays its own."""

    def add(self, source: SourceFile) -> None:
        """Takes in a `.env`; what is there already stays."""
        for name, value in self.of_dotenv(source).items():
            self.variables.setdefault(name, value)

    def of_dotenv(
        self, source: SourceFile, earlier: AbstractMapping[str, Value[Any]] | None = None, raw: bool = False
    ) -> dict[str, Value[Any]]:
        """The variables of a file of variables. Others in them are those of the project, else of earlier files and lines; in
        single quotes, and in a `raw` file, they are left as they are. (compose-go, dotenv/)"""
        found: dict[str, Value[Any]] = {}

        def lookup(name: str) -> Value[Any]:
            given = self.lookup(name)
            return found.get(name, (earlier or {}).get(name, given)) if given.x is None else given

        for variable in dotenv.parse(source):
            literal = Filled(variable.text)
            found[variable.name] = (literal if raw or variable.quote == "'" else fill(variable.text, COMPOSE, lookup)).value()
        return found

    def lookup(self, name: str) -> Value[Any]:
        found = self.variables.get(name)
        if found is not None:
            return replace(found, depends=(*found.depends, f"env:{name}"))
        return Value(None, assumes=(f"${name} is not set",), depends=(f"env:{name}",))

    def filled(self, node: Scalar) -> Filled:
        return placeholders(node.view).fill(COMPOSE, self.lookup)

    def value(self, node: Node | None) -> Value[Any]:
        """A scalar's text; None for a null, and for what is no scalar."""
        if not isinstance(node, Scalar) or node.null:
            return Value(None)
        key = id(node), ""
        if key not in self._values:
            self._values[key] = node, self.filled(node).value()
        return self._values[key][1]

    def typed(self, node: Scalar) -> Value[Any]:
        """As `value`, but numbers and booleans for what is plainly one."""
        return node.typed() if "$" not in node.text else self.value(node)

    def one(self, layers: Layers, key: str) -> Value[Any]:
        return self.value(layers.node(key))

    def listed(self, node: Node | None) -> list[Value[Any]]:
        """The members of a list of texts; a single text is a list of one."""
        if isinstance(node, Scalar):
            return [] if node.null else [self.value(node)]
        return [self.value(item) for item in node.scalars[:_MOST]] if isinstance(node, Sequence) else []

    def pairs(self, nodes: list[Node]) -> Iterator[tuple[str, Value[Any]]]:
        """`NAME=value` lists and mappings alike, the weakest first; a name without a value is None."""
        for node in nodes:
            if isinstance(node, Mapping):
                for key, value in islice(node.items(), _MOST):
                    found = self.value(value)
                    yield key.text, found if found.places else found.at(Place(key.span))
            elif isinstance(node, Sequence):
                for item in node.scalars[:_MOST]:
                    yield self._pair(item)

    def _pair(self, item: Scalar) -> tuple[str, Value[Any]]:
        name, separator, _ = item.text.partition("=")
        if not separator:
            return name, Value(None, (item.place,))
        key = id(item), name + separator
        if key not in self._values:
            text = item.view.slice(len(name) + 1, len(item.text))
            self._values[key] = item, placeholders(text).fill(COMPOSE, self.lookup).value()
        return name, self._values[key][1]

    def flat(self, layers: Layers, known: frozenset[str]) -> dict[str, Value[Any]]:
        """Everything but the known keys, under dotted names: `healthcheck.interval`. A list of texts is one value."""
        keys = [key.text for key in layers if key.text not in known and not key.text.startswith("x-")]
        return flat(((key, node) for key in keys for node in layers.nodes(key)), self.typed)
