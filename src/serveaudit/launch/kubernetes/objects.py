"""The objects of a set of manifests, and how they refer to each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from serveaudit.formats.words import placeholders
from serveaudit.formats.yaml import Mapping, Node, Scalar, Sequence
from serveaudit.launch.kubernetes.charts import Charts
from serveaudit.launch.kubernetes.evaluating import Near
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value

_DEEPEST_LIST = 3
_MOST = 1000
"""Objects, and members of a list: aliases may make a small file endless."""
_BLOCK = re.compile(r"\{\{ (?:if|with|range|block) ")


@dataclass(slots=True)
class Objects:
    """What was read, by kind. `complete` is an Unknown where a file could not be read."""

    all: list[Mapping] = field(default_factory=list)
    complete: bool | Unknown = True

    def kinds(self, *kinds: str) -> Iterator[Mapping]:
        return (each for each in self.all if each.text("kind") in kinds)

    def named(self, kind: str, name: str, namespace: str) -> Mapping | None:
        """An object by kind and name; of another namespace only where there is no better one."""
        found = [each for each in self.kinds(kind) if name_of(each) == name]
        return next((each for each in found if namespace_of(each) == namespace), found[0] if found else None)


def read_objects(sources: Iterable[SourceFile], near: Near) -> Objects:
    """Every object with a `kind`, those inside of a `List` too."""
    objects, charts = Objects(), Charts(near)
    for source in sources:
        document = charts.read(source)
        for problem in document.problems:
            if objects.complete is True:
                objects.complete = Unknown(f"{source.path}, line {problem.span.line}: {problem.message}")
        for root in document.mappings:
            objects.all += islice(_unpacked(root), _MOST - len(objects.all))
    if len(objects.all) == _MOST and objects.complete is True:
        objects.complete = Unknown(f"more than {_MOST} objects")
    return objects


def _unpacked(root: Mapping, depth: int = 0) -> Iterator[Mapping]:
    items = root.sequence("items")
    if root.text("kind").endswith("List") and items and depth < _DEEPEST_LIST:
        for item in items.mappings:
            yield from _unpacked(item, depth + 1)
    elif root.text("kind"):
        yield root


def name_of(thing: Mapping) -> str:
    found = thing.at("metadata", "name")
    return found.text if isinstance(found, Scalar) else ""


def namespace_of(thing: Mapping) -> str:
    found = thing.at("metadata", "namespace")
    return found.text if isinstance(found, Scalar) and not found.null else "default"


def place_of(thing: Mapping) -> Place:
    """Where the object is named; else its head."""
    found = thing.at("metadata", "name")
    return Place(found.span if isinstance(found, Scalar) else thing.head)


def text(node: Node | None) -> Value[Any]:
    """A scalar's text, what a template fills in unknown; None for a null, and for what is no scalar."""
    if not isinstance(node, Scalar) or node.null:
        return Value(None)
    return placeholders(node.view).value().also(*node.origins)


def number(node: Node | None) -> Value[Any]:
    """A scalar's whole number; unknown for what is none."""
    return text(node).map(lambda x: int(x) if x.isdecimal() and len(x) < 10 else Unknown(f"{x}: no number", about=x))


def texts(node: Node | None) -> dict[str, Scalar]:
    """The texts of a mapping by their keys."""
    return {key.text: value for key, value in node.items() if isinstance(value, Scalar)} if isinstance(node, Mapping) else {}


def members(node: Node | None) -> list[Mapping]:
    """The mappings of a list; none where there is no list."""
    return node.mappings[:_MOST] if isinstance(node, Sequence) else []


def whole(node: Node | None) -> bool | Unknown:
    """True; an Unknown where a template puts more into a mapping or list: its mark stands in the place of keys or members."""
    keys = [key.text for key, _ in node.entries if key.template] if isinstance(node, Mapping) else []
    members = [each.text for each in node.scalars if _BLOCK.match(each.text)] if isinstance(node, Sequence) else []
    return next((Unknown("only Helm can fill in what else is there", about=mark) for mark in keys + members), True)
