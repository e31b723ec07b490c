"""Real servers on loopback, started for one proof and ended by pid.

A proof writes an application and the configuration under test, starts both sides, asks, and asserts what a client sees:
the failure with the configuration that a rule warns of, and its absence after the mend.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

BIN = Path(sys.prefix) / "bin"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") or "nginx"
PATIENCE = 15.0
"""Seconds that a server gets to listen, and that a client waits for an answer."""
PORTS = range(20_000, 32_000)
"""Below the ports that the kernel gives to outgoing connections."""
PACKAGES = {name: name for name in "gunicorn uvicorn hypercorn daphne granian uwsgi flask gevent".split()} | {
    "waitress-serve": "waitress",
    "supervisord": "supervisor",
    "uvicorn_worker.UvicornWorker": "uvicorn-worker",
}
"""What a word of a command line starts, as the package that has its version."""
LIBRARIES = {name: name for name in "channels django fastapi flask gevent psycopg starlette".split()} | {
    "prometheus_client": "prometheus-client",
    "psycopg2": "psycopg2-binary",
    "rest_framework": "djangorestframework",
    "socketio": "python-socketio",
}
"""What an application imports, as the package that has its version."""


@dataclass(frozen=True)
class Answer:
    """What a client got: status 0 and the error's text where there was no HTTP answer."""

    status: int
    headers: dict[str, str]
    text: str
    seconds: float

    def line(self, name: str) -> str:
        """The value of `name=value` in the body that the applications above write."""
        found = re.search(rf"^{re.escape(name)}=(.*)$", self.text, re.MULTILINE)
        return found[1] if found else ""


def comes_true(condition: Callable[[], bool], pause: float = 0.03) -> bool:
    """Whether this is so before our patience ends; asks again after so many seconds."""
    deadline = time.monotonic() + PATIENCE
    while not (true := condition()) and time.monotonic() < deadline:
        time.sleep(pause)
    return true


@dataclass
class Running:
    """A process that the laboratory started, in a session of its own."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int = 0
    socket: str = ""

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait(self, seconds: float = PATIENCE) -> int | None:
        """The exit status; None if it still runs after so many seconds."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def says(self, text: str, times: int = 1) -> bool:
        """Whether it writes this text so many times; waits for it."""
        return comes_true(lambda: self.output.count(text) >= times)

    @property
    def main(self) -> int:
        """The pid that signals go to."""
        return self.process.pid

    def signal(self, name: str) -> None:
        os.kill(self.main, getattr(signal, f"SIG{name}"))

    def stop(self, seconds: float, name: str = "TERM") -> int | None:
        """Stops it as docker, systemd and supervisord do: a signal, patience, SIGKILL. The exit status; None if killed."""
        self.signal(name)
        status = self.wait(seconds)
        if status is None:
            self.signal("KILL")
            self.process.wait(PATIENCE)
        return status


@dataclass
class Laboratory:
    """One proof's processes and files. `seen` collects the versions of the programs that it started."""

    folder: Path
    seen: dict[str, str] = field(default_factory=dict)
    running: list[Running] = field(default_factory=list)
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    folders: set[Path] = field(default_factory=set)
    """Where what was started lives: a process is ours if it works in one of them."""

    def __post_init__(self) -> None:
        self.folders.add(self.folder)

    def port(self) -> int:
        """A free port, ours until the proof ends: an abstract socket of its name tells so to proofs that run beside it."""
        for port in random.sample(PORTS, len(PORTS)):
            mark = socket.socket(socket.AF_UNIX)
            with contextlib.suppress(OSError), socket.socket() as probe:
                mark.bind(f"\0laboratory-{port}")
                probe.bind(("", port))
                self.closing.callback(mark.close)
                return port
            mark.close()
        raise AssertionError("no port is free")

    def public_folder(self) -> Path:
        """A folder that other users reach, unlike those that pytest makes."""
        folder = Path(self.closing.enter_context(tempfile.TemporaryDirectory(prefix="laboratory-", ignore_cleanup_errors=True)))
        folder.chmod(0o755)
        self.folders.add(folder)
        return folder

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(
        self,
        *words: object,
        port: int = 0,
        socket_path: str = "",
        env: dict[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> Running:
        """Starts a program and waits until it listens, or ends. The first word is looked up beside this Python."""
        program, *rest = map(str, words)
        self.note_versions(program, *rest)
        inherited = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PYTHONUNBUFFERED": "1",
            "LANG": "C.UTF-8",
        }
        log = self.folder / f"{program.rpartition('/')[2]}-{len(self.running)}.log"
        executable = str(BIN / program) if (BIN / program).exists() else program
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [executable, *rest], cwd=self.folder, env=inherited | (env or {}), stdin=subprocess.DEVNULL, stdout=sink,
                stderr=subprocess.STDOUT, start_new_session=True, pass_fds=pass_fds,
            )  # fmt: skip
        running = Running(process, log, port, socket_path)
        self.running.append(running)
        if port or socket_path:
            self._await(running)
        return running

    def serve(self, command: str, env: dict[str, str] | None = None, inside: Sequence[object] = ()) -> Running:
        """A server by its command line, once it listens: on a new `{port}`, or on a new unix socket `{socket}`.

        `inside` are the words that start it in a namespace of its own.
        """
        port = self.port() if "{port}" in command else 0
        path = str(self.folder / f"{len(self.running)}.sock") if "{socket}" in command else ""
        words = shlex.split(command.format(port=port, socket=path))
        return self.start(*inside, *words, port=port, socket_path=path, env=env)

    def nginx(
        self, http: str, port: int = 0, user: str = "root", inside: Sequence[object] = (), connections: int = 256
    ) -> Running:
        """nginx with this text inside `http {}`; everything that it writes stays in the proof's folder. Without a port
        it is not waited for."""
        name = f"nginx-{port}-{len(self.running)}"
        paths = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        body = "" if "client_body_temp_path" in http else f"client_body_temp_path {self.folder}/body;"
        config = self.write(
            f"{name}.conf",
            f"daemon off; user {user}; worker_processes 1; pid {self.folder}/{name}.pid;\n"
            f"error_log {self.folder}/error.log info;\n"
            f"events {{ worker_connections {connections}; }}\nhttp {{\naccess_log {self.folder}/access.log;\n"
            f"{body} {paths}\n{http}\n}}\n",
        )
        return self.start(*inside, NGINX, "-p", self.folder, "-c", config, port=port)

    def site(
        self, location: str, upstream: int = 0, server: str = "", user: str = "root", inside: Sequence[object] = ()
    ) -> int:
        """nginx with one site; returns the port it listens on. Its `location /` passes to the port `upstream` unless it says
        where to."""
        target = "" if "_pass" in location else f"proxy_pass http://127.0.0.1:{upstream};"
        return self.block(f"{server}\nlocation / {{ {target} {location} }}", "", user, inside)

    def block(self, server: str, http: str = "", user: str = "root", inside: Sequence[object] = ()) -> int:
        """nginx with this text in one server block, and `http` before it; returns the port it listens on."""
        port = self.port()
        self.nginx(f"{http}\nserver {{ listen 127.0.0.1:{port}; {server} }}", port, user, inside)
        return port

    def certificate(self, name: str = "example.com") -> tuple[Path, Path]:
        """A self-signed certificate and its key."""
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        subject = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},DNS:localhost,IP:127.0.0.1")
        kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30")
        words = ("openssl", "req", "-x509", *kind, *subject, "-keyout", key, "-out", certificate)
        subprocess.run(words, check=True, capture_output=True)
        return certificate, key

    def get(
        self, port: int, path: str = "/", headers: dict[str, str] | None = None, method: str = "GET", body: bytes = b"",
        chunks: Sequence[bytes] = (), tls: bool = False, preface: bytes = b"", patience: float = PATIENCE,
    ) -> Answer:  # fmt: skip
        """One request over a connection of its own; never raises for what the server does.

        `chunks` is a body without a length, sent piece by piece; `preface` goes before everything else, TLS included.
        """
        lines = {"Host": f"127.0.0.1:{port}", "Connection": "close", **(headers or {})}
        if body:
            lines["Content-Length"] = str(len(body))
        if chunks:
            lines["Transfer-Encoding"] = "chunked"
        started = time.monotonic()
        try:
            with _connection(port, tls, preface, patience) as connection:
                connection.sendall(_head(method, path, lines) + body)
                for chunk in (*chunks, b"") if chunks else ():
                    time.sleep(0.2)
                    connection.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError as error:
            return Answer(0, {}, str(error), time.monotonic() - started)
        return _answer(answer, time.monotonic() - started)

    def ask(self, server: Running, path: str) -> Future[Answer]:
        """A request that the application has already got (it prints `arrived`), and whose answer is still to come."""
        before = server.output.count("arrived")
        pool = ThreadPoolExecutor(1)
        answer = pool.submit(self.get, server.port, path)
        pool.shutdown(wait=False)
        assert server.says("arrived", before + 1), server.output[-2000:]
        return answer

    def open(self, port: int, path: str, headers: dict[str, str] | None = None) -> bytes:
        """The first bytes of the answer to a request whose connection stays open until the proof ends."""
        connection = self.closing.enter_context(_connection(port))
        connection.sendall(_head("GET", path, {"Host": f"127.0.0.1:{port}", **(headers or {})}))
        return connection.recv(65536)

    def handshake(self, port: int, path: str = "/ws") -> int:
        """The status of a websocket's opening handshake: 101 where it opens. An open one stays open until the proof ends."""
        headers = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
        }
        try:
            return _answer(self.open(port, path, headers), 0).status
        except OSError:
            return 0

    def close(self) -> None:
        """Ends every process that was started, and what these started, by pid; first the masters, which would start others."""
        for running in self.running:
            running.process.kill()
        deadline = time.monotonic() + PATIENCE
        while (left := self._left()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        for running in self.running:
            running.wait()
        self.closing.close()
        assert not left, f"still running: {left}"

    def listens(self, port: int, path: str = "") -> bool:
        """Whether anything takes connections on this port of 127.0.0.1, or on this unix socket."""
        family, address = (socket.AF_UNIX, path) if path else (socket.AF_INET, ("127.0.0.1", port))
        with socket.socket(family) as probe:
            return probe.connect_ex(address) == 0

    def _left(self) -> list[int]:
        """The pids of what works in the proof's folders. A daemon leaves its session and its parent, but not its folder."""
        left = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and not self.folders.isdisjoint(_lineage((entry / "cwd").readlink())):
                    left.append(int(entry.name))
        return left

    def _await(self, running: Running) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and running.process.poll() is None:
            if self.listens(running.port, running.socket):
                return
            time.sleep(0.03)
        raise AssertionError(f"{running.process.args} does not listen:\n{running.output[-2000:]}")

    def note_versions(self, *words: str) -> None:
        """Notes the version of each program that these words start, be it below a shell or in a namespace."""
        names = {word.rpartition("/")[2] for word in " ".join(words).split()}
        self.seen |= {PACKAGES[name]: metadata.version(PACKAGES[name]) for name in names & PACKAGES.keys()}
        if "nginx" in names:
            self.seen["nginx"] = _nginx_version()
        for name in names:
            self._note_libraries(self.folder / f"{name.partition(':')[0].removesuffix('.py')}.py")

    def _note_libraries(self, module: Path) -> None:
        """Notes the version of each library that this application imports, if it is one of the proof's own."""
        text = module.read_text() if module.is_file() else ""
        for library, package in LIBRARIES.items():
            if re.search(rf"^(import|from) {library}\b", text, re.MULTILINE):
                self.seen[package] = metadata.version(package)


@functools.cache
def _nginx_version() -> str:
    told = subprocess.run([NGINX, "-v"], capture_output=True, text=True, check=True).stderr
    return told.strip().rpartition("/")[2]


def _connection(port: int, tls: bool = False, preface: bytes = b"", patience: float = PATIENCE) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=patience)
    connection.sendall(preface)
    if not tls:
        return connection
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connection, server_hostname="example.com")


def _head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def _answer(raw: bytes, seconds: float) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    status = re.match(r"HTTP/\d\.\d (\d+)", first)
    if not status:
        return Answer(0, {}, raw.decode("latin-1"), seconds)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = b"".join(_chunks(body))
    return Answer(int(status[1]), headers, body.decode("utf-8", "replace"), seconds)


def _chunks(body: bytes) -> Iterable[bytes]:
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        yield body[:length]
        body = body[length + 2 :]


def _lineage(folder: Path) -> set[Path]:
    return {folder, *folder.parents}
