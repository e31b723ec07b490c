"""What a start says about a program's life: what stands between it and its manager, and what its machine lets it do."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from serveaudit.deployment import Proxy, Running
from serveaudit.following import Link
from serveaudit.invocation import basename
from serveaudit.launch.images import is_official_nginx
from serveaudit.launching import Machine, Unit, signal_name
from serveaudit.programs.nginx import facts, looks_like
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.units import Seconds, duration
from serveaudit.values import Items, Place, Unknown, Value

CONTAINERS = ("docker", "compose", "kubernetes", "platform")
_DESCRIBING = ("compose", "kubernetes", "systemd", "supervisor")
_BASH_AS_SH = re.compile(r"(^|/)(fedora|centos|rockylinux|almalinux|amazonlinux|oraclelinux|ubi\d|ubi|opensuse)\b")
_SLIM = re.compile(r"(docker\.io/)?(library/)?python:[\w.]*-?slim(-\w+)?(@.*)?")
_VARIABLE = re.compile(r"(?<!\$)\$(\{[A-Za-z_]\w*(:?[-=+?][^}]*)?\}|[A-Za-z_]\w*)")
_SENT = re.compile(r"\bkill\s+(?:-s\s+|-|--signal[= ])?(?:SIG)?([A-Z]+\d?|\d+)\s+\"?\$\{?MAINPID\}?")
_SLEEP = re.compile(r"\bsleep\s+(\d+(?:\.\d+)?)\b")
_NGINX_VARIABLE = re.compile(r"\$\{?([a-z][a-z0-9_]*)\}?")


def program(running: Running) -> str:
    """The command's name without its directory; empty where it is not known."""
    command = running.followed.command if running.followed else None
    return basename(command.argv[0]) if command and command.argv else ""


def is_main(running: Running) -> bool:
    """Whether it is what keeps its unit running."""
    followed = running.followed
    return followed is None or (followed.last and not followed.background and not followed.piped)


def signalled(running: Running) -> bool:
    """Whether a manager's stop signal comes to the program through what stands between."""
    links: tuple[Link, ...] = running.followed.links if running.followed else ()
    keys = running.unit.keys if running.unit else {}
    if running.unit is not None and running.unit.manager == "systemd":
        mode = keys.get("KillMode", Value(None)).x
        return mode in (None, "control-group") or not any(link.keeps_signals for link in links)
    if keys.get("stopasgroup", Value(None)).x is True:
        return True
    return not any(link.keeps_signals for link in links)


def user_of(running: Running) -> Value[Any]:
    """As whom it runs: as a command on the way says (`su`, `gosu`), else its unit; None where nothing says so."""
    if running.followed is not None and running.followed.user is not None:
        return running.followed.user
    return running.unit.user if running.unit is not None else Value(None)


def described(running: Running) -> bool:
    """Whether a description starts it that tells where it runs, and with which environment; an image alone gets more where it
    is run, and a script may run anywhere."""
    return running.unit is not None and running.unit.manager in _DESCRIBING


def may_be_in_container(running: Running) -> bool:
    """Whether the repository has images, in which what seems to run on a host may run as well."""
    return any(machine.kind != "host" for peer in running.context.peers for machine in peer.group.machines)


def passes_on(link: Link, running: Running) -> bool:
    """Whether a shell's handler for TERM can tell the program: the shell runs it only while it waits for one in the
    background, else not before the program has ended. (Bash's manual, "Signals")"""
    in_background = running.followed is not None and running.followed.background
    return "TERM" in link.traps and (in_background or link.waits)


def stop_signal(unit: Unit) -> Value[Any]:
    """The signal that its manager stops it with. systemd's ExecStop comes before it, and may send another one."""
    command = unit.keys.get("ExecStop", Value(None))
    if unit.manager != "systemd" or command.x is None or sent_signal(command.x) == unit.stop_signal.x:
        return unit.stop_signal
    return Value(Unknown("ExecStop stops it in a way of its own", "ExecStop"), command.places)


def read_only(unit: Unit) -> Value[Any]:
    """Whether the root file system of a container can't be written; None where nothing is said."""
    found = unit.keys.get("read_only", Value(None))
    return found if found.x is not None else unit.keys.get("securityContext.readOnlyRootFilesystem", Value(None))


def missed_pid_file(server: Server, expected: Value[Any]) -> Value[Any]:
    """The path where systemd looks for a server's number, where the server does not write it there; None where it does."""
    own = server.value({"gunicorn": "pidfile", "uwsgi": "pidfile"}.get(server.program, ""))
    safe = server.value("safe-pidfile")
    command = server.command
    if not isinstance(expected.x, str) or server.program not in ("gunicorn", "uwsgi") or command is None:
        return Value(None)
    unknown = next((value for value in (own, safe, command.cwd) if isinstance(value.x, Unknown)), None)
    if unknown is not None:
        return Value(unknown.x, unknown.places)
    written = {posixpath.join(str(command.cwd.x), str(value.x)) for value in (own, safe) if value.x is not None}
    wanted = posixpath.join("/run", expected.x)
    agree = any(
        posixpath.normpath(path).replace("/var/run/", "/run/") == wanted.replace("/var/run/", "/run/") for path in written
    )
    return Value(None) if agree else expected.also(own)


def built_with(machine: Machine, text: str) -> Value[bool]:
    """Whether a command of the image's build has this text."""
    for step in machine.runs:
        if text and text in step.text:
            return Value(True, (step.place,))
    return Value(False)


def shares_processes(machine: Machine) -> bool:
    """Whether a pod's containers live in one PID namespace, in which the pod's own process is the first."""
    return any(machine.keys.get(name, Value(None)).x in (True, "true") for name in ("shareProcessNamespace", "hostPID"))


def stop_timeout(unit: Unit) -> Value[Any]:
    """Seconds from the stop signal to the kill. Of Kubernetes' grace period a preStop hook takes its share."""
    sleep = unit.keys.get("lifecycle.preStop.sleep.seconds", Value(None))
    command = unit.keys.get("lifecycle.preStop.exec.command", Value(None))
    taken = _seconds(sleep.x) if sleep.x is not None else _slept(command.x)
    if command.x is not None and taken is None:
        return Value(Unknown("how long the preStop hook takes is not known"), command.places)
    return unit.stop_timeout.map(lambda seconds: Seconds(float(seconds) - (taken or 0.0)))


def _seconds(x: object) -> float | None:
    found = duration(str(x))
    return float(found) if found is not None else None


def _slept(x: object) -> float | None:
    """The seconds of `sleep 5` in a hook's command."""
    words = " ".join(str(word.x) for word in x) if isinstance(x, Items) else str(x or "")
    found = _SLEEP.search(words)
    return float(found[1]) if found else None


def sent_signal(text: object) -> str | None:
    """The signal of `kill -HUP $MAINPID`; None for anything else."""
    found = _SENT.search(str(text))
    return signal_name(found[1]) if found else None


def shell_may_exec(machine: Machine) -> bool:
    """Whether a machine's `sh` is not Debian's: bash by another name becomes its last command, Alpine's is not measured."""
    image = machine.image.x
    return isinstance(image, str) and ("alpine" in image or bool(_BASH_AS_SH.search(image)))


def image_is(machine: Machine, kind: str) -> Value[bool]:
    """Whether a container's image is an official Python one of a kind: `slim`, `alpine`."""
    image = machine.image
    if not isinstance(image.x, str):
        return Value(image.x if isinstance(image.x, Unknown) else False)
    if kind == "slim":
        return image.map(lambda name: bool(_SLIM.fullmatch(name)))
    return image.map(lambda name: bool(re.fullmatch(r"(docker\.io/)?(library/)?python:[\w.-]*alpine[\d.]*", name)))


def unreplaced(running: Running) -> Value[Any]:
    """A shell's variable that a command holds word for word: `$PORT` in exec form."""
    command = running.followed.command if running.followed else None
    for word in command.argv[1:] if command else ():
        found = _VARIABLE.search(word.x) if isinstance(word.x, str) else None
        if found and found[0] in "".join(place.span.text for place in word.places):
            return Value(found[0], word.places)
    return Value(None)


def writable(running: Running, path: str) -> Value[Any]:
    """Whether a tmpfs, a volume or a directory that may be written lies at a path or around it."""
    for mount in running.machine.mounts:
        target = mount.target.rstrip("/") or "/"
        covers = path == target or path.startswith(target.rstrip("/") + "/")
        if covers and mount.kind in ("tmpfs", "volume", "bind") and not mount.read_only:
            return Value(True, (mount.place,))
    declared = running.unit.keys.get("VOLUME", Value(None)) if running.unit else Value(None)
    for volume in declared.x if isinstance(declared.x, Items) else ():
        if isinstance(volume.x, str) and (path == volume.x or path.startswith(volume.x.rstrip("/") + "/")):
            return Value(True, declared.places)
    return Value(False)


def nginx_daemon(running: Running) -> Value[Any]:
    """Whether an nginx leaves for the background: it does unless `daemon off` is said on its command line or in its file."""
    if program(running) != "nginx" or running.followed is None:
        return Value(None)
    words = running.followed.command.argv
    said = [word for word in words if isinstance(word.x, str) and re.search(r"\bdaemon\s+o(n|ff)\b", word.x)]
    if said or any(not word.known for word in words):
        return said[-1].map(lambda text: "off" not in text) if said else Value(Unknown("its command line is not known"))
    proxy = _proxy_of(running)
    if proxy is None or proxy.config.main is None or proxy.config.kind != "whole":
        return Value(Unknown("the file with nginx's daemon setting was not read"))
    value = proxy.config.main.flag("daemon")
    return value if proxy.config.main.written("daemon") else value.at(running.place)


def _proxy_of(running: Running) -> Proxy | None:
    return next((proxy for proxy in running.context.proxies if proxy.running.followed is running.followed), None)


def erased(running: Running) -> Value[Any]:
    """nginx's own variable in a template that `envsubst` fills in without a list of names: it comes out empty."""
    followed = running.followed
    if program(running) != "envsubst" or followed is None or len(followed.command.argv) != 1:
        return Value(None)
    template = followed.stdin
    if not isinstance(template, SourceFile) or not looks_like(template):
        return Value(None)
    for name, place in _nginx_variables(template):
        if name not in followed.command.env.variables:
            return Value(f"${name}", (place,))
    return Value(None)


def _nginx_variables(template: SourceFile) -> Iterator[tuple[str, Place]]:
    for found in _NGINX_VARIABLE.finditer(template.text):
        line = template.text.rfind("\n", 0, found.start()) + 1
        commented = "#" in template.text[line : found.start()]
        if facts().has_variable(found[1]) and not commented:
            yield found[1], Place(template.span(found.start(), found.end()))


def body_directory(running: Running) -> Value[Any]:
    """The directory of nginx's `client_body_temp_path`; its image's default where none is written. None for other programs."""
    if program(running) != "nginx":
        return Value(None)
    proxy, image = _proxy_of(running), running.machine.image
    http = proxy.config.http if proxy else None
    if http is not None and http.written("client_body_temp_path"):
        return http.text("client_body_temp_path")
    if not isinstance(image.x, str):
        return Value(Unknown("where this nginx keeps bodies is not known"))
    if "nginx-unprivileged" in image.x:
        return image.map(lambda _: "/tmp/client_temp")
    if is_official_nginx(image.x):
        return image.map(lambda _: "/var/cache/nginx/client_temp")
    return image.map(lambda _: Unknown("where this nginx keeps bodies is not known"))
