"""The map as Mermaid, for a README: a flowchart for each context, one below the other.

A label is a quoted string in which everything but letters, digits and a few plain signs is an entity (`#35;`): nothing of a
configuration can end it, begin markup or break the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from serveaudit.graph import Edge, Graph, Node
from serveaudit.report.folding import folded
from serveaudit.report.graph_data import position, shown

_PLAIN = frozenset(" .,/:-_+=")
_LONGEST = 200
_CLASSES = {
    "internet": "fill:#e8f1fb,stroke:#3b7dd8,color:#12263f",
    "outside": "fill:#fdf3e1,stroke:#c98a1b,color:#3d2a05",
    "site": "fill:#e6f5ec,stroke:#2f9461,color:#0d3320",
    "location": "fill:#f3faf6,stroke:#2f9461,color:#0d3320",
    "server": "fill:#efeafc,stroke:#7557c9,color:#241748",
    "application": "fill:#f8f6fe,stroke:#7557c9,color:#241748",
    "target": "fill:#fbeaea,stroke:#c14b4b,color:#431212",
    "machine": "fill:#f5f7f9,stroke:#c3ccd5,color:#1d2733",
    "context": "fill:none,stroke:#c3ccd5",
    "unknown": "stroke-dasharray:5 4",
}


def render(graphs: Sequence[Graph]) -> str:
    """One flowchart; each context and each machine is a box in it. Assumptions are drawn dashed."""
    lines = ["flowchart LR"]
    for number, graph in enumerate(map(folded, graphs), 1):
        lines += _context(graph, f"c{number}")
    lines += [f"  classDef {name} {style}" for name, style in _CLASSES.items()]
    return "\n".join(lines) + "\n"


def _context(graph: Graph, prefix: str) -> Iterator[str]:
    yield f'  subgraph {prefix}["{escaped(graph.name)} ({graph.kind})"]'
    yield "    direction LR"
    for machine in graph.of_kind("machine"):
        inside = [node for node in graph.nodes if node.within == machine.id]
        if inside:
            yield f'    subgraph {_id(prefix, machine.id)}["{escaped(" · ".join((machine.label, *machine.told)))}"]'
            yield "      direction LR"
            yield from (f"      {_node(node, prefix)}" for node in inside)
            yield "    end"
            yield f"    class {_id(prefix, machine.id)} machine"
    yield from (f"    {_node(node, prefix)}" for node in graph.nodes if node.kind != "machine" and not node.within)
    yield "  end"
    yield f"  class {prefix} context"
    yield from (f"  {_edge(edge, graph, prefix)}" for edge in graph.edges)


def _node(node: Node, prefix: str) -> str:
    place = [position(node.place)] if node.place else []
    text = "<br/>".join((f"<b>{escaped(node.label)}</b>", *map(escaped, (*node.told, *place))))
    shape = ("([", "])") if node.kind in ("internet", "outside") else ("[", "]")
    dashed = "" if node.certain else f"\n    class {_id(prefix, node.id)} unknown"
    return f'{_id(prefix, node.id)}{shape[0]}"{text}"{shape[1]}:::{node.kind}{dashed}'


def _edge(edge: Edge, graph: Graph, prefix: str) -> str:
    arrow = "-->" if edge.certain else "-.->"
    obvious = graph.node(edge.end).kind in ("location", "application", "target")
    label = "" if obvious else f'|"{escaped(edge.reason)}"|'
    return f"{_id(prefix, edge.start)} {arrow}{label} {_id(prefix, edge.end)}"


def _id(prefix: str, id: str) -> str:
    return f"{prefix}_{id.replace('-', '_')}"


def escaped(text: str) -> str:
    """A text as the inside of a quoted label."""
    text = shown(text)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return "".join(char if char.isalnum() or char in _PLAIN else f"#{ord(char)};" for char in text)
