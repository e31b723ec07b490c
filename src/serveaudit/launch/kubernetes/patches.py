"""Manifests with patches put over them, as kustomize does it: strategic merges and JSON patches.

Source: Kubernetes' manual, "Declarative Management of Kubernetes Objects Using Kustomize"; RFC 6902. What is made keeps the
places of what it is made of.
"""

from __future__ import annotations

from collections.abc import Callable

from serveaudit.formats.yaml import Mapping, Node, Scalar, Sequence

_KEYS = ("name", "containerPort", "mountPath", "port", "key")
"""By which members of lists are told apart, the first that all of them have."""
_DEEPEST = 30


def merged(base: Mapping, patch: Mapping, depth: int = 0) -> Mapping:
    """A mapping with another put over it; a null takes a key away."""
    found = {key.text: (key, node) for key, node in base.items()}
    for key, node in patch.items():
        old = found.get(key.text)
        if isinstance(node, Scalar) and node.null:
            found.pop(key.text, None)
        elif old is None or depth > _DEEPEST:
            found[key.text] = (key, node)
        else:
            found[key.text] = (key, _over(old[1], node, depth + 1))
    return Mapping(base.span, list(found.values()), base.tag)


def _over(base: Node, patch: Node, depth: int) -> Node:
    if isinstance(base, Mapping) and isinstance(patch, Mapping):
        return patch if patch.text("$patch") == "replace" else merged(base, patch, depth)
    if isinstance(base, Sequence) and isinstance(patch, Sequence):
        key = next((key for key in _KEYS if all(map(_has(key), (*base.items, *patch.items)))), None)
        return _joined(base, patch, key, depth) if key else patch
    return patch


def _has(key: str) -> Callable[[Node], bool]:
    return lambda node: isinstance(node, Mapping) and node.scalar(key) is not None


def _joined(base: Sequence, patch: Sequence, key: str, depth: int) -> Sequence:
    """Lists whose members are told apart by a key. New ones come first, as in `kubectl`."""
    changes = {each.text(key): each for each in patch.mappings}
    kept: list[Node] = []
    for old in base.mappings:
        change = changes.pop(old.text(key), None)
        if change is None:
            kept.append(old)
        elif change.text("$patch") != "delete":
            kept.append(merged(old, change, depth))
    return Sequence(base.span, [*(each for each in changes.values() if each.text("$patch") != "delete"), *kept], base.tag)


def operated(thing: Mapping, operations: Sequence) -> Mapping | None:
    """An object after the operations of a JSON patch; None for one that can't be followed."""
    node: Node | None = thing
    for operation in operations.mappings:
        path = [part.replace("~1", "/").replace("~0", "~") for part in operation.text("path").split("/")[1:]]
        value = None if operation.text("op") == "remove" else operation.get("value")
        if operation.text("op") not in ("add", "replace", "remove") or not path or len(path) > _DEEPEST or node is None:
            return None
        node = _put(node, path, value, operation.text("op") == "add")
    return node if isinstance(node, Mapping) else None


def _put(node: Node, path: list[str], value: Node | None, insert: bool) -> Node | None:
    """The node with something else, or nothing, at a path; None where there is no such path."""
    first, *rest = path
    if isinstance(node, Mapping):
        key, old = node.own.get(first, (Scalar(node.span, first), None))
        new = value if not rest else _put(old, rest, value, insert) if old is not None else None
        if rest and new is None:
            return None
        entries = [entry for entry in node.entries if entry[0].text != first]
        return Mapping(node.span, [*entries, *([(key, new)] if new is not None else [])], node.tag)
    if isinstance(node, Sequence):
        return _put_member(node, first, rest, value, insert)
    return None


def _put_member(node: Sequence, first: str, rest: list[str], value: Node | None, insert: bool) -> Sequence | None:
    at = len(node.items) if first == "-" else int(first) if first.isdecimal() and len(first) < 6 else -1
    if not 0 <= at <= len(node.items) or (rest and at == len(node.items)):
        return None
    new = _put(node.items[at], rest, value, insert) if rest else value
    if rest and new is None:
        return None
    items = list(node.items)
    items[at : at + (0 if insert and not rest else 1)] = [new] if new is not None else []
    return Sequence(node.span, items, node.tag)
