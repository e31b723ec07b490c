"""The lines of the picture between its panels, and where each arrives, with the reason why it is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from serveaudit.graph import Edge, Graph
from serveaudit.report.graph_data import shown
from serveaudit.report.panels import Panel
from serveaudit.report.typeface import broken, width

SIZE = 11.0
LEADING = 13.0
_WIDEST = 165.0
_BEND = 34.0
_FIRST = 14.0
_SPACE = 8.0


@dataclass(slots=True)
class Port:
    """Where edges with the same reason arrive at a panel. `y`: how far below its upper edge."""

    panel: Panel
    edges: list[Edge]
    lines: tuple[str, ...]
    y: float = 0.0

    @property
    def width(self) -> float:
        return max((width(line, SIZE) for line in self.lines), default=0.0)


@dataclass(frozen=True, slots=True)
class Way:
    """A line, as the `d` of an SVG path."""

    d: str
    certain: bool
    lowest: float


def ports(graph: Graph, panels: Sequence[Panel]) -> list[Port]:
    """The ports of all panels; a panel is made as high as its ports need."""
    found: list[Port] = []
    for panel in panels:
        own = list(_ports(graph, panel))
        y = 0.0
        for port in own:
            y += max(_FIRST, LEADING * (len(port.lines) - (y == 0.0)) + _SPACE)
            port.y = y
        panel.height = max(panel.height, y + _FIRST)
        found += own
    return found


def _ports(graph: Graph, panel: Panel) -> Iterator[Port]:
    reasons: dict[tuple[str, bool], list[Edge]] = {}
    for edge in graph.arriving(panel.node.id):
        reasons.setdefault((edge.reason, edge.certain), []).append(edge)
    for (reason, _), edges in reasons.items():
        told = "" if panel.node.kind == "target" else shown(reason)
        yield Port(panel, edges, tuple(broken(told, SIZE, _WIDEST)))


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What a line must go around: a panel or the box of a machine."""

    left: float
    right: float
    top: float
    bottom: float


def way(start: tuple[float, float], port: Port, room: float, obstacles: Sequence[Obstacle], lane: int, certain: bool) -> Way:
    """The line from a point to a port, before which its reason takes so much room; around what stands between."""
    x, y = start
    end, height = port.panel.x, port.panel.y + port.y
    left = end - room
    between = [each for each in obstacles if each.left > x and each.right < left]
    parts = [f"M{x:.1f} {y:.1f}"]
    if between:
        low = height
        if any(each.top - 8 < height < each.bottom + 8 for each in between):
            low = max(each.bottom for each in between) + 16 + 9 * lane
        near, far = min(each.left for each in between) - 8, max(each.right for each in between) + 8
        parts += [_curve(x, y, near, low), f"H{far:.1f}"]
        x, y = far, low
    parts += [_curve(x, y, left, height), f"H{end - 7:.1f}"]
    return Way(" ".join(parts), certain, max(y, height))


def _curve(x: float, y: float, end: float, height: float) -> str:
    middle = (x + end) / 2 if end - x < 2 * _BEND else x + _BEND if end < x else (x + end) / 2
    return f"C{middle:.1f} {y:.1f} {middle:.1f} {height:.1f} {end:.1f} {height:.1f}"
