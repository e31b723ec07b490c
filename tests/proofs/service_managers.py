"""What systemd and supervisord do to a server: wait for READY=1, hand over sockets, stop and restart programs."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from containers import as_pid_1
from laboratory import BIN, PATIENCE, Laboratory, Running, comes_true

ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[2], sys.argv[2:])
"""


@dataclass
class Notified:
    """A server below systemd's `Type=notify`."""

    running: Running
    channel: socket.socket

    def ready(self, seconds: float) -> bool:
        """Whether READY=1 comes within so many seconds."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(TimeoutError):
            while (left := deadline - time.monotonic()) > 0:
                self.channel.settimeout(left)
                if b"READY=1" in self.channel.recv(4096).splitlines():
                    return True
        return False


def notified(lab: Laboratory, command: str) -> Notified:
    """A server with a NOTIFY_SOCKET, once it listens on `{port}`."""
    path = lab.folder / f"notify-{len(lab.running)}"
    channel = lab.closing.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    channel.bind(str(path))
    return Notified(lab.serve(command, env={"NOTIFY_SOCKET": str(path)}), channel)


def activated(lab: Laboratory, port: int, *words: object) -> Running:
    """A server that inherits the listener of a socket unit with `ListenStream=127.0.0.1:port`."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        fd = listener.fileno()
        return lab.start(sys.executable, "-c", ACTIVATE, fd, *words, pass_fds=[fd])


@dataclass
class Supervised:
    """supervisord with one program, `web`; both end with the namespace that they live in."""

    config: str
    port: int

    def control(self, *words: str) -> str:
        """What supervisorctl answers."""
        command = [BIN / "supervisorctl", "-c", self.config, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE).stdout.strip()

    def comes_to(self, *states: str) -> bool:
        """Whether the program comes to one of these states (RUNNING, FATAL, …); waits for it."""
        return comes_true(lambda: any(state in self.control("status", "web") for state in states), 0.2)

    def answers(self, lab: Laboratory) -> bool:
        """Whether the program answers, started anew if need be; waits for it."""
        return comes_true(lambda: lab.get(self.port).status == 200, 0.2)

    def killed_at_stop(self) -> bool:
        """Stops the program; whether it took a SIGKILL, after `stopwaitsecs`."""
        self.control("stop", "web")
        return "SIGKILL" in Path(self.config).with_suffix(".log").read_text()


def supervised(lab: Laboratory, command: str, options: str = "") -> Supervised:
    """supervisord with this command, and `options` as further lines of its `[program:web]`."""
    port = lab.port()
    command = command.format(port=port)
    here = lab.folder / f"supervisord-{port}"
    config = lab.write(
        f"{here.name}.conf",
        f"[supervisord]\nnodaemon=true\nlogfile={here}.log\npidfile={here}.pid\n"
        f"[unix_http_server]\nfile={here}.sock\n[supervisorctl]\nserverurl=unix://{here}.sock\n"
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
        f"[program:web]\ncommand={command}\nstartsecs=1\nstartretries=1\n{options}\n",
    )
    lab.note_versions(command)
    lab.start(*as_pid_1(), "supervisord", "-c", config, socket_path=f"{here}.sock")
    return Supervised(str(config), port)
