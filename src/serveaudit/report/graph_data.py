"""The map as data, and what of it may be shown.

    {"version": 1, "contexts": [{"name": "compose.yaml", "kind": "production",
      "nodes": [{"id": "site-1", "kind": "site", "label": "example.com", "facts": ["TLS ends here"], "conditions": [],
                 "needs": [], "within": "machine-1", "path": "nginx.conf", "line": 1, "certain": true}],
      "edges": [{"from": "internet-1", "to": "site-1", "reason": "https, port 443, published",
                 "places": [{"path": "compose.yaml", "line": 9}], "certain": true}]}]}

`kind` of a node is one of `serveaudit.graph.NodeKind`. `within` is null for what runs on no machine that was read, `path` and
`line` for what is written nowhere. `conditions` must hold for a server to be started. What is not `certain` is assumed. What an
application needs of its server:

    {"what": "websockets at /ws/", "path": "chat/routing.py", "line": 7, "served": false,
     "told": "gunicorn sync can't serve them"}

`served` is null where it is not known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from serveaudit.graph import Edge, Graph, Need, Node
from serveaudit.report.excerpt import visible, without_secrets
from serveaudit.values import Place

VERSION = 1


def render(graphs: Iterable[Graph]) -> str:
    """The document above."""
    return json.dumps({"version": VERSION, "contexts": [_context(graph) for graph in graphs]}, indent=2) + "\n"


def shown(text: str) -> str:
    """A text of the map as it may be shown: in one line, without control characters and secrets."""
    return visible(without_secrets(" ".join(text.split())))


def position(place: Place) -> str:
    """`path:line`."""
    return visible(str(place.span))


def _context(graph: Graph) -> dict[str, Any]:
    nodes, edges = [_node(node) for node in graph.nodes], [_edge(edge) for edge in graph.edges]
    return {"name": shown(graph.name), "kind": graph.kind, "nodes": nodes, "edges": edges}


def _node(node: Node) -> dict[str, Any]:
    return {
        "id": node.id,
        "kind": node.kind,
        "label": shown(node.label),
        "facts": [shown(fact) for fact in node.facts],
        "conditions": [shown(condition) for condition in node.conditions],
        "needs": [_need(need) for need in node.needs],
        "within": node.within or None,
        "path": node.place.span.path if node.place else None,
        "line": node.place.span.line if node.place else None,
        "certain": node.certain,
    }


def _need(need: Need) -> dict[str, Any]:
    span = need.place.span
    return {
        "what": shown(need.what),
        "path": span.path,
        "line": span.line,
        "served": need.served,
        "told": shown(need.told),
    }


def _edge(edge: Edge) -> dict[str, Any]:
    places = [{"path": path, "line": line} for path, line in dict.fromkeys((p.span.path, p.span.line) for p in edge.places)]
    return {"from": edge.start, "to": edge.end, "reason": shown(edge.reason), "places": places, "certain": edge.certain}
