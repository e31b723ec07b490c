"""`machine`: where servers run, and what it may use."""

from __future__ import annotations

from serveaudit.deployment import Context
from serveaudit.launching import Machine as Facts
from serveaudit.subjects import See
from serveaudit.values import Items, Unknown, Value
from serveaudit.words import Subject, word


class Machine(Subject):
    """A host, a container or a pod: what shares one network namespace."""

    def __init__(self, machine: Facts, context: Context, see: See) -> None:
        self.facts = machine
        self.context = context
        self.see = see
        self.place = machine.place
        self.symbol = f"machine[{machine.name}]"

    @word("{it} CPUs may be used")
    def cpus(self) -> Value[float]:
        """CPUs that the machine may use: its limit, else what the user states; None where nobody says."""
        return self.facts.cpus if self.facts.cpus.x is not None else self.context.stated.cpus

    @word("limited to {it} CPUs")
    def cpu_limit(self) -> Value[float]:
        """The written limit of a container or pod; None where there is none."""
        return self.facts.cpus

    @word()
    def unlimited(self) -> Value[bool]:
        """Whether it may use all CPUs of its host: never sure of a container, which may be limited where it is deployed."""
        if self.facts.kind == "host" or self.facts.cpus.x is not None:
            return Value(self.facts.cpus.x is None)
        return Value(Unknown("whether it is limited where it is deployed", "deployment.cpus"))

    @word("{it} of memory may be used")
    def memory(self) -> Value[int]:
        """Bytes that the machine may use; None where nobody says."""
        return self.facts.memory if self.facts.memory.x is not None else self.context.stated.memory

    @word("{it} copies run")
    def replicas(self) -> Value[int]:
        return self.facts.replicas

    @word()
    def is_host(self) -> Value[bool]:
        """Whether this is a machine of its own, and no container or pod."""
        return Value(self.facts.kind == "host")

    @word()
    def host_network(self) -> Value[bool]:
        """Whether a container shares its host's network."""
        return self.facts.host_network

    @word(gives="list[server]")
    def servers(self) -> Value[Items]:
        """The application servers on this machine."""
        found = [process for process in self.context.processes if process.running.machine is self.facts]
        return Value(Items(tuple(map(self.see, found))))
