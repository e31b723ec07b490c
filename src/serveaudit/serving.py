"""What a server will run with: the common terms into which each program's settings are put."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from serveaudit.command import Command, Step
from serveaudit.source import Problem, SourceFile, Span
from serveaudit.units import Address
from serveaudit.values import Items, Place, Value

Origin = Literal["written", "flag", "environment", "default"]
Protocol = Literal["http", "uwsgi", "fastcgi", "scgi", "unknown"]


@dataclass(frozen=True, slots=True)
class Row:
    """What a program says of one of its settings; from data/<program>.json, generated from the program itself.

    type       bool, int, float, octal, duration, str, csv, words, list, choice, dict, class, callable, user, …
    choices    the words of a choice; for a class, its short names
    unit       "s" or "bytes": its values are units.Seconds or units.Bytes
    low, high  the bounds that the program itself checks, both included
    default    as the program has it; `default_note` where it is computed ("0.0.0.0:$PORT where $PORT is set")
    flags      spellings on the command line; `takes` how many words follow: 0, 1, "?" or "*"; `negations` say no to it
    const      what a flag without a word sets; None: True
    env        the variable that sets it, if any
    implies    other settings that it switches on; `immediate`: taken before variables in it are replaced (uWSGI)
    plugin     the plugin of uWSGI's that has it; `apart`: pip's build does not have that plugin inside
    needs      libraries that have to be there when uWSGI is built: pcre, ssl, …
    sections   systemd: the sections of a unit in which it stands
    """

    name: str
    type: str = "str"
    default: Any = None
    default_note: str = ""
    flags: tuple[str, ...] = ()
    takes: str = "1"
    env: str = ""
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    becomes: str = ""
    because: str = ""
    negations: tuple[str, ...] = ()
    const: Any = None
    unit: str = ""
    parameters: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    implies: tuple[str, ...] = ()
    immediate: bool = False
    plugin: str = ""
    apart: bool = False
    needs: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One effective setting.

    spelled    the name as written (`--keep-alive`, `keepalive_timeout`); `name` is the program's own
    bound_by   how a Python file binds the name: assign, import, def, class, for; key of a call or mapping; table of TOML;
               implied by another option; the section of a unit in which systemd does not read it
    overrides  what the same setting was given by weaker sources, strongest first
    row        None: the program knows no such setting
    refused    why the program does not start with this value, or fails of it later; its value is unknown then
    literal    the value alone as written, for a fix to replace
    """

    name: str
    value: Value[Any]
    origin: Origin
    place: Place
    spelled: str = ""
    bound_by: str = "assign"
    used_elsewhere: bool = False
    overrides: tuple[Setting, ...] = ()
    row: Row | None = None
    refused: str = ""
    literal: Span | None = None


@dataclass(frozen=True, slots=True)
class BadFlag:
    """A word of the command line that the program refuses (`refused`) or takes in silence without effect."""

    word: str
    place: Place
    near: str = ""
    refused: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """One address at which a server takes connections, and how it speaks there."""

    address: Value[Address]
    protocol: Protocol = "http"
    tls: Value[bool] = field(default_factory=lambda: Value(False))
    setting: str = "bind"


@dataclass(slots=True, eq=False)
class Server:
    """A server as one command starts it, or as its configuration file alone tells.

    program          gunicorn, uvicorn, hypercorn, daphne, uwsgi, gevent, granian, waitress, flask, django, werkzeug
    command          None for a configuration file that nothing starts
    version, asked   its release; what leaves it open, where it is not known: `gunicorn>=20,<23`
    settings         every setting by the program's own name, defaults included
    strange          names in a configuration file that the program does not know
    bad_flags        words that its command line does not take
    listeners        where it takes connections
    worker_class     gunicorn: sync, gthread, gevent, tornado, asgi, uvicorn, … ; empty for the others
    worker_base      the full name of the library's worker class, told where the repository names it; empty for a short name
    interface        what kind of application it calls: wsgi, asgi, rsgi, any
    request_limit    after how long a request is ended (seconds); None: never
    idle_keepalive   how long an idle connection is kept (seconds); None: connections are not kept, or the time is not measured
    graceful_timeout how long running requests get at shutdown (seconds); None: no limit; 0: dropped at once
    app              `module:attribute` as given
    config           the configuration file that was read, and (`config_syntax`) as what: python, toml, ini, …
    starts           other commands that it starts and stops with itself (uWSGI's attach-daemon)
    """

    program: str
    place: Place
    command: Command | None = None
    version: Value[str] = field(default_factory=lambda: Value(None))
    asked: str = ""
    settings: dict[str, Setting] = field(default_factory=dict)
    strange: list[Setting] = field(default_factory=list)
    bad_flags: list[BadFlag] = field(default_factory=list)
    listeners: Value[Items] = field(default_factory=lambda: Value(Items(())))
    worker_class: Value[str] = field(default_factory=lambda: Value(""))
    worker_base: Value[str] = field(default_factory=lambda: Value(""))
    interface: Value[str] = field(default_factory=lambda: Value("wsgi"))
    processes: Value[int] = field(default_factory=lambda: Value(1))
    threads: Value[int] = field(default_factory=lambda: Value(1))
    request_limit: Value[Any] = field(default_factory=lambda: Value(None))
    idle_keepalive: Value[Any] = field(default_factory=lambda: Value(None))
    graceful_timeout: Value[Any] = field(default_factory=lambda: Value(None))
    app: Value[str] = field(default_factory=lambda: Value(None))
    reload: Value[bool] = field(default_factory=lambda: Value(False))
    daemon: Value[bool] = field(default_factory=lambda: Value(False))
    config: SourceFile | None = None
    config_syntax: str = ""
    starts: tuple[Step, ...] = ()
    problems: list[Problem] = field(default_factory=list)

    def value(self, name: str) -> Value[Any]:
        """A setting's value; absent for a name that the program does not have."""
        setting = self.settings.get(name)
        return setting.value if setting else Value(None)
