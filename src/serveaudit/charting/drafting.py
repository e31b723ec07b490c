"""A graph while it is drawn."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from serveaudit.deployment import Context
from serveaudit.graph import Edge, Node
from serveaudit.values import Place, unique


@dataclass(slots=True)
class Draft:
    """Nodes get their ids in the order in which they are added: `site-1`, `site-2`. What stands for the same object is added
    once."""

    context: Context
    nodes: list[Node] = field(default_factory=list)
    _ids: dict[object, str] = field(default_factory=dict)
    _edges: dict[tuple[str, str, str, bool], Edge] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)

    def add(self, subject: object, node: Node) -> str:
        """The id of the node that stands for a subject, new or not."""
        if subject not in self._ids:
            self._counts[node.kind] += 1
            self._ids[subject] = f"{node.kind}-{self._counts[node.kind]}"
            self.nodes.append(replace(node, id=self._ids[subject]))
        return self._ids[subject]

    def note(self, id: str, fact: str) -> None:
        """One more fact of a node."""
        number = next(number for number, node in enumerate(self.nodes) if node.id == id)
        self.nodes[number] = replace(self.nodes[number], facts=(*self.nodes[number].facts, fact))

    def has(self, subject: object) -> bool:
        return subject in self._ids

    def id_of(self, subject: object) -> str:
        """Raises KeyError for a subject that was not added."""
        return self._ids[subject]

    def link(self, start: str, end: str, reason: str, places: tuple[Place, ...] = (), certain: bool = True) -> None:
        """An edge; the lines of edges that are alike are put together."""
        key = (start, end, reason, certain)
        known = self._edges.get(key)
        self._edges[key] = Edge(start, end, reason, unique(known.places if known else (), places), certain)

    @property
    def edges(self) -> tuple[Edge, ...]:
        return tuple(self._edges.values())
