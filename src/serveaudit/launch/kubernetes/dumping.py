"""Nodes of a chart's values as text again: Helm's `toYaml`."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any

from serveaudit.formats.yaml import Mapping, Scalar, Sequence

_MOST, _DEEPEST = 1000, 20
"""Nodes, and nodes in nodes: aliases may make a small file endless."""
_PLAIN = re.compile(r"[A-Za-z_/.][\w./-]*|-?\d+(?:\.\d+)?")


def to_yaml(x: Any) -> str:
    """A node of the values as text: its members a line each, what is below them in flow style. Raises ValueError for more than
    a person writes."""
    left = count(_MOST, -1)
    if isinstance(x, Mapping) and x.entries:
        return "\n".join(f"{_scalar(key)}: {_flow(node, left, 0)}" for key, node in x.items())
    if isinstance(x, Sequence) and x.items:
        return "\n".join(f"- {_flow(node, left, 0)}" for node in x.items)
    return _flow(x, left, 0)


def _flow(x: Any, left: count[int], depth: int) -> str:
    if next(left) <= 0 or depth > _DEEPEST:
        raise ValueError("too much to be written out")
    if isinstance(x, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(node, left, depth + 1)}" for key, node in x.items()) + "}"
    if isinstance(x, Sequence):
        return "[" + ", ".join(_flow(node, left, depth + 1) for node in x.items) + "]"
    return _scalar(x) if isinstance(x, Scalar) else json.dumps(x)


def _scalar(node: Scalar) -> str:
    if node.null:
        return "null"
    return node.text if not node.style and _PLAIN.fullmatch(node.text) else json.dumps(node.text, ensure_ascii=False)
