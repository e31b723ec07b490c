"""`port` and `check`: what is said of a container's ports from outside, and by which of them it is asked whether it is well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from serveaudit.deployment import Context, Process, listeners_of
from serveaudit.launching import Machine, Unit
from serveaudit.ports import tcp_ports
from serveaudit.probing import Check as Facts
from serveaudit.probing import checks, tool_of
from serveaudit.starts import image_is
from serveaudit.subjects import See
from serveaudit.units import Address
from serveaudit.values import How, Items, Place, Unknown, Value
from serveaudit.words import Subject, relation, word


class Port(Subject):
    """A port of a container or pod that something outside of it expects to be answered. `what`: published, targetPort, EXPOSE,
    health check, livenessProbe, …"""

    def __init__(self, machine: Machine, context: Context, what: str, number: Value[int], place: Place) -> None:
        self.machine = machine
        self.context = context
        self.place = place
        self.symbol = f"machine[{machine.name}]/{what}[{number.x if isinstance(number.x, int) else ''}]"
        self._what = what
        self._number = number

    @word()
    def what(self) -> Value[str]:
        """published, targetPort, EXPOSE, health check, livenessProbe, readinessProbe, startupProbe."""
        return Value(self._what)

    @word("expects an answer at port {it}")
    def number(self) -> Value[int]:
        """Its number inside of the container."""
        return Value(self._number.x, (self.place,) if self.place else (), self._number.assumes, self._number.depends)

    @word("something listens here instead")
    def served(self) -> Value[list[int]]:
        """The ports on which the container's programs listen; empty where none of them is known."""
        return tcp_ports(self.machine, self.context)


class Check(Subject):
    """A health check or a probe, with the server that answers it."""

    def __init__(self, check: Facts, unit: Unit, machine: Machine, context: Context, see: See) -> None:
        self.facts = check
        self.unit = unit
        self.machine = machine
        self.context = context
        self.place = check.place
        self.symbol = f"unit[{unit.name}]/{check.what}"

    @property
    def _process(self) -> Process | None:
        """The server that listens at the port."""
        for process in self.context.processes:
            if process.running.machine is self.machine:
                for listener in listeners_of(process):
                    address = listener.address.x
                    if isinstance(address, Address) and address.kind == "tcp" and address.port == self.facts.port.x:
                        return process
        return None

    @word()
    def what(self) -> Value[str]:
        """health check, livenessProbe, readinessProbe, startupProbe."""
        return Value(self.facts.what)

    @word("asks with the Host {it}")
    def host(self) -> Value[str]:
        """The Host that it sends: a name, or the pod's address; None for a check that speaks no HTTP."""
        if self.facts.kind != "http":
            return Value(None)
        return Value(self.facts.host or "the pod's own address", (self.facts.place,))

    @word("Django takes these hosts alone")
    def refused_by(self) -> Value[list[str]]:
        """Django's ALLOWED_HOSTS, where they are all known and the check's Host is none of them; None where it is, or there is
        no Django behind the check."""
        process = self._process
        settings = process.app.settings if process and process.app else None
        if settings is None or self.facts.kind != "http":
            return Value(None)
        hosts, debug = settings.value("ALLOWED_HOSTS"), settings.value("DEBUG")
        if not isinstance(hosts.x, Items) or hosts.x.complete is not True or any(not host.known for host in hosts.x):
            return Value(Unknown(hosts.why or "ALLOWED_HOSTS is not known", "ALLOWED_HOSTS"), hosts.places)
        if not hosts.x.members and debug.x is not False:
            return Value(None)
        name = (self.facts.host or "").rpartition(":")[0] or (self.facts.host or "")
        allowed = any(_allows(str(host.x), name) for host in hosts.x)
        return Value(None) if allowed else Value(Items(hosts.x.members), hosts.places, hosts.assumes, hosts.depends)

    @word("sends plain requests to https")
    def sent_to_tls(self) -> Value[bool]:
        """Whether Django sends the check to https, where it goes and finds no TLS; None for one that does not go there."""
        process, facts = self._process, self.facts
        settings = process.app.settings if process and process.app else None
        if settings is None or facts.kind != "http" or facts.scheme == "https" or not facts.follows:
            return Value(None)
        redirect, exempt = settings.value("SECURE_SSL_REDIRECT"), settings.value("SECURE_REDIRECT_EXEMPT")
        patterns = [each.x for each in exempt.x] if isinstance(exempt.x, Items) else [exempt.x]
        if redirect.x is True and any(isinstance(each, Unknown) for each in patterns):
            return Value(Unknown("which paths may stay without TLS is not known", "SECURE_REDIRECT_EXEMPT"))
        elsewhere = settings.value("SECURE_SSL_HOST").x is not None
        return Value(None) if elsewhere or any(_matches(str(each), facts.path) for each in patterns if each) else redirect

    @word()
    def answered_first(self) -> Value[bool]:
        """Whether a middleware may answer the check before the Host and the scheme are looked at."""
        process = self._process
        settings = process.app.settings if process and process.app else None
        middleware = settings.value("MIDDLEWARE") if settings else Value(None)
        names = [str(each.x).lower() for each in middleware.x] if isinstance(middleware.x, Items) else []
        asking = "securitymiddleware" if self.refused_by.x is None else "commonmiddleware"
        if not any(asking in name for name in names):
            return Value(Unknown("which middleware looks at the Host is not known", "MIDDLEWARE"))
        first = names[: next(at for at, name in enumerate(names) if asking in name)]
        own = next((name for name in first if not name.startswith(("django.", "corsheaders.", "whitenoise."))), None)
        if own and any(mark in own for mark in ("health", "alive", "ping", "status", "probe")):
            return Value(True)
        return Value(Unknown(f"what {own} does is not known", own) if own else False)


class Tool(Subject):
    """A health check that runs a program of the image."""

    def __init__(self, unit: Unit, machine: Machine, dockerfile: str | None) -> None:
        self.unit = unit
        self.machine = machine
        self.text = dockerfile
        self.place = tool_of(unit).places[0] if tool_of(unit).places else None
        self.symbol = f"unit[{unit.name}]/healthcheck"

    @word("the check runs {it}")
    def name(self) -> Value[str]:
        """curl, wget or nc."""
        return tool_of(self.unit)

    @word("this image")
    def lacking(self) -> Value[str]:
        """The image, where it is known to lack the program and nothing installs it; None where it has it."""
        name = self.name.x
        slim, alpine = image_is(self.machine, "slim"), image_is(self.machine, "alpine")
        lacks = slim.x is True or (alpine.x is True and name == "curl")
        if not lacks or self.text is None:
            return Value(None)
        lines = [line for line in self.text.splitlines() if not line.lstrip().upper().startswith(("HEALTHCHECK", "CMD", "#"))]
        rest = "\n".join(lines)
        if str(name) in rest or (name == "nc" and "netcat" in rest):
            return Value(None)
        if any(
            word in rest
            for word in ("xargs", "requirements-apt", "apt.txt", "packages.txt", ".sh", "Aptfile", "$(", "$PACKAGES")
        ):
            return Value(Unknown("what the image's build installs is not known"))
        return self.machine.image


def _matches(pattern: str, path: str) -> bool:
    """Whether one of Django's patterns is of a path; one that is none matches everything, so that nothing is said."""
    try:
        return re.search(pattern, path.lstrip("/").partition("?")[0]) is not None
    except re.error:
        return True


def _allows(host: str, name: str) -> bool:
    return host in ("*", name) or (host.startswith(".") and (name.endswith(host) or name == host[1:]))


def _one_by_one(told: Iterable[tuple[Place, Value[int]]]) -> Iterator[tuple[Place, Value[int]]]:
    """The ports that are told alone: of a range not every one need be taken."""
    ports: dict[Place, list[Value[int]]] = {}
    for place, port in told:
        ports.setdefault(place, []).append(port)
    for place, beside in ports.items():
        if len({port.x for port in beside}) == 1:
            yield place, beside[0]


@relation("port")
def ports(deployment: Any) -> Iterator[Any]:
    """Every port of a container or pod that something outside of it expects to be answered."""
    context: Context = deployment.context
    for machine in context.group.machines:
        if machine.kind == "host" or machine.host_network.x is True:
            continue
        what = "targetPort" if context.group.manager == "kubernetes" else "published"
        for place, port in _one_by_one((published.place, published.port) for published in machine.published):
            yield Port(machine, context, what, port, place)
        told = ((port.places[0], port) for port in machine.exposed if port.places and port.places[0].how is not How.DEFAULT)
        for place, port in _one_by_one(told if context.group.manager == "docker" else ()):
            yield Port(machine, context, "EXPOSE", port, place)
        for unit in machine.units:
            for check in checks(unit):
                yield Port(machine, context, check.what, check.port, check.place)


@relation("check")
def all_checks(deployment: Any) -> Iterator[Any]:
    """Every health check and probe."""
    context: Context = deployment.context
    for machine in context.group.machines:
        for unit in machine.units:
            for check in checks(unit):
                yield Check(check, unit, machine, context, deployment.see)


@relation("tool")
def tools(deployment: Any) -> Iterator[Any]:
    """Every health check that runs a program of an image which the repository builds."""
    context: Context = deployment.context
    for machine in context.group.machines:
        files = next((launch.files for launch in context.launches if launch.machine is machine), None)
        text = files.text(machine.dockerfile) if files and machine.dockerfile else None
        for unit in machine.units:
            if tool_of(unit).x is not None:
                yield Tool(unit, machine, getattr(text, "text", None))
