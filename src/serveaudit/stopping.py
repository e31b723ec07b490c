"""What servers do with the signals that managers send them, and what they tell their manager, as measured.

Measured by tests/proofs/test_lifecycle_signals.py and test_lifecycle.py; gevent's own server handles no signal at all.
"""

from __future__ import annotations

from typing import Final, Literal

from serveaudit.programs.nginx.combine import combine
from serveaudit.serving import Server
from serveaudit.values import Unknown, Value

Reaction = Literal["finishes", "loses", "dies", "orphans", "reloads", "carries on"]
"""finishes: ends when the running requests are answered; loses: ends at once, and so do they; dies: it has no handler, the
signal kills it; orphans: its parent dies, the workers stay; reloads: its workers start anew; carries on: something else."""

_GUNICORN: Final[dict[str, dict[str, Reaction]]] = {
    "INT": {"sync": "loses", "gthread": "finishes", "gevent": "loses", "asgi": "loses"},
    "QUIT": {"sync": "loses", "gthread": "finishes", "gevent": "loses", "asgi": "loses"},
}
_REACTIONS: Final[dict[str, dict[str, Reaction]]] = {
    "uvicorn": {"TERM": "finishes", "INT": "finishes", "QUIT": "dies", "HUP": "dies", "USR1": "dies", "USR2": "dies"},
    "hypercorn": {"TERM": "finishes", "INT": "finishes", "QUIT": "orphans", "HUP": "reloads", "USR1": "orphans"},
    "granian": {"TERM": "finishes", "INT": "finishes", "QUIT": "orphans", "HUP": "reloads", "USR1": "orphans"},
    "daphne": {"TERM": "loses", "INT": "loses", "QUIT": "dies", "HUP": "dies", "USR1": "dies", "USR2": "dies"},
    "waitress": {"TERM": "dies", "INT": "finishes", "QUIT": "dies", "HUP": "dies", "USR1": "dies", "USR2": "dies"},
    "gevent": {"TERM": "dies", "INT": "loses", "QUIT": "dies", "HUP": "dies", "USR1": "dies", "USR2": "dies"},
    "uwsgi": {"INT": "loses", "QUIT": "loses", "HUP": "reloads", "USR1": "carries on"},
    "gunicorn": {"TERM": "finishes", "HUP": "reloads", "USR1": "carries on", "USR2": "carries on"},
}
PROOFS_AT_TERM: Final = (
    "tests/proofs/test_lifecycle_signals.py::test_requests_cut_on_stop",
    "tests/proofs/test_lifecycle_signals.py::test_sigterm_reloads_uwsgi",
    "tests/proofs/test_servers.py::test_requests_finished_at_sigterm",
)
"""What measured the column of SIGTERM."""
NOTIFYING = frozenset({"gunicorn", "uwsgi"})
"""Those that send systemd READY=1."""
SILENT = frozenset({"uvicorn", "hypercorn", "daphne", "granian", "waitress"})
"""Those that were measured not to."""


def reaction(server: Server, signal: str) -> Value[str]:
    """What a server does when it gets a signal, by its name without SIG; unknown where that has not been measured."""
    if server.program == "gunicorn" and signal in _GUNICORN:
        return server.worker_class.map(lambda kind: _GUNICORN[signal].get(kind, _unmeasured(signal, f"{kind} workers")))
    if server.program == "uwsgi" and signal == "TERM":
        return _uwsgi_at_term(server)
    if server.program == "uvicorn" and signal == "HUP":
        return server.processes.map(lambda count: "reloads" if count > 1 else "dies")
    found = _REACTIONS.get(server.program, {}).get(signal)
    return Value(found or _unmeasured(signal, server.program))


def _uwsgi_at_term(server: Server) -> Value[str]:
    """It reloads where it has a master, unless it is told to end instead. Without a master the signal ends it."""
    settings = [server.value(name) for name in ("master", "die-on-term", "exit-on-reload")]
    return combine(lambda master, dies, leaves: "loses" if not master or dies or leaves else "reloads", *settings)


def _unmeasured(signal: str, what: str) -> Unknown:
    return Unknown(f"what {what} do at SIG{signal} has not been measured")
