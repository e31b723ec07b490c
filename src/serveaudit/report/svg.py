"""The map as a picture (SVG), light or dark as the reader's screen is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from serveaudit.graph import Graph
from serveaudit.report.drawing import LINE, PAD, Box, Drawing, draw, inset
from serveaudit.report.folding import folded
from serveaudit.report.graph_data import shown
from serveaudit.report.panels import HEIGHTS, Panel, Section
from serveaudit.report.panels import PAD as INSET
from serveaudit.report.typeface import broken
from serveaudit.report.ways import LEADING, Port

_MARGIN = 24.0
_NAME = 34.0
"""The height of a context's name above its picture."""
_NAME_SIZE = 17.0
_KIND = 130.0
"""Room for `development` beside the name."""
_NARROWEST = 340.0
_BETWEEN = 34.0

_STYLE = """
    svg { --page: #ffffff; --ink: #1d2733; --soft: #55616e; --faint: #7d8894; --rule: #d5dbe1; --box: #f5f7f9; --panel: #ffffff;
          --line: #6b7785; --internet: #2f74d0; --outside: #c07d0a; --site: #1f8f5a; --server: #6b4fc4; --target: #c23b3b; }
    @media (prefers-color-scheme: dark) {
      svg { --page: #0e1319; --ink: #e8edf2; --soft: #a9b4bf; --faint: #7f8b97; --rule: #303a45; --box: #151c24;
            --panel: #1b242e; --line: #8e9aa7; --internet: #6aa7f5; --outside: #e0a53d; --site: #4cc38a; --server: #a48cf0;
            --target: #ee7b7b; }
    }
    text { font-family: Helvetica, Arial, "Liberation Sans", sans-serif; fill: var(--soft); white-space: pre; }
    .page { fill: var(--page); }
    .name { font-size: 17px; font-weight: bold; fill: var(--ink); }
    .kind { font-weight: normal; fill: var(--faint); }
    .box { fill: var(--box); stroke: var(--rule); }
    .machine { font-size: 12px; font-weight: bold; }
    .panel { fill: var(--panel); stroke: var(--rule); }
    .label { font-size: 14px; font-weight: bold; fill: var(--ink); }
    .row { font-size: 12.5px; font-weight: bold; fill: var(--ink); }
    .fact { font-size: 12px; }
    .path { font-size: 11px; fill: var(--faint); }
    .reason { font-size: 11px; text-anchor: end; }
    .way { fill: none; stroke: var(--line); stroke-width: 1.5; }
    .arrow { fill: var(--line); }
    .divider { stroke: var(--rule); }
    .unsure { stroke-dasharray: 5 4; }
    .internet { --kind: var(--internet); } .outside { --kind: var(--outside); } .site { --kind: var(--site); }
    .server { --kind: var(--server); } .target { --kind: var(--target); }
    .mark { fill: var(--kind); }
    .panel.unsure { stroke: var(--kind); }
"""


def render(graphs: Sequence[Graph]) -> str:
    """One picture with all contexts, one below the other. Assumptions are drawn dashed."""
    drawings = [draw(folded(graph)) for graph in graphs]
    width = max([_NARROWEST, *(drawing.width for drawing in drawings)]) + 2 * _MARGIN
    height = sum(_NAME + drawing.height + _BETWEEN for drawing in drawings) + 2 * _MARGIN - (_BETWEEN if drawings else 0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-labelledby="title description">',
        f'  <title id="title">{_text("Map of " + (", ".join(graph.name for graph in graphs) or "nothing"))}</title>',
        f'  <desc id="description">{" ".join(map(_described, graphs)) or "Nothing was found that serves or proxies."}</desc>',
        f"  <style>{_STYLE}  </style>",
        '  <marker id="arrow" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="8" markerHeight="8" orient="auto"',
        '          markerUnits="userSpaceOnUse"><path class="arrow" d="M0 0 8 4 0 8z"/></marker>',
        f'  <rect class="page" width="{width:.0f}" height="{height:.0f}" rx="10"/>',
    ]
    y = _MARGIN
    for drawing in drawings:
        lines += _context(drawing, y)
        y += _NAME + drawing.height + _BETWEEN
    return "\n".join([*lines, "</svg>", ""])


def _described(graph: Graph) -> str:
    """The picture in words: every line of it as a sentence."""
    ways = []
    for edge in folded(graph).edges:
        start, end = graph.node(edge.start), graph.node(edge.end)
        if end.kind not in ("location", "application"):
            ways.append(f"{start.label} to {end.label}: {edge.reason}.")
    return _text(f"{graph.name} ({graph.kind}). " + " ".join(ways))


def _context(drawing: Drawing, y: float) -> Iterator[str]:
    yield f'  <g transform="translate({_MARGIN:.0f} {y:.0f})">'
    (name,) = broken(shown(drawing.graph.name), _NAME_SIZE, max(drawing.width, _NARROWEST) - _KIND, bold=True, most=1) or [""]
    kind = f'<tspan class="kind" dx="8">{drawing.graph.kind}</tspan>'
    yield f'    <text class="name" y="15">{_text(name)}{kind}</text>'
    yield f'    <g transform="translate(0 {_NAME:.0f})">'
    yield from (f"      {line}" for box in drawing.boxes for line in _box(box))
    for way in drawing.ways:
        yield f'      <path class="way{_unsure(way.certain)}" d="{way.d}" marker-end="url(#arrow)"/>'
    for panel in drawing.panels:
        yield from (f"      {line}" for line in _panel(panel))
    for port in drawing.ports:
        yield from (f"      {line}" for line in _port(port))
    yield "    </g>"
    yield "  </g>"


def _box(box: Box) -> Iterator[str]:
    yield f'<rect class="box" {_area(box.x, box.y, box.width, box.height)} rx="10"/>'
    for number, line in enumerate(box.title):
        style, y = "fact" if number else "machine", box.y + PAD / 2 + LINE * (number + 1) - 3
        yield f'<text class="{style}" x="{box.x + PAD:.1f}" y="{y:.1f}">{_text(line)}</text>'


def _panel(panel: Panel) -> Iterator[str]:
    node = panel.node
    yield f'<g class="{node.kind}">'
    yield f'  <rect class="panel{_unsure(node.certain)}" {_area(panel.x, panel.y, panel.width, panel.height)} rx="7"/>'
    yield f'  <rect class="mark" {_area(panel.x, panel.y + 8, 4, panel.height - 16)} rx="2"/>'
    for section in panel.sections:
        yield from (f"  {line}" for line in _section(panel, section))
    yield "</g>"


def _section(panel: Panel, section: Section) -> Iterator[str]:
    y = panel.y + section.top
    if section.top:
        ends = f'x1="{panel.x + INSET:.1f}" x2="{panel.x + panel.width - INSET:.1f}" y1="{y:.1f}" y2="{y:.1f}"'
        yield f'<line class="divider{_unsure(section.node.certain)}" {ends}/>'
    y += INSET * 0.6
    for text, style in section.rows:
        y += HEIGHTS[style]
        yield f'<text class="{style}" x="{panel.x + INSET:.1f}" y="{y - 4:.1f}">{_text(text)}</text>'


def _port(port: Port) -> Iterator[str]:
    """The reason, above the line before it arrives."""
    x, y = port.panel.x - inset(port.panel.column) - 10, port.panel.y + port.y - 5 - LEADING * (len(port.lines) - 1)
    for number, line in enumerate(port.lines):
        yield f'<text class="reason" x="{x:.1f}" y="{y + LEADING * number:.1f}">{_text(line)}</text>'


def _area(x: float, y: float, width: float, height: float) -> str:
    return f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'


def _unsure(certain: bool) -> str:
    return "" if certain else " unsure"


def _text(text: str) -> str:
    """A text of a configuration: shown as it is, never markup."""
    return escape(shown(text))
