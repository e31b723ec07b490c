"""Namespaces, as containers and systemd make them: a PID 1, a network, mounts of its own.

Where the machine does not allow them, a proof is skipped, with the reason; in CI it fails.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import Laboratory, Running

LOOPBACK_UP = """
import fcntl, socket, struct
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
"""
UNSHARE = ("unshare", *(() if os.geteuid() == 0 else ("--map-root-user",)))


def as_pid_1() -> tuple[str, ...]:
    """The words that start a program as PID 1 of a namespace: signals that it has no handler for pass it by, and all
    others in there end with it."""
    words = (*UNSHARE, "--pid", "--fork", "--mount-proc", "--kill-child")
    require(_allowed(words), "PID namespaces")
    return words


def with_mounts(*mounts: str) -> tuple[str, ...]:
    """The words that start a program where these mounts have been made, unseen from outside."""
    return _prepared("--mount", [f"mount {mount}" for mount in mounts])


def with_read_only_root(lab: Laboratory) -> tuple[str, ...]:
    """The words that start a program where no folder for temporary files takes any, as `read_only: true` leaves it."""
    return with_mounts(
        "-o remount,bind,ro /", *(f"-o bind,ro {folder} {folder}" for folder in ("/tmp", "/var/tmp", lab.folder))
    )


def in_own_network() -> tuple[str, ...]:
    """The words that start a program with a loopback interface of its own, so that default ports are free."""
    return _prepared("--net", [shlex.join([sys.executable, "-c", LOOPBACK_UP])])


def with_hosts(lab: Laboratory, hosts: str) -> tuple[str, ...]:
    """The words that start a program that knows these names (the text of /etc/hosts) and no others."""
    known, nobody = lab.write("hosts", hosts), lab.write("resolv.conf", "nameserver 127.0.0.1\n")
    return with_mounts(f"--bind {known} /etc/hosts", f"--bind {nobody} /etc/resolv.conf")


def another_user() -> str:
    """nginx' `user` whom neither root's files nor those of root's group are open to."""
    require(os.geteuid() == 0, "servers of two users: it takes root")
    return "nobody nogroup"


class Container(Running):
    """A process that `unshare --fork` waits for; signals go to it, as those of `docker stop` do."""

    @property
    def main(self) -> int:
        return next(children(self.process.pid))


def container(lab: Laboratory, command: str) -> Container:
    """A server as PID 1, once it listens on `{port}`."""
    running = lab.serve(command, inside=as_pid_1())
    return Container(running.process, running.log, running.port)


def listening_ports(running: Running) -> set[int]:
    """The TCP ports that have a listener in the network that the process lives in."""
    lines = Path(f"/proc/{running.main}/net/tcp").read_text().splitlines()[1:]
    return {int(local.rpartition(":")[2], 16) for _, local, _, state, *_ in map(str.split, lines) if state == "0A"}


def require(possible: bool, what: str) -> None:
    """Skips the proof, or fails it in CI, where this machine does not let it have what it needs."""
    if not possible:
        in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
        (pytest.fail if in_ci else pytest.skip)(f"this machine does not allow {what}")


def _prepared(kind: str, steps: list[str]) -> tuple[str, ...]:
    words = (*UNSHARE, kind)
    require(_allowed(words), f"unshare {kind}")
    return (*words, "sh", "-c", " && ".join([*steps, 'exec "$@"']), "sh")


@functools.cache
def _allowed(words: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*words, "true"], capture_output=True, timeout=10).returncode == 0
    except OSError:
        return False


def children(parent: int) -> Iterator[int]:
    """The pids of the processes that a process has started, and that still run."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                    yield int(entry.name)
