"""Real servers on loopback, started for one proof and ended by pid.

A proof writes an application and the configuration under test, starts both sides, asks, and asserts what a client sees:
the failure with the configuration that a rule warns of, and its absence after the mend.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

BIN = Path(sys.prefix) / "bin"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") or "nginx"
PATIENCE = 15.0
"""Seconds that a server gets to listen, and that a client waits for an answer."""

WSGI = """
import time
def app(environ, start_response):
    if environ["PATH_INFO"].startswith("/slow"):
        time.sleep(float(environ["QUERY_STRING"] or 1))
    names = ("HTTP_HOST", "wsgi.url_scheme", "REMOTE_ADDR", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP")
    body = "".join(f"{name}={environ.get(name, '')}\\n" for name in names).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""

ASGI = """
import asyncio
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": "echo " + (message.get("text") or "")})
        return
    if scope["path"].startswith("/slow"):
        await asyncio.sleep(float(scope["query_string"] or 1))
    body = f"scheme={scope['scheme']}\\nclient={scope['client']}\\n".encode()
    body += b"".join(name + b"=" + value + b"\\n" for name, value in scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})
"""


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


@dataclass
class Running:
    """A process that the laboratory started, in a session of its own."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait(self, seconds: float = PATIENCE) -> int | None:
        """The exit status; None if it still runs after so many seconds."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def signal(self, name: str) -> None:
        self.process.send_signal(getattr(signal, f"SIG{name}"))


@dataclass
class Laboratory:
    """One proof's processes and files. `seen` collects the versions of the programs that it started."""

    folder: Path
    seen: dict[str, str] = field(default_factory=dict)
    running: list[Running] = field(default_factory=list)

    def port(self) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(self, *words: object, port: int = 0, socket_path: str = "", env: dict[str, str] | None = None) -> Running:
        """Starts a program and waits until it listens, or ends. The first word is looked up beside this Python."""
        program, *rest = map(str, words)
        self._note_version(program)
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
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        running = Running(process, log)
        self.running.append(running)
        if port or socket_path:
            self._await(running, port, socket_path)
        return running

    def nginx(self, http: str, port: int) -> Running:
        """nginx with this text inside `http {}`; everything that it writes stays in the proof's folder."""
        paths = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.write(
            f"nginx-{port}.conf",
            f"daemon off; user root; worker_processes 1; pid {self.folder}/nginx-{port}.pid;\n"
            f"error_log {self.folder}/error.log info;\n"
            f"events {{ worker_connections 256; }}\nhttp {{\naccess_log {self.folder}/access.log;\n"
            f"client_body_temp_path {self.folder}/body; {paths}\n{http}\n}}\n",
        )
        return self.start(NGINX, "-p", self.folder, "-c", config, port=port)

    def site(self, location: str, upstream: int, server: str = "") -> int:
        """nginx with one site whose `location /` passes to `upstream` (a port); returns the port it listens on."""
        port = self.port()
        target = "" if "_pass" in location else f"proxy_pass http://127.0.0.1:{upstream};"
        self.nginx(f"server {{ listen 127.0.0.1:{port}; {server}\nlocation / {{ {target} {location} }} }}", port)
        return port

    def get(
        self, port: int, path: str = "/", headers: dict[str, str] | None = None, method: str = "GET", body: bytes = b""
    ) -> Answer:
        """One request over a connection of its own; never raises for what the server does."""
        lines = {"Host": f"127.0.0.1:{port}", "Connection": "close", **(headers or {})}
        if body:
            lines["Content-Length"] = str(len(body))
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
        started = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                connection.sendall(head.encode() + body)
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError as error:
            return Answer(0, {}, str(error), time.monotonic() - started)
        return _answer(answer, time.monotonic() - started)

    def handshake(self, port: int, path: str = "/ws") -> int:
        """The status of a websocket's opening handshake: 101 where it opens."""
        headers = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
        }
        head = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
        )
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                connection.sendall(head.encode())
                return _answer(connection.recv(65536), 0).status
        except OSError:
            return 0

    def close(self) -> None:
        """Ends every process that was started, and what these started, by pid."""
        for running in reversed(self.running):
            for pid in {running.process.pid, *_session(running.process.pid)}:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.process.wait(5)

    def _await(self, running: Running, port: int, path: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and running.process.poll() is None:
            family, address = (socket.AF_UNIX, path) if path else (socket.AF_INET, ("127.0.0.1", port))
            with socket.socket(family) as probe, contextlib.suppress(OSError):
                probe.connect(address)
                return
            time.sleep(0.03)
        raise AssertionError(f"{running.process.args} does not listen:\n{running.output[-2000:]}")

    def _note_version(self, program: str) -> None:
        name = program.rpartition("/")[2]
        if name == "nginx":
            told = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr
            self.seen["nginx"] = told.strip().rpartition("/")[2]
        with contextlib.suppress(metadata.PackageNotFoundError):
            self.seen[name] = metadata.version({"waitress-serve": "waitress"}.get(name, name))


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


def _session(leader: int) -> list[int]:
    """The pids of a session: servers give their children process groups of their own, but not sessions."""
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                    members.append(int(entry.name))
    return members
