"""A deployment as a graph to look at: what stands where, what leads to it, and how we know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from serveaudit.values import Place

NodeKind = Literal["internet", "outside", "machine", "site", "location", "server", "application", "target"]
"""`internet` where clients are; `outside` a proxy or TLS terminator that is not audited; `machine` a host, container or pod;
`target` something that requests are passed on to and that was not found."""


@dataclass(frozen=True, slots=True)
class Need:
    """What an application needs of the server that runs it: `websockets at /ws/`.

    place   the line that says so
    served  whether the server can do that; None: not known
    told    the same in words
    """

    what: str
    place: Place
    served: bool | None
    told: str

    def __str__(self) -> str:
        return f"needs {self.what} ({self.place.span}); {self.told}"


@dataclass(frozen=True, slots=True)
class Node:
    """Something that stands somewhere.

    label       what it is: `shop.example.com`, `location /`, `gunicorn sync`
    facts       what else to say of it, a phrase each
    place       where it is written
    certain     False: it is there by assumption, not by proof
    within      the id of the machine that it runs on; empty for a machine, and for what is outside
    conditions  what must hold for it to be started at all, in words
    needs       of an application: what it needs of its server
    """

    id: str
    kind: NodeKind
    label: str
    facts: tuple[str, ...] = ()
    place: Place | None = None
    certain: bool = True
    within: str = ""
    conditions: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """All that is to be said of it."""
        only = (f"only if {' and '.join(self.conditions)}",) if self.conditions else ()
        return (*self.facts, *map(str, self.needs), *only)


@dataclass(frozen=True, slots=True)
class Edge:
    """A way that requests take, the reason why it is there, and the lines that say so."""

    start: str
    end: str
    reason: str
    places: tuple[Place, ...] = ()
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Graph:
    """One context: `kind` is production or development."""

    name: str
    kind: str
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()

    def node(self, id: str) -> Node:
        return next(node for node in self.nodes if node.id == id)

    def of_kind(self, *kinds: NodeKind) -> Iterator[Node]:
        return (node for node in self.nodes if node.kind in kinds)

    def leaving(self, id: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.start == id]

    def arriving(self, id: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.end == id]
