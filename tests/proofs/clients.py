"""Clients for what one request over a connection of its own can't show: crowds, kept connections, halves, streams."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from itertools import pairwise
from typing import TypeVar

from laboratory import PATIENCE, Answer, Laboratory
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

T = TypeVar("T")


def at_once(count: int, ask: Callable[[int], T]) -> list[T]:
    """What `ask(0)`, `ask(1)`, … return when all are asked at the same time, in this order."""
    with ThreadPoolExecutor(count) as crowd:
        return list(crowd.map(ask, range(count)))


def from_each_worker(
    lab: Laboratory, port: int, workers: int, path: str, headers: dict[str, str] | None = None
) -> list[Answer]:
    """An answer of each worker. They tell their `pid`, and `path` keeps one busy long enough for the others to be asked."""
    for _ in range(20):
        answers = at_once(workers, lambda _: lab.get(port, path, headers))
        if len({answer.line("pid") for answer in answers}) == workers:
            return answers
    raise AssertionError(f"{workers} workers never answered at the same time: {answers}")


class Kept(HTTPConnection):
    """One connection that stays open, as a browser or a balancer keeps it; not opened anew when the other side closes it."""

    auto_open = 0

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port, timeout=PATIENCE)
        self.connect()

    def begin(self, length: int, part: bytes) -> None:
        """The beginning of an upload of this length; the rest never comes."""
        self.putrequest("POST", "/")
        self.putheader("Content-Length", str(length))
        self.endheaders(part)

    def status(self) -> int:
        """The status of the next answer; 0 if the connection ended without one."""
        try:
            answer = self.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return 0
        return answer.status

    def ask(self, method: str = "GET", path: str = "/", body: bytes = b"") -> int:
        """The status of the answer to this request; 0 if there was none."""
        with contextlib.suppress(OSError, HTTPException):
            self.request(method, path, body)
            return self.status()
        return 0


def pauses(port: int, path: str, headers: str = "") -> list[float]:
    """Seconds between the pieces of a stream as they come: hardly any, if something held it back to its end."""
    times = []
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Connection: close\r\n\r\n".encode())
        while connection.recv(65536):
            times.append(time.monotonic())
    return [later - earlier for earlier, later in pairwise(times)]


def websocket(port: int, path: str = "/ws") -> ClientConnection:
    """An open websocket that sends no pings of its own; raises WebSocketException where it does not open."""
    return connect(f"ws://127.0.0.1:{port}{path}", ping_interval=None, proxy=None, open_timeout=PATIENCE)


def hears(client: ClientConnection, seconds: float = 1) -> str:
    """The next message within so many seconds; "" if there is none."""
    with contextlib.suppress(TimeoutError):
        return str(client.recv(timeout=seconds))
    return ""


def echo(port: int, path: str = "/ws", idle: float = 0) -> str:
    """What the echo answers on a websocket that was idle for so many seconds; "" if it did not open, or was cut."""
    try:
        with websocket(port, path) as opened:
            hears(opened, idle)
            opened.send("hello")
            return str(opened.recv(timeout=PATIENCE))
    except (WebSocketException, OSError):
        return ""
