"""Nested mappings as dotted names."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from serveaudit.formats.yaml.nodes import Mapping, Node, Scalar
from serveaudit.values import Items, Place, Value

_MOST = 500


def flat(entries: Iterable[tuple[str, Node]], value: Callable[[Scalar], Value[Any]] = Scalar.typed) -> dict[str, Value[Any]]:
    """`healthcheck.interval`, `ports.0.name`: every text below the entries under its dotted name; a later one wins.

    A list of nothing but texts is one value, with Items. After 500 names no more are taken.
    """
    found: dict[str, Value[Any]] = {}
    waiting = deque(entries)
    while waiting and len(found) < _MOST and len(waiting) < _MOST:
        name, node = waiting.popleft()
        if isinstance(node, Scalar):
            found[name] = value(node)
        elif isinstance(node, Mapping):
            waiting += [(f"{name}.{key.text}", below) for key, below in node.items()]
        elif any(not isinstance(item, Scalar) for item in node.items):
            waiting += [(f"{name}.{number}", item) for number, item in enumerate(node.items)]
        else:
            found[name] = Value(Items(tuple(map(value, node.scalars))), (Place(node.span),))
    return found
