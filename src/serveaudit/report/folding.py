"""A graph with what is alike put together, for people: locations that do the same, machines that hold the same."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import Any

from serveaudit.graph import Edge, Graph, Node

_NAMED = 3
"""Of more names than these, the others are counted."""


def folded(graph: Graph) -> Graph:
    """The graph with each group of alike nodes as its first one, which bears all their names."""
    for alike in (_locations, _servers, _machines):
        graph = _fold(graph, alike(graph))
    return graph


def joined(names: Iterable[str], sign: str = ", ") -> str:
    """`a, b, c and 4 more`."""
    listed = list(dict.fromkeys(names))
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED + 1 else ""
    return sign.join(listed[:_NAMED] if more else listed) + more


def _fold(graph: Graph, groups: Iterable[list[list[Node]]]) -> Graph:
    """`groups`: nodes that stand for one, each as the lists of what is put together one by one."""
    becomes: dict[str, str] = {}
    changed: dict[str, dict[str, Any]] = {}
    for group in groups:
        for alike in zip(*group, strict=True):
            becomes |= {node.id: alike[0].id for node in alike}
            conditions = alike[0].conditions if len({node.conditions for node in alike}) == 1 else ()
            changed[alike[0].id] = {"label": _label(alike), "conditions": conditions}
    kept = (node for node in graph.nodes if becomes.get(node.id, node.id) == node.id)
    nodes = (replace(node, **changed.get(node.id, {})) for node in kept)
    edges = (
        replace(edge, start=becomes.get(edge.start, edge.start), end=becomes.get(edge.end, edge.end)) for edge in graph.edges
    )
    return replace(graph, nodes=tuple(nodes), edges=_once(edges))


def _label(alike: tuple[Node, ...]) -> str:
    first = alike[0]
    if len({node.label for node in alike}) == 1:
        return first.label
    word, _, _ = first.label.partition(" ")
    return f"{word}s {joined(node.label.partition(' ')[2] for node in alike)}"


def _once(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    found: dict[Hashable, Edge] = {}
    for edge in edges:
        found.setdefault((edge.start, edge.end, edge.reason, edge.certain), edge)
    return tuple(found.values())


def _locations(graph: Graph) -> list[list[list[Node]]]:
    """Locations of one site that do the same with a request; not the `if`s, of which each asks something else."""
    leaving, arriving = _by_end(graph)
    groups: dict[Hashable, list[list[Node]]] = {}
    for node in graph.of_kind("location"):
        if node.label.startswith("location "):
            ways = tuple((edge.end, edge.reason, edge.certain) for edge in leaving.get(node.id, ()))
            sites = tuple(edge.start for edge in arriving.get(node.id, ()))
            groups.setdefault((sites, node.facts, ways), []).append([node])
    return [group for group in groups.values() if len(group) > 1]


def _servers(graph: Graph) -> list[list[list[Node]]]:
    """Servers of one machine that differ at most in the branch of a script that starts them."""
    leaving, arriving = _by_end(graph)
    groups: dict[Hashable, list[list[Node]]] = {}
    for node in graph.of_kind("server"):
        behind = [graph.node(edge.end) for edge in leaving.get(node.id, ())]
        looks = tuple((each.within, each.label, each.facts, each.needs, _where(each)) for each in (node, *behind))
        ways = tuple((edge.start, edge.reason, edge.certain) for edge in arriving.get(node.id, ()))
        groups.setdefault((looks, ways), []).append([node, *behind])
    return [group for group in groups.values() if len(group) > 1]


def _where(node: Node) -> str:
    return str(node.place.span) if node.place else ""


def _machines(graph: Graph) -> list[list[list[Node]]]:
    """Machines whose nodes are alike, and are reached alike."""
    leaving, arriving = _by_end(graph)
    groups: dict[Hashable, list[list[Node]]] = {}
    for machine in graph.of_kind("machine"):
        inside = [node for node in graph.nodes if node.within == machine.id]
        ids = {node.id: number for number, node in enumerate(inside)}
        edges = [edge for node in inside for edge in (*leaving.get(node.id, ()), *arriving.get(node.id, ()))]
        ways = [(ids.get(edge.start, edge.start), ids.get(edge.end, edge.end), edge.reason) for edge in edges]
        looks = tuple((node.kind, node.label, node.told, _where(node)) for node in inside)
        groups.setdefault((machine.label.partition(" ")[0], machine.facts, looks, str(ways)), []).append([machine, *inside])
    return [group for group in groups.values() if len(group) > 1]


def _by_end(graph: Graph) -> tuple[dict[str, list[Edge]], dict[str, list[Edge]]]:
    """The edges by where they begin, and by where they end."""
    leaving: dict[str, list[Edge]] = {}
    arriving: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        leaving.setdefault(edge.start, []).append(edge)
        arriving.setdefault(edge.end, []).append(edge)
    return leaving, arriving
