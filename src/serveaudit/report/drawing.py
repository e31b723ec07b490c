"""Where everything of the picture stands: columns from the clients on the left to the servers on the right.

Machines are boxes around their panels. One that holds nginx and a server spans both columns and has its rows for itself;
the others are stacked in the column of what they hold, each as near as can be to where its requests come from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from serveaudit.graph import Graph, Node
from serveaudit.report.graph_data import shown
from serveaudit.report.panels import Panel, panels
from serveaudit.report.typeface import broken
from serveaudit.report.ways import Obstacle, Port, Way, ports, way

PAD = 14.0
TITLE = 12.0
LINE = 16.0
_GAP = 18.0
_CURVE = 48.0
_LEFT, _RIGHT = 2, 3


@dataclass(frozen=True, slots=True)
class Box:
    """The box of a machine, and the lines at its head: the first one names it."""

    x: float
    y: float
    width: float
    height: float
    title: tuple[str, ...]


@dataclass(slots=True)
class Drawing:
    """One context, drawn from its upper left corner on."""

    graph: Graph
    panels: list[Panel]
    ports: list[Port]
    boxes: list[Box] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    rooms: dict[int, float] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0


def draw(graph: Graph) -> Drawing:
    """The picture of a context."""
    shapes = panels(graph)
    drawing = Drawing(graph, shapes, ports(graph, shapes))
    _set_columns(drawing)
    _stack(drawing)
    _set_clients(drawing)
    _join(drawing)
    solid: list[Panel | Box] = [*drawing.panels, *drawing.boxes]
    drawing.width = max((each.x + each.width for each in solid), default=0.0)
    lowest = (*(each.y + each.height for each in solid), *(drawn.lowest for drawn in drawing.ways))
    drawing.height = max(lowest, default=0.0)
    return drawing


def _set_columns(drawing: Drawing) -> None:
    """Panels of a column are equally wide; before it is room for the reasons of what arrives there."""
    x = 0.0
    for column in sorted({panel.column for panel in drawing.panels}):
        members = [panel for panel in drawing.panels if panel.column == column]
        reasons = max((port.width for port in drawing.ports if port.panel.column == column), default=0.0)
        drawing.rooms[column] = reasons + inset(column) + 18
        x += inset(column) if x == 0.0 else drawing.rooms[column] + _CURVE
        widest = max(panel.width for panel in members)
        for panel in members:
            panel.x, panel.width = x, widest
        x += widest + inset(column)


def inset(column: int) -> float:
    """The room between a panel of the column and the box of the machine around it: outside stand no machines."""
    return PAD if column >= _LEFT else 0.0


def _stack(drawing: Drawing) -> None:
    """Gives the panels of sites, servers and targets their heights, and draws the machines around them."""
    tops = {_LEFT: 0.0, _RIGHT: 0.0}
    machines = {node.id: node for node in drawing.graph.of_kind("machine")}
    members = {id: [panel for panel in drawing.panels if panel.node.within == id] for id in machines}
    both = [id for id in machines if {panel.column for panel in members[id]} == {_LEFT, _RIGHT}]
    left = [id for id in machines if {panel.column for panel in members[id]} == {_LEFT}]
    for id in both:
        top = max(tops.values())
        tops = dict.fromkeys(tops, _machine(drawing, machines[id], members[id], top))
    for id in left:
        tops[_LEFT] = _machine(drawing, machines[id], members[id], tops[_LEFT])
    rest: list[tuple[Node | None, list[Panel]]] = [
        (machines[id], members[id]) for id in machines if id not in (*both, *left) and members[id]
    ]
    rest += [(None, [panel]) for panel in drawing.panels if panel.node.kind == "target"]
    for machine, inside in sorted(rest, key=lambda each: _wanted(drawing, each[1][0]) or math.inf):
        wanted = (_wanted(drawing, inside[0]) or 0.0) - _head(_title(machine, inside))
        tops[_RIGHT] = _machine(drawing, machine, inside, max(tops[_RIGHT], wanted))


def _machine(drawing: Drawing, machine: Node | None, members: Sequence[Panel], top: float) -> float:
    """Stacks a machine's panels, and returns where what follows may begin."""
    title = _title(machine, members)
    bottom = top
    for column in sorted({panel.column for panel in members}):
        y = top + _head(title)
        for panel in (each for each in members if each.column == column):
            panel.y = max(y, _wanted(drawing, panel) or 0.0)
            y = panel.bottom + _GAP
        bottom = max(bottom, y - _GAP)
    if machine is None:
        return bottom + _GAP
    x = min(panel.x for panel in members) - PAD
    right = max(panel.x + panel.width for panel in members) + PAD
    drawing.boxes.append(Box(x, top, right - x, bottom + PAD - top, title))
    return bottom + PAD + _GAP


def _title(machine: Node | None, members: Sequence[Panel]) -> tuple[str, ...]:
    """The machine's name and its facts, in lines as wide as its panels."""
    if machine is None:
        return ()
    room = max(panel.x + panel.width for panel in members) - min(panel.x for panel in members)
    name = broken(shown(machine.label), TITLE, room, bold=True, most=1)
    return (*name, *(line for fact in machine.facts for line in broken(shown(fact), TITLE, room, most=1)))


def _head(title: Sequence[str]) -> float:
    return PAD + LINE * len(title) if title else 0.0


def _wanted(drawing: Drawing, panel: Panel) -> float | None:
    """The height at which the first line from a site to a panel would be level; None where no such line leads to it."""
    for port in (port for port in drawing.ports if port.panel is panel):
        starts = [_leaves(drawing, edge.start) for edge in port.edges]
        levels = [y for leaving, y in starts if leaving.column == _LEFT]
        if levels:
            return min(levels) - port.y
    return None


def _leaves(drawing: Drawing, id: str) -> tuple[Panel, float]:
    """The panel that a node stands in, and the height at which lines leave it."""
    for panel in drawing.panels:
        for section in panel.sections:
            if id in section.ids:
                return panel, panel.y + section.top + section.height / 2
    raise KeyError(id)


def _set_clients(drawing: Drawing) -> None:
    """What is outside stands in the middle of what it leads to."""
    for column in (1, 0):
        y = 0.0
        for panel in (each for each in drawing.panels if each.column == column):
            ids = set(panel.ids)
            reached = [port.panel.y + port.y for port in drawing.ports if any(edge.start in ids for edge in port.edges)]
            middle = (min(reached) + max(reached)) / 2 if reached else 0.0
            panel.y = max(y, middle - panel.height / 2)
            y = panel.bottom + _GAP


def _join(drawing: Drawing) -> None:
    solid: list[Panel | Box] = [*drawing.panels, *drawing.boxes]
    obstacles = [Obstacle(each.x, each.x + each.width, each.y, each.y + each.height) for each in solid]
    lanes: dict[str, int] = {}
    for port in drawing.ports:
        for edge in port.edges:
            panel, y = _leaves(drawing, edge.start)
            lane = lanes.setdefault(port.panel.node.id, len(lanes)) if port.panel.column - panel.column > 1 else 0
            start = (panel.x + panel.width, y)
            drawing.ways.append(way(start, port, drawing.rooms[port.panel.column], obstacles, lane, edge.certain))
    drawing.ways = list(dict.fromkeys(drawing.ways))
