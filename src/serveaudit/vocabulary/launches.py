"""`launch`: how a program is started, and what its manager does to stop and to reload it."""

from __future__ import annotations

import posixpath
from typing import Any

from serveaudit import starts, stopping
from serveaudit.aspects.exposing import LaunchExposing
from serveaudit.aspects.timeouts import LaunchTimeouts
from serveaudit.deployment import Process, Running
from serveaudit.following import Link
from serveaudit.subjects import See
from serveaudit.units import Seconds
from serveaudit.values import Value
from serveaudit.words import Subject, word


class Launch(LaunchTimeouts, LaunchExposing, Subject):
    """One start of one program: a server, nginx, or any other command that a machine comes to."""

    def __init__(self, running: Running, process: Process | None, see: See) -> None:
        self.process = process
        self.running = running
        self.unit = running.unit
        self.see = see
        self.place = running.place
        self.symbol = f"launch[{self.unit.name if self.unit else process.server.program if process else ''}]"

    @property
    def links(self) -> tuple[Link, ...]:
        """What stands between the manager and the program."""
        return self.running.followed.links if self.running.followed else ()

    @property
    def _main(self) -> bool:
        """Whether the manager waits for it: nothing comes after it, and it is not sent into the background."""
        return starts.is_main(self.running)

    # what it is

    @word()
    def program(self) -> Value[str]:
        """The command's name without its directory."""
        return Value(starts.program(self.running), (self.place,) if self.place else ())

    @word()
    def manager(self) -> Value[str]:
        """docker, compose, systemd, supervisor, procfile, kubernetes, shell, make, platform; none where nothing starts it."""
        return Value(self.unit.manager if self.unit else "none")

    @word()
    def unit_name(self) -> Value[str]:
        """What its manager calls it: `web` of a Procfile, a service, a program."""
        return Value(self.unit.name if self.unit else None)

    @word(gives="machine")
    def machine(self) -> Any:
        return self.see((self.running.machine, self.running.context))

    @word()
    def in_container(self) -> Value[bool]:
        """Whether it is the main program of a container or pod."""
        return Value(self.unit is not None and self.unit.manager in starts.CONTAINERS)

    @word("runs as {it}")
    def user(self) -> Value[str]:
        """Whom it runs as; None where nothing says."""
        return self.unit.user if self.unit else Value(None)

    @word(gives="object")
    def key(self, name: str) -> Value[Any]:
        """A key of the manager's own description as written: Type, KillMode, stopasgroup; None where it is not written."""
        return self.unit.keys.get(name, Value(None)) if self.unit else Value(None)

    # how it is stopped

    @word("stopped by SIG{it}")
    def stop_signal(self) -> Value[str]:
        """The signal that asks it to end, without SIG; None where a person starts and ends it."""
        by_hand = self.unit is None or self.unit.manager in ("shell", "make", "none")
        return Value(None) if self.unit is None or by_hand else starts.stop_signal(self.unit)

    @word("killed {it} after the stop signal")
    def stop_timeout(self) -> Value[Seconds]:
        """Seconds from the stop signal to the kill, without what a preStop hook takes; None where nobody kills."""
        return starts.stop_timeout(self.unit) if self.unit else Value(None)

    @word()
    def drained(self) -> Value[bool]:
        """Whether Kubernetes waits in a preStop hook before it stops it, while no new requests come."""
        hooks = (self.key(f"lifecycle.preStop.{kind}") for kind in ("exec.command", "sleep.seconds"))
        return next((hook.map(lambda _: True) for hook in hooks if hook.x is not None), Value(False))

    @word()
    def signalled(self) -> Value[bool]:
        """Whether the stop signal reaches the program at all."""
        return Value(self._main and starts.signalled(self.running))

    @word()
    def at_stop(self) -> Value[str]:
        """What the server does at the stop signal: finishes, loses, dies, orphans, reloads, carries on; None where the signal
        does not reach it."""
        signal = self.stop_signal.x
        if self.process is None or not self.signalled.x or not isinstance(signal, str):
            return Value(None)
        return stopping.reaction(self.process.server, signal)

    @word("restarts it: {it}")
    def restart(self) -> Value[str]:
        return self.unit.restart if self.unit and self._main else Value(None)

    @word("the first process of its container")
    def first_process(self) -> Value[str]:
        """The program, where it is a container's first process, for which the kernel ignores every signal without a handler;
        None where it is not."""
        if not self.in_container.x or not self._main or any(not link.execs for link in self.links):
            return Value(None)
        if self.key("init").x is True or starts.shares_processes(self.running.machine):
            return Value(None)
        return self.program

    @word()
    def children_outlive(self) -> Value[bool]:
        """Whether its manager leaves processes alive that its parent process leaves behind."""
        if self.unit is not None and self.unit.manager == "supervisor":
            return Value(self.key("killasgroup").x is not True and self.key("stopasgroup").x is not True)
        return self.key("KillMode").map(lambda mode: mode == "process") if self.key("KillMode").x is not None else Value(False)

    @word()
    def shell_in_front(self) -> Value[str]:
        """The shell that is a container's first process, waits for the server and passes no signal on; None: there is none.
        A text for Alpine's shell, or one that is bash by another name, is none: bash becomes its last command by itself."""
        if not self.in_container.x:
            return Value(None)
        for link in self.links:
            if link.group:
                return Value(None)
            if link.kind in ("shell", "script") and link.keeps_signals and not starts.passes_on(link, self.running):
                if link.kind == "shell" and starts.shell_may_exec(self.running.machine):
                    return Value(None)
                place = self.running.place if link.kind == "script" else link.place
                return Value(link.name, (place,))
        return Value(None)

    @word("this shell waits for the server")
    def shell_under_supervisor(self) -> Value[str]:
        """The shell that supervisor starts in place of the server, and that passes no signal on; None: there is none."""
        followed = self.running.followed
        if self.unit is None or self.unit.manager != "supervisor" or followed is None or not followed.last:
            return Value(None)
        link = next((link for link in self.links if link.kind in ("shell", "script") and link.keeps_signals), None)
        if link is None or starts.passes_on(link, self.running):
            return Value(None)
        return Value(link.name, (self.running.place if link.kind == "script" else link.place,))

    @word()
    def exec_advice(self) -> Value[str]:
        """How to let the server take the shell's place."""
        scripted = any(link.kind == "script" and link.keeps_signals for link in self.links)
        by_hand = "start it with exec, so that it takes the shell's place"
        if self.daemon.x is True:
            return Value(f"leave it in the foreground, and {by_hand}")
        return Value(by_hand if scripted else 'write the command in exec form: ["program", "argument"]')

    @word()
    def waits_for_main(self) -> Value[bool]:
        """Whether the manager takes the process that it started for the server: a container, supervisor, or systemd unless its
        Type is forking."""
        if self.unit is None or not self._main:
            return Value(False)
        if self.unit.manager == "systemd":
            return self.key("Type").map(lambda kind: kind not in ("forking", "oneshot")) if self.key("Type").x else Value(True)
        return Value(self.unit.manager in (*starts.CONTAINERS, "supervisor"))

    @word("puts itself into the background")
    def daemon(self) -> Value[bool]:
        """Whether the program leaves for the background: a server that is told to, nginx unless it is told not to."""
        if self.process is not None:
            return self.process.server.daemon
        return starts.nginx_daemon(self.running)

    @word("systemd looks for the process's number here")
    def pid_file_missed(self) -> Value[str]:
        """The `PIDFile=` of a forking service whose server writes its number elsewhere, or nowhere; None where both agree."""
        if self.process is None or self.key("Type").x != "forking" or self.process.server.daemon.x is not True:
            return Value(None)
        return starts.missed_pid_file(self.process.server, self.key("PIDFile"))

    # how it is reloaded

    @word("sends SIG{it} to reload")
    def reload_signal(self) -> Value[str]:
        """The signal that systemd's ExecReload sends to the main process; None where it sends none."""
        return self.key("ExecReload").map(starts.sent_signal) if self.signalled.x else Value(None)

    @word()
    def at_reload(self) -> Value[str]:
        """What the server does at the reload signal, as for `at_stop`."""
        signal = self.reload_signal.x
        if self.process is None or not isinstance(signal, str):
            return Value(None)
        return stopping.reaction(self.process.server, signal)

    # what it needs

    @word("{it} is not replaced in this form")
    def unreplaced(self) -> Value[str]:
        """A variable of the shell in a command that no shell reads; None: there is none."""
        if not self.in_container.x:
            return Value(None)
        return starts.unreplaced(self.running)

    @word("nothing can be written here")
    def read_only(self) -> Value[bool]:
        """Whether the root file system of its container can't be written."""
        return starts.read_only(self.unit) if self.unit else Value(None)

    @word()
    def writable(self, path: str) -> Value[bool]:
        """Whether something that can be written is mounted at a path, or around it."""
        return starts.writable(self.running, path)

    @word("the image's build makes it")
    def built_with(self, path: str) -> Value[bool]:
        """Whether a command of the image's build names a path."""
        return starts.built_with(self.running.machine, path)

    @word("bodies of requests are kept in {it}")
    def body_directory(self) -> Value[str]:
        """Where nginx keeps bodies that don't fit into memory; None for another program."""
        return starts.body_directory(self.running)

    @word()
    def platform_with_own_port(self) -> Value[bool]:
        """Whether the repository names the port for its platform itself (fly.toml), or containers start its Procfile."""
        files, folder = self.running.files.repository, posixpath.dirname(self.running.place.span.path)
        return Value(any(files.exists(posixpath.join(folder, name)) for name in ("fly.toml", "app.yaml", "Dockerfile")))

    @word("{it} is replaced by nothing")
    def erased(self) -> Value[str]:
        """nginx's own variable that an `envsubst` without a list replaces by the empty text; None: there is none."""
        return starts.erased(self.running)

    @word()
    def variable(self, name: str) -> Value[str]:
        """A variable that it is started with; None where nothing sets it."""
        command = self.running.followed.command if self.running.followed else None
        return command.env.get(name) if command else Value(None)

    @word()
    def says(self, text: str) -> Value[bool]:
        """Whether its command has this word."""
        command = self.running.followed.command if self.running.followed else None
        found = next((one for one in command.argv if one.x == text), None) if command else None
        return Value(found is not None, found.places if found is not None else ())
