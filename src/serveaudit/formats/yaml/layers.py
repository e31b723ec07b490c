"""Mappings that are put over each other, as compose merges its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from serveaudit.formats.yaml.nodes import Mapping, Node, Scalar, Sequence

_MOST = 2000


@dataclass(frozen=True, slots=True)
class Layers:
    """Mappings that describe one thing, the weakest first.

    `!reset` takes away what weaker layers say, `!override` puts itself in their place (Compose specification, "Merge"). A
    null says nothing.
    """

    mappings: tuple[Mapping, ...] = ()

    def nodes(self, key: str) -> list[Node]:
        """What each layer that has a say says of the key, the weakest first."""
        found: list[Node] = []
        for mapping in self.mappings:
            node = mapping.get(key)
            if node is None:
                continue
            if node.tag in ("!reset", "!override"):
                found.clear()
            if node.tag != "!reset" and not (isinstance(node, Scalar) and node.null):
                found.append(node)
        return found

    def node(self, key: str) -> Node | None:
        """What the strongest layer says of the key."""
        nodes = self.nodes(key)
        return nodes[-1] if nodes else None

    def scalar(self, key: str) -> Scalar | None:
        node = self.node(key)
        return node if isinstance(node, Scalar) else None

    def below(self, *path: str) -> Layers:
        """The layers of the mapping at a path of keys; none where there is no mapping."""
        layers = self
        for key in path:
            layers = Layers(tuple(node for node in layers.nodes(key) if isinstance(node, Mapping)))
        return layers

    def items(self, key: str) -> list[Node]:
        """The members of every layer's list; of an endless one (aliases share their nodes) the first 2,000."""
        found = (item for node in self.nodes(key) if isinstance(node, Sequence) for item in node.items)
        return list(islice(found, _MOST))

    def __iter__(self) -> Iterator[Scalar]:
        """Every key once, as the weakest layer that has it spells it."""
        seen: set[str] = set()
        for mapping in self.mappings:
            for key, _ in mapping.items():
                if key.text not in seen:
                    seen.add(key.text)
                    yield key
