"""What stands in each panel of the picture, line by line: a site with its locations, a server with its application."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from serveaudit.graph import Graph, Node, NodeKind
from serveaudit.report.graph_data import position, shown
from serveaudit.report.typeface import broken, width

Style = Literal["label", "row", "fact", "path"]
SIZES: dict[Style, float] = {"label": 14, "row": 12.5, "fact": 12, "path": 11}
HEIGHTS: dict[Style, float] = {"label": 19, "row": 17, "fact": 16, "path": 15}
BOLD = ("label", "row")
PAD = 12.0
_WIDEST: dict[NodeKind, float] = {"internet": 130, "outside": 190, "site": 330, "server": 330, "target": 260}
COLUMNS: dict[NodeKind, int] = {"internet": 0, "outside": 1, "site": 2, "server": 3, "target": 3}
"""The kinds that have a panel of their own, and in which column; the others stand in a panel with what leads to them."""
_MOST = 14
"""Locations of one site that are shown; in a longer list nobody looks for one."""


@dataclass(frozen=True, slots=True)
class Section:
    """A node's part of a panel: its lines, from `top` (below the panel's upper edge) on. `ids`: the nodes it stands for."""

    node: Node
    ids: tuple[str, ...]
    rows: tuple[tuple[str, Style], ...]
    top: float

    @property
    def height(self) -> float:
        return sum(HEIGHTS[style] for _, style in self.rows) + 2 * PAD * 0.6


@dataclass(slots=True)
class Panel:
    """A panel with its size, and its upper left corner once it has a place."""

    sections: tuple[Section, ...]
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0

    @property
    def node(self) -> Node:
        return self.sections[0].node

    @property
    def column(self) -> int:
        return COLUMNS[self.node.kind]

    @property
    def ids(self) -> Iterator[str]:
        return (id for section in self.sections for id in section.ids)

    @property
    def bottom(self) -> float:
        return self.y + self.height


def panels(graph: Graph) -> list[Panel]:
    """A panel for each site, server, target, and what stands outside; as wide as their texts, as high as their lines."""
    return [_panel(graph, node) for node in graph.nodes if node.kind in COLUMNS]


def _panel(graph: Graph, node: Node) -> Panel:
    room = _WIDEST[node.kind] - 2 * PAD
    sections, top = [], 0.0
    for each, ids in ((node, (node.id,)), *_inner(graph, node)):
        section = Section(each, ids, tuple(_rows(each, room, "label" if each is node else "row")), top)
        sections.append(section)
        top += section.height
    widest = max(width(text, SIZES[style], style in BOLD) for section in sections for text, style in section.rows)
    return Panel(tuple(sections), widest + 2 * PAD, top)


def _inner(graph: Graph, node: Node) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """The locations of a site, or the application of a server; of many the last ones together as one."""
    inner = [graph.node(edge.end) for edge in graph.leaving(node.id)]
    inner = [each for each in inner if each.kind not in COLUMNS]
    kept = inner if len(inner) <= _MOST else inner[: _MOST - 1]
    yield from ((each, (each.id,)) for each in kept)
    if rest := inner[len(kept) :]:
        yield Node("", "location", f"{len(rest)} more locations"), tuple(each.id for each in rest)


def _rows(node: Node, room: float, label: Style) -> Iterator[tuple[str, Style]]:
    texts: list[tuple[str, Style]] = [(shown(node.label), label), *((shown(fact), "fact") for fact in node.told)]
    if node.place is not None:
        texts.append((position(node.place), "path"))
    for text, style in texts:
        yield from ((line, style) for line in broken(text, SIZES[style], room, style in BOLD))
