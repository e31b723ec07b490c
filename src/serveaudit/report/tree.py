"""The map as a tree: who listens where, who talks to whom."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from serveaudit.report.excerpt import visible
from serveaudit.report.frame import Line
from serveaudit.result import MapNode

VERSION = 1


def render(nodes: Sequence[MapNode]) -> list[Line]:
    """A tree for each deployment. A dotted branch stands for an assumption, not for a proof."""
    if not nodes:
        return [[("Nothing was found that serves or proxies.", "text")]]
    lines: list[Line] = []
    for node in nodes:
        lines += [[], [(visible(node.label), "title"), *_rest(node)], *_below(node.children, "")]
    return lines[1:]


def render_json(nodes: Iterable[MapNode]) -> str:
    """The same tree as an object; `proved` is false where the text draws a dotted branch."""
    return json.dumps({"version": VERSION, "deployments": [_data(node) for node in nodes]}, indent=2) + "\n"


def _below(children: Sequence[MapNode], indent: str) -> Iterator[Line]:
    for number, child in enumerate(children, 1):
        last = number == len(children)
        branch = ("`" if last else "|") + (".. " if child.dashed else "-- ")
        yield [(indent + branch, "gutter"), (visible(child.label), "text"), *_rest(child)]
        yield from _below(child.children, indent + ("    " if last else "|   "))


def _rest(node: MapNode) -> Iterator[tuple[str, str]]:
    if node.detail:
        yield (f"  {visible(node.detail)}", "text")
    if node.place:
        yield (f"  {visible(str(node.place.span))}", "path")


def _data(node: MapNode) -> dict[str, Any]:
    place = node.place and {"path": node.place.span.path, "line": node.place.span.line}
    return {
        "label": node.label,
        "detail": node.detail,
        "place": place or None,
        "proved": not node.dashed,
        "children": [_data(child) for child in node.children],
    }
