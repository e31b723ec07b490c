"""How programs get started and where they run: the common terms into which compose, systemd, Kubernetes, … are put."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from serveaudit.command import Environment, Step
from serveaudit.source import SourceFile
from serveaudit.units import Seconds
from serveaudit.values import Items, Place, Unknown, Value

Manager = Literal["docker", "compose", "systemd", "supervisor", "procfile", "kubernetes", "shell", "make", "platform", "none"]


def _none() -> Value[Any]:
    return Value(None)


@dataclass(slots=True, eq=False)
class Unit:
    """Something that a manager starts and stops: a container's main process, a systemd service, a supervisor program, a
    Procfile line, a script.

    steps         what it runs, in order; the last one is the long-running program (ExecStart); `before` what runs first
    stop_signal   the signal's name without SIG
    stop_timeout  seconds until the manager kills; its default is a value of its own, with how = default
    restart       the manager's word: always, on-failure, no, unless-stopped, …
    user          whom it runs as; None where nothing says
    keys          what is written besides commands, variables and users, by the manager's own names: Type, KillMode,
                  stopasgroup, healthcheck, …
    """

    manager: Manager
    name: str
    place: Place
    steps: tuple[Step, ...] = ()
    before: tuple[Step, ...] = ()
    stop_signal: Value[str] = field(default_factory=lambda: Value("TERM"))
    stop_timeout: Value[Seconds] = field(default_factory=_none)
    restart: Value[str] = field(default_factory=_none)
    user: Value[str] = field(default_factory=_none)
    keys: Mapping[str, Value[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Published:
    """A port that is opened to the outside of a machine. `port` is the one inside; `host_ip` "" is every address, and
    "cluster" one that only a Kubernetes cluster's own pods can reach (a Service of type ClusterIP)."""

    host_ip: Value[str]
    host_port: Value[int]
    port: Value[int]
    place: Place


@dataclass(frozen=True, slots=True)
class Mount:
    """A directory or file of a container. kind `bind` and `copy`: `source` is a path in the repository (None where it lies
    outside of it or is not known); `volume`: `source` is the volume's name; `tmpfs`; `text`: `content` is given in place (None:
    it is not known). `without` are paths of the repository that are left out."""

    kind: Literal["bind", "copy", "volume", "tmpfs", "text"]
    source: str | None
    target: str
    place: Place
    content: SourceFile | None = None
    read_only: bool = False
    without: Container[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Build:
    """How a description has an image built. `context` and `dockerfile` are paths in the repository ("" is its root);
    `inline` is a Dockerfile that the description itself holds."""

    context: str
    dockerfile: str
    place: Place
    target: str = ""
    args: Mapping[str, Value[Any]] = field(default_factory=dict)
    inline: SourceFile | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """What a container is made from, and starts when it is told nothing else.

    base         name and tag of the image that it was built on, as written
    entrypoint, command   Docker's two halves, each in its words or as a text for a shell; None where there is none
    runs         what was run while it was built (`RUN`), with each one's directory and variables
    brought      what was run in the stages that files were copied from
    outside      signs of a proxy that the image itself brings along
    complete     an Unknown where an image below was not read: it may have an entrypoint, variables and ports of its own
    keys         everything else that is written: HEALTHCHECK, VOLUME, labels as `LABEL name`
    triggers     the instructions of ONBUILD, done when another image is built on it
    """

    base: Value[str]
    place: Place
    entrypoint: Step | None = None
    command: Step | None = None
    env: Environment = field(default_factory=Environment)
    workdir: Value[str] = field(default_factory=lambda: Value("/"))
    user: Value[str] = field(default_factory=_none)
    stop_signal: Value[str] = field(default_factory=_none)
    exposed: tuple[Value[int], ...] = ()
    mounts: tuple[Mount, ...] = ()
    runs: tuple[Step, ...] = ()
    brought: tuple[Step, ...] = ()
    outside: tuple[Sign, ...] = ()
    dockerfile: str | None = None
    complete: bool | Unknown = True
    keys: Mapping[str, Value[Any]] = field(default_factory=dict)
    triggers: tuple[SourceFile, ...] = ()


class Images(Protocol):
    """Where a description's images come from."""

    def built(self, build: Build) -> Image | None:
        """The image that a Dockerfile of the repository describes; None where that can't be read."""

    def named(self, reference: Value[str]) -> Image | None:
        """The image of that name: one that is known, or that the repository itself builds; None for every other one."""


def started(entrypoint: Step | None, command: Step | None) -> Step | None:
    """What a container runs: Docker's rules for how an entrypoint and a command go together.

    An entrypoint in shell form gets no arguments: the command is dropped. (Dockerfile reference, "Understand how CMD and
    ENTRYPOINT interact")
    """
    if entrypoint is None or command is None or entrypoint.script is not None:
        return entrypoint or command
    words = command.argv
    if command.script is not None:
        place = Place(command.script.whole())
        words = (
            Value("/bin/" + command.shell, (command.place,)),
            Value("-c", (command.place,)),
            Value(command.script.text, (place,)),
        )
    return replace(entrypoint, argv=(*entrypoint.argv, *words))


Reach = Literal["anything", "what it runs", "bare servers"]


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that something outside of what is audited stands before a server: what it is, and what it does there.

    reach     before what it may stand: anything; only what a platform runs itself (an image, a Procfile); only servers that
              have no nginx of their own
    targets   host and port of everything that it passes requests to; empty where they are not all known
    announces whether it surely connects from another machine, and says in X-Forwarded-For and -Proto for whom
    """

    what: str
    place: Place
    proxies: bool = True
    terminates_tls: bool = True
    reach: Reach = "anything"
    targets: frozenset[tuple[str, int]] = frozenset()
    announces: bool = False


@dataclass(slots=True, eq=False)
class Machine:
    """A network namespace: a host, a container or a pod.

    names     by which its peers reach it: service name, aliases, container_name, hostname, a Service of Kubernetes
    networks  which it is on; peers share one
    cpus, memory  its limits (CPUs; bytes); None where none is written
    image     the image's name and tag as written, after `build` the base image of its last stage
    runs, brought   what was run while its image was built, and in the stages that files were copied from
    outside   signs of a proxy or TLS terminator before it (labels, an Ingress, a tunnel)
    """

    kind: Literal["host", "container", "pod"]
    name: str
    place: Place
    names: frozenset[str] = frozenset()
    units: list[Unit] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    exposed: list[Value[int]] = field(default_factory=list)
    mounts: list[Mount] = field(default_factory=list)
    env: Environment = field(default_factory=Environment)
    workdir: Value[str] = field(default_factory=lambda: Value(""))
    networks: Value[Items] = field(default_factory=lambda: Value(Items(("default",))))
    host_network: Value[bool] = field(default_factory=lambda: Value(False))
    cpus: Value[float] = field(default_factory=_none)
    memory: Value[int] = field(default_factory=_none)
    replicas: Value[int] = field(default_factory=lambda: Value(1))
    image: Value[str] = field(default_factory=_none)
    dockerfile: str | None = None
    labels: Mapping[str, Value[Any]] = field(default_factory=dict)
    outside: list[Sign] = field(default_factory=list)
    keys: Mapping[str, Value[Any]] = field(default_factory=dict)
    runs: tuple[Step, ...] = ()
    brought: tuple[Step, ...] = ()


@dataclass(slots=True, eq=False)
class Group:
    """Machines that one description starts together: a compose project, a set of manifests, the units of one host.

    files     the descriptions it was read from
    complete  an Unknown where a part of the description was not read (a missing override, a template)
    """

    name: str
    manager: Manager
    machines: list[Machine] = field(default_factory=list)
    files: tuple[str, ...] = ()
    complete: bool | Unknown = True


_SIGNALS = {"1": "HUP", "2": "INT", "3": "QUIT", "9": "KILL", "10": "USR1", "12": "USR2", "15": "TERM", "28": "WINCH"}


def signal_name(text: str) -> str:
    """`SIGTERM`, `term` and `15` as the signal's name without SIG; anything else in upper case as it is."""
    text = text.strip().upper()
    return _SIGNALS.get(text, text.removeprefix("SIG"))
