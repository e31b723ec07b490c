"""The deployment: what runs where, who talks to whom, and which lines prove it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from serveaudit.applications import App
from serveaudit.config import Stated
from serveaudit.contexts import Kind
from serveaudit.following import Followed
from serveaudit.launching import Group, Machine, Sign, Unit
from serveaudit.mapping import MappedFiles
from serveaudit.programs.nginx import Config, Location
from serveaudit.serving import Listener, Server
from serveaudit.units import Address
from serveaudit.values import Items, Place
from serveaudit.versions import Installed

Peer = Literal["loopback", "unix", "neighbour", "published"]
"""As whom a proxy reaches a server: on the same machine, through a socket file, from another machine, or through a
published port (then Docker's own address is what the server sees)."""


@dataclass(slots=True, eq=False)
class Running:
    """One start of one program on one machine.

    unit      what starts it; None where nothing in the repository does
    followed  how the unit's step comes to the program: what stands between, and on which conditions
    """

    context: Context
    machine: Machine
    files: MappedFiles
    place: Place
    unit: Unit | None = None
    followed: Followed | None = None


@dataclass(slots=True, eq=False)
class Process:
    """An application server where it runs, and what is installed beside it. `pairs` are the proxy locations that are proved to
    reach it."""

    server: Server
    running: Running
    app: App | None = None
    pairs: list[Pairing] = field(default_factory=list)
    installed: Installed = field(default_factory=Installed)


@dataclass(slots=True, eq=False)
class Proxy:
    """An nginx where it runs."""

    config: Config
    running: Running
    pairs: list[Pairing] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Pairing:
    """A location that reaches a server, by which of its addresses, and the lines that prove it: where the proxy says so,
    where the server listens, and what joins the two (a published port, a service's name, a shared volume)."""

    proxy: Proxy
    location: Location
    process: Process
    target: Address
    listener: Listener
    peer: Peer
    edges: tuple[Place, ...] = ()


@dataclass(slots=True, eq=False)
class Context:
    """Launches that belong together: a compose project, the units of one host, a set of manifests.

    launches   every command that its machines come to, servers or not
    reachable  the contexts whose machines its proxies may reach: its own, and for a host every one of its kind
    peers      every context of its kind, itself included
    signs      of something outside that concerns it
    """

    name: str
    kind: Kind
    group: Group
    stated: Stated
    processes: list[Process] = field(default_factory=list)
    proxies: list[Proxy] = field(default_factory=list)
    launches: list[Running] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    reachable: list[Context] = field(default_factory=list)
    peers: list[Context] = field(default_factory=list)

    @property
    def pairs(self) -> Iterator[Pairing]:
        for proxy in self.proxies:
            yield from proxy.pairs


@dataclass(slots=True)
class Deployment:
    """Everything that one audit reads, in contexts that are kept apart."""

    contexts: list[Context] = field(default_factory=list)

    def add(self, name: str, other: Deployment) -> None:
        """Another deployment's contexts, kept apart under its name."""
        for context in other.contexts:
            context.name = f"{name} ({context.name})" if len(other.contexts) > 1 else name
            self.contexts.append(context)


def listeners_of(process: Process) -> list[Listener]:
    """A server's listeners in every alternative, without those that can't be known."""
    found: list[Listener] = []
    for _, listeners in process.server.listeners.worlds():
        found += listeners.x.members if isinstance(listeners.x, Items) else ()
    return list(dict.fromkeys(found))
