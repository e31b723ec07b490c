"""`launch`: how a server is started, and what its manager does when it ends."""

from __future__ import annotations

from typing import Any

from serveaudit.deployment import Process, Running
from serveaudit.following import Link
from serveaudit.subjects import See
from serveaudit.units import Seconds
from serveaudit.values import Unknown, Value
from serveaudit.words import Subject, word

_CONTAINERS = ("docker", "compose", "kubernetes", "platform")


class Launch(Subject):
    """One start of one server."""

    def __init__(self, running: Running, process: Process, see: See) -> None:
        self.process = process
        self.running = running
        self.unit = running.unit
        self.see = see
        self.place = running.place
        self.symbol = f"launch[{self.unit.name if self.unit else process.server.program}]"

    @property
    def links(self) -> tuple[Link, ...]:
        """What stands between the manager and the server."""
        return self.running.followed.links if self.running.followed else ()

    @word()
    def manager(self) -> Value[str]:
        """docker, compose, systemd, supervisor, procfile, kubernetes, shell, make, platform; none where nothing starts it."""
        return Value(self.unit.manager if self.unit else "none")

    @word(gives="machine")
    def machine(self) -> Any:
        return self.see((self.running.machine, self.running.context))

    @word()
    def in_container(self) -> Value[bool]:
        """Whether it is the main program of a container or pod."""
        return Value(self.unit is not None and self.unit.manager in _CONTAINERS)

    @word("stopped by SIG{it}")
    def stop_signal(self) -> Value[str]:
        """The signal that asks it to end, without SIG."""
        return self.unit.stop_signal if self.unit else Value(None)

    @word("killed {it} after the stop signal")
    def stop_timeout(self) -> Value[Seconds]:
        """Seconds from the stop signal to the kill; None where nobody kills."""
        return self.unit.stop_timeout if self.unit else Value(None)

    @word("restarts it: {it}")
    def restart(self) -> Value[str]:
        return self.unit.restart if self.unit else Value(None)

    @word("runs as {it}")
    def user(self) -> Value[str]:
        """Whom it runs as; None where nothing says."""
        return self.unit.user if self.unit else Value(None)

    @word(gives="object")
    def key(self, name: str) -> Value[Any]:
        """A key of the manager's own description as written: Type, KillMode, stopasgroup; None where it is not written."""
        return self.unit.keys.get(name, Value(None)) if self.unit else Value(None)

    @word()
    def shell_in_front(self) -> Value[str]:
        """The shell that is a container's first process, waits for the server and passes no signal on; None: there is none."""
        if not self.in_container.x:
            return Value(None)
        for link in self.links:
            if link.group:
                return Value(None)
            if link.kind in ("shell", "script") and link.keeps_signals and "TERM" not in link.traps:
                place = self.running.place if link.kind == "script" else link.place
                return Value(link.name, (place,))
        return Value(None)

    @word()
    def shell_may_exec(self) -> Value[bool]:
        """Whether the shell may become its only command by itself: Alpine's has not been measured."""
        image = self.running.machine.image.x
        if isinstance(image, str) and "alpine" in image:
            return Value(Unknown("whether Alpine's shell becomes its command has not been measured"))
        return Value(False)

    @word()
    def exec_advice(self) -> Value[str]:
        """How to let the server take the shell's place."""
        scripted = any(link.kind == "script" and link.keeps_signals for link in self.links)
        by_hand = "start it with exec, so that it takes the shell's place"
        return Value(by_hand if scripted else 'write the command in exec form: ["program", "argument"]')

    @word()
    def waits_for_main(self) -> Value[bool]:
        """Whether the manager takes the process that it started for the server: a container, supervisor, or systemd unless its
        Type is forking."""
        if self.unit is None or (self.running.followed and not self.running.followed.last):
            return Value(False)
        if self.unit.manager == "systemd":
            return self.key("Type").map(lambda kind: kind != "forking") if self.key("Type").x is not None else Value(True)
        return Value(self.unit.manager in (*_CONTAINERS, "supervisor"))
