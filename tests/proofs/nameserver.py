"""A name server that knows 127.0.0.1 by every name."""

from __future__ import annotations

import socket
import threading

from laboratory import Laboratory

ADDRESS = b"\xc0\x0c\x00\x01\x00\x01" + (60).to_bytes(4) + b"\x00\x04" + socket.inet_aton("127.0.0.1")
"""The question's name again, type A, class IN, a minute to live, four bytes (RFC 1035, 4.1)."""


def nameserver(lab: Laboratory) -> int:
    """The UDP port on which it answers until the proof ends."""
    server = lab.closing.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    server.bind(("127.0.0.1", 0))
    server.settimeout(60)
    threading.Thread(target=_answer, args=(server,), daemon=True).start()
    return int(server.getsockname()[1])


def _answer(server: socket.socket) -> None:
    while True:
        try:
            query, client = server.recvfrom(512)
        except OSError:
            return
        end = query.index(b"\0", 12) + 5
        server.sendto(query[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + query[12:end] + ADDRESS, client)
