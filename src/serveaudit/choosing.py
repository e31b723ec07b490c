"""Which server suits which need: the table behind the choice, drawn from what was measured, and the advice that follows.

Every cell is read from data/behaviour.json (or from `stopping`, for signals) and keeps the proofs that measured it; a default
is read from the program's own table. What was not measured stays empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from serveaudit.behaviour import Fact, cells_of
from serveaudit.serving import Row, Server
from serveaudit.source import SourceFile
from serveaudit.stopping import PROOFS_AT_TERM, reaction
from serveaudit.tables import facts
from serveaudit.units import Seconds
from serveaudit.values import Place, Value


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server with one kind of worker."""

    program: str
    worker: str = ""

    @property
    def name(self) -> str:
        return f"{self.program} {self.worker}".rstrip()


@dataclass(frozen=True, slots=True)
class Cell:
    """What a server does in a word or two, and the proofs that have seen it; empty for what was not measured."""

    text: str = ""
    proofs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Servers by what they do: `columns` are the headings behind the server's name, `rows` the cells of each server."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Candidate, tuple[Cell, ...]], ...]
    notes: tuple[str, ...] = ()

    @property
    def proofs(self) -> dict[str, list[str]]:
        """Each proof, and the columns whose cells it has measured."""
        found: dict[str, list[str]] = {}
        for _, cells in self.rows:
            for column, cell in zip(self.columns, cells, strict=True):
                for proof in cell.proofs:
                    columns = found.setdefault(proof, [])
                    columns += [column] if column not in columns else []
        return found


@dataclass(frozen=True, slots=True)
class Advice:
    """For one need: which servers have what it takes, in sentences."""

    need: str
    sentences: tuple[str, ...]


CANDIDATES = (
    *(Candidate("gunicorn", worker) for worker in ("sync", "gthread", "gevent", "asgi", "uvicorn")),
    *map(Candidate, ("uvicorn", "hypercorn", "daphne", "granian", "waitress", "uwsgi", "gevent")),
)
Ask = Callable[[Candidate], Cell]


def tables() -> list[Table]:
    """The tables, one for each group of questions."""
    return [
        _table(
            "What it serves",
            {
                "calls": _calls,
                "websockets": _websockets,
                "over 1.0": _old_handshake,
                "pings idle": _pings,
                "HTTP/2": _http_2,
            },
            "taken over: by applications that take the connection, as Flask-Sock and Flask-SocketIO do.",
            "over 1.0: over HTTP/1.0, which nginx before 1.29.7 speaks unless `proxy_http_version 1.1` stands there.",
            f"HTTP/3: a setting for it has only {', '.join(_with_quic())}; it was not measured.",
        ),
        _table(
            "What a request takes, and what ends it",
            {"a stream takes": _stream, "ends a request": _limit, "requests at SIGTERM": _at_term},
            "a task: a greenlet or a coroutine, of which one process has many.",
            "an empty field was not measured.",
        ),
        _table(
            "Whose forwarded headers it believes",
            {
                "by default": _trusted,
                "unix peers": _unix_peers,
                "scheme": partial(_header, "scheme"),
                "address": partial(_header, "address"),
            },
            "unix peers: a proxy that comes through a unix socket.",
            "scheme: from X-Forwarded-Proto; address: from X-Forwarded-For.",
        ),
    ]


def _table(title: str, questions: dict[str, Ask], *notes: str) -> Table:
    rows = tuple((each, tuple(ask(each) for ask in questions.values())) for each in CANDIDATES)
    return Table(title, tuple(questions), rows, notes)


def measured(server: Candidate, fact: str) -> Fact | None:
    """The cell of the newest release; None for what was not measured."""
    found = cells_of(server.program, server.worker, fact)
    return found[-1] if found else None


def setting(server: Candidate, name: str) -> Row | None:
    """A setting of the program's, or of the library that its worker comes from."""
    rows = (facts(program).row(name) for program in (server.program, server.worker) if program)
    return next((row for row in rows if row is not None), None)


def default(server: Candidate, name: str) -> str:
    """What holds where nobody sets it: `20 s`, `127.0.0.1`, `none`."""
    row = setting(server, name)
    if row is None or not row.default:
        return "none"
    return str(Seconds(float(row.default))) if row.unit == "s" else str(row.default)


def _asked(server: Candidate, name: str, tell: Callable[[Fact], str]) -> Cell:
    fact = measured(server, name)
    return Cell(tell(fact), (fact.proof,)) if fact is not None else Cell()


def _yes(fact: Fact) -> str:
    return "yes" if fact.value else "no"


def _calls(server: Candidate) -> Cell:
    return _asked(server, "calls", lambda fact: "either" if fact.value == "either" else str(fact.value).upper())


def _websockets(server: Candidate) -> Cell:
    if measured(server, "websockets_over_http_1_0"):
        return _asked(server, "websockets_over_http_1_0", lambda _: "yes")
    return _asked(server, "websockets_in_wsgi", lambda fact: "taken over" if fact.value else "no")


def _old_handshake(server: Candidate) -> Cell:
    return _asked(server, "websockets_over_http_1_0", _yes)


def _pings(server: Candidate) -> Cell:
    def tell(fact: Fact) -> str:
        every = default(server, fact.setting) if fact.setting else ""
        return "never" if not fact.setting else "if told to" if every == "none" else f"each {every}"

    return _asked(server, "websocket_ping", tell)


def _http_2(server: Candidate) -> Cell:
    return _asked(server, "http_2", lambda fact: "if told to" if fact.setting else _yes(fact))


def _stream(server: Candidate) -> Cell:
    return _asked(server, "stream_takes", lambda fact: "a task" if fact.value == "nothing" else f"a {fact.value}")


def _limit(server: Candidate) -> Cell:
    def tell(fact: Fact) -> str:
        return f"{fact.setting}: {default(server, fact.setting)}" if fact.setting else "none"

    return _asked(server, "request_limit", tell)


def _at_term(server: Candidate) -> Cell:
    told = {"finishes": "finished", "loses": "lost", "dies": "lost", "reloads": "lost, it reloads"}
    place = Place(SourceFile("", server.program).whole())
    given = Server(server.program, place, worker_class=Value(server.worker))
    found = reaction(given, "TERM").x
    return Cell(told[found], PROOFS_AT_TERM) if found in told else Cell()


def _trusted(server: Candidate) -> Cell:
    def tell(fact: Fact) -> str:
        peers = default(server, fact.setting) if fact.setting else str(fact.value)
        return {"*": "anybody", "": "nobody", "none": "nobody"}.get(peers, peers)

    return _asked(server, "trusted_peers", tell)


def _unix_peers(server: Candidate) -> Cell:
    return _asked(server, "trusts_unix_peers", partial(_yes_or_told, server))


def _header(kind: str, server: Candidate) -> Cell:
    if kind == "scheme" and measured(server, "clears_untrusted_headers"):
        return _asked(server, "clears_untrusted_headers", lambda _: "takes it out")
    return _asked(server, f"{kind}_from_header", partial(_yes_or_told, server))


def _yes_or_told(server: Candidate, fact: Fact) -> str:
    if not fact.setting:
        return _yes(fact)
    return "if told to" if default(server, fact.setting) == "none" else "yes"


def _with_quic() -> Iterator[str]:
    return (each.name for each in CANDIDATES if facts(each.program).row("quic_bind"))


def advice() -> list[Advice]:
    """What follows from the tables for each need."""
    return [
        Advice("Real time (websockets, event streams)", tuple(_real_time())),
        Advice("HTTP/2", tuple(_multiplexed())),
        Advice("High concurrency", tuple(_concurrent())),
        Advice("CPU-bound Django", tuple(_computing())),
    ]


def _real_time() -> Iterator[str]:
    sockets = [each for each in CANDIDATES if _websockets(each).text == "yes"]
    pinging = [each for each in sockets if _pings(each).text.startswith("each")]
    yield f"{_names(pinging)}: they open websockets and ping idle ones, so that a proxy's 60 s don't cut them."
    silent = [each for each in sockets if each not in pinging]
    yield f"{_names(silent)} open them too: tell them to ping, where they can, or raise proxy_read_timeout."
    old = [each for each in sockets if _old_handshake(each).text == "no"]
    yield f"Behind nginx before 1.29.7 {_names(old)} need `proxy_http_version 1.1`."
    yield f"Not {_names(each for each in CANDIDATES if _stream(each).text == 'a worker')}: each open stream takes a worker."


def _multiplexed() -> Iterator[str]:
    yield "nginx speaks it with browsers, whatever server stands behind it: mostly that is enough."
    yield f"End to end, as gRPC needs it: {_names(each for each in CANDIDATES if _http_2(each).text == 'yes')}."
    yield f"With `http_protocols`: {_names(each for each in CANDIDATES if _http_2(each).text == 'if told to')}."


def _concurrent() -> Iterator[str]:
    light = [each for each in CANDIDATES if _stream(each).text == "a task"]
    plain = [each for each in light if _calls(each).text == "WSGI"]
    threaded = [each for each in CANDIDATES if _stream(each).text == "a thread"]
    yield f"For ASGI {_names(each for each in light if each not in plain)}: an open request costs a task."
    yield f"For WSGI {_names(plain)}; with a thread for each open request {_names(threaded)}."


def _computing() -> Iterator[str]:
    ending = [each for each in CANDIDATES if _calls(each).text == "WSGI" and ":" in _limit(each).text]
    whole = [each for each in ending if _at_term(each).text == "finished"]
    yield "What computes gains from processes, as many as CPUs, not from an event loop, which it would block."
    yield f"{_names(ending)} can end a request that is stuck; {_names(whole)} also finishes what is running at SIGTERM."


def _names(servers: Iterable[Candidate]) -> str:
    *names, last = [each.name for each in servers] or ["none of them"]
    return f"{', '.join(names)} and {last}" if names else last


def seen(proof: str, runs: Mapping[str, Any]) -> dict[str, str]:
    """On which versions a proof was seen, in all its variants: program → version."""
    told = [run["on"] for name, run in runs.items() if name.partition("[")[0] == proof]
    return dict(sorted((program, version) for versions in told for program, version in versions.items()))
