"""The map as a tree in a terminal: from the clients through nginx to the servers and their applications."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import wrap

from serveaudit.graph import Edge, Graph, Node
from serveaudit.report.excerpt import measure
from serveaudit.report.folding import folded
from serveaudit.report.frame import Line, Page
from serveaudit.report.graph_data import position, shown

WIDTH = 80
"""Columns: a tree is not drawn wider, it would be hard to follow; on a narrower screen it is drawn narrower."""
_NARROWEST = 24
_PLACES = 3
"""Lines that are named for one edge."""
_OBVIOUS = ("location", "application", "target")
"""Kinds of which the place in the tree says why they stand there, or a fact of their own does."""


def render(graphs: Sequence[Graph], page: Page) -> list[Line]:
    """A tree for each context. A dotted branch stands for an assumption, not for a proof."""
    if not graphs:
        return [[("Nothing was found that serves or proxies.", "text")]]
    lines: list[Line] = []
    for graph in map(folded, graphs):
        width = min(page.width, WIDTH)
        *names, name = wrap(shown(graph.name), width - len(graph.kind) - 2, break_on_hyphens=False) or [""]
        head: Line = [(name, "title"), (f"  {graph.kind}", "text")]
        lines += [[], *([(each, "title")] for each in names), head, *_Tree(graph, width).lines()]
    return lines[1:]


@dataclass(slots=True)
class _Tree:
    """A graph's nodes, each drawn in full where it comes first, and named where it comes again."""

    graph: Graph
    width: int
    drawn: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[Line]:
        roots = [node for node in self.graph.nodes if node.kind != "machine" and not self.graph.arriving(node.id)]
        roots.sort(key=lambda node: node.kind != "internet")
        for number, root in enumerate(roots, 1):
            yield from self._node(root, None, "", number == len(roots))

    def _node(self, node: Node, edge: Edge | None, indent: str, last: bool) -> Iterator[Line]:
        again = node.id in self.drawn
        self.drawn.add(node.id)
        below = [] if again else self.graph.leaving(node.id)
        dashed = not node.certain or (edge is not None and not edge.certain)
        inner = indent + ("    " if last else "|   ")
        head, rest = indent + ("`" if last else "|") + (".. " if dashed else "-- "), inner + ("|  " if below else "   ")
        for number, row in enumerate(self._rows(node, edge, again, len(rest))):
            yield [(rest if number else head, "gutter"), *row]
        for number, each in enumerate(below, 1):
            yield from self._node(self.graph.node(each.end), each, inner, number == len(below))

    def _rows(self, node: Node, edge: Edge | None, again: bool, indent: int) -> Iterator[Line]:
        """What is said of a node: its label and its place, why it is reached, and its facts."""
        room = max(self.width - indent, _NARROWEST)
        place = "(see above)" if again else position(node.place) if node.place else ""
        *labels, label = wrap(shown(node.label), room, break_on_hyphens=False) or [""]
        yield from ([(line, "title")] for line in labels)
        beside = measure(label) + measure(place) + 2 <= room
        yield [(label, "title"), *([(f"  {place}", "path")] if place and beside else [])]
        if place and not beside:
            yield [(place, "path")]
        reason = _reason(edge) if edge is not None and node.kind not in _OBVIOUS else ""
        for text in (reason, "" if again else self._facts(node)):
            yield from ([(line, "text")] for line in wrap(text, room, break_on_hyphens=False))

    def _facts(self, node: Node) -> str:
        machine = [self.graph.node(node.within).label] if node.within and node.kind in ("site", "server") else []
        return " · ".join(shown(fact) for fact in (*node.told, *(f"on {name}" for name in machine)))


def _reason(edge: Edge) -> str:
    """Why there is an edge, and the lines that say so."""
    places = list(dict.fromkeys(map(position, edge.places)))
    more = [f"{len(places) - _PLACES} more"] if len(places) > _PLACES else []
    return f"by {shown(edge.reason)}" + (f" ({', '.join([*places[:_PLACES], *more])})" if places else "")
