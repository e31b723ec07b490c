"""supervisord's programs.

Source: Supervisor's manual, "Configuration File"; supervisor/options.py for how variables and words are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from serveaudit.command import Environment, Step
from serveaudit.formats import ini
from serveaudit.formats.ini import Entry, Section
from serveaudit.formats.words import SUPERVISOR, Filled, placeholders
from serveaudit.launching import Unit, signal_name
from serveaudit.source import SourceFile
from serveaudit.units import Seconds
from serveaudit.values import How, Place, Unknown, Value

_BOOLEANS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
_MODELLED = frozenset(("command", "directory", "environment", "user"))
_COMMON = frozenset(("supervisord", "inet_http_server", "include"))
_ENV = "ENV_"
_MOST_PROCESSES = 32


def read_programs(
    sources: Sequence[SourceFile], env: Environment, cwd: Value[Any], directories: Sequence[str] = ()
) -> list[Unit]:
    """The programs of one supervisord: of its own file and of those that it includes. Where each process of a program gets
    another command, each is a unit of its own.

    env, cwd     what supervisord itself is started with; its programs inherit them
    directories  where the files lie for supervisord
    The keys of `[supervisord]`, `[inet_http_server]` and `[include]` are every unit's, as `supervisord.nodaemon`; a
    `[fcgi-program:x]` has `socket`.
    """
    files = [ini.parse(source, "supervisor") for source in sources]
    reader = _Reader(env, cwd)
    main = [section for file in files for section in file.sections if section.name in _COMMON]
    for section in main:
        reader.daemon(section)
    units = []
    for number, file in enumerate(files):
        reader.here = directories[number] if number < len(directories) else ""
        for section in file.sections:
            if section.name.startswith(("program:", "fcgi-program:")):
                units += reader.programs(section)
    return units


def includes(source: SourceFile, directory: str = "") -> list[Value[Any]]:
    """The patterns of `[include] files`, relative to the file itself, which lies in that directory."""
    reader = _Reader(Environment(), Value(""))
    reader.here = directory
    entries = ini.parse(source, "supervisor").entries("include")
    return [word for entry in entries if entry.name == "files" for word in reader.filled(entry, "", 0).words()]


class _Reader:
    def __init__(self, env: Environment, cwd: Value[Any]) -> None:
        self.env = env
        self.cwd = cwd
        self.common: dict[str, Value[Any]] = {}
        self.user: Value[Any] = Value(None)
        self.here = ""

    def daemon(self, section: Section) -> None:
        """What `[supervisord]` says for all of its programs, and the sections beside it."""
        for entry in section.entries:
            filled = self.filled(entry, "", 0)
            if section.name != "supervisord":
                self.common[f"{section.name}.{entry.name}"] = filled.value()
            elif entry.name == "environment":
                self.env = self.env.over(dict(_assignments(filled)))
            elif entry.name == "directory":
                self.cwd = filled.value()
            elif entry.name == "user":
                self.user = filled.value()
            else:
                self.common[f"supervisord.{entry.name}"] = filled.value().map(_plain)

    def programs(self, section: Section) -> list[Unit]:
        """A unit for every process whose command is not that of the first one."""
        given = {entry.name: entry.value.text.strip() for entry in section.entries}
        start, count = (_number(given.get(key), default) for key, default in (("numprocs_start", 0), ("numprocs", 1)))
        units = [self.program(section, start + number) for number in range(min(count, _MOST_PROCESSES))]
        return [unit for number, unit in enumerate(units) if number == 0 or _words(unit) != _words(units[0])]

    def program(self, section: Section, number: int) -> Unit:
        _, _, name = section.name.partition(":")
        entries = {entry.name: self.filled(entry, name.strip(), number) for entry in section.entries}
        head = Place(section.head)
        env = self.env.over(dict(_assignments(entries["environment"])) if "environment" in entries else {})
        directory = entries["directory"].value() if "directory" in entries else self.cwd
        steps = tuple(_steps(entries, section, directory, env))
        signal = _value(entries, "stopsignal").map(signal_name)
        seconds = _value(entries, "stopwaitsecs").map(_seconds)
        restart = _value(entries, "autorestart")
        user = _value(entries, "user")
        return Unit(
            "supervisor",
            name.strip(),
            steps[0].place if steps else head,
            steps,
            stop_signal=_or(signal, "TERM", head, "supervisord stops a program with TERM"),
            stop_timeout=_or(seconds, Seconds(10), head, "supervisord kills what has not stopped after 10 s"),
            restart=_or(restart, "unexpected", head, "supervisord restarts what ends unexpectedly"),
            user=user if user.x is not None else self.user,
            keys={
                **self.common,
                **{key: filled.value().map(_plain) for key, filled in entries.items() if key not in _MODELLED},
            },
        )

    def filled(self, entry: Entry, program: str, number: int) -> Filled:
        """A value with `%(ENV_X)s`, `%(program_name)s`, `%(process_num)02d` and `%(here)s` replaced."""

        def lookup(formatted: str) -> Value[Any]:
            name, _, form = formatted.partition(")")
            if name.startswith(_ENV):
                return self._inherited(name.removeprefix(_ENV))
            if name == "process_num":
                return Value(f"%{form}" % number)
            known = {"program_name": program, "group_name": program, "here": self.here}
            return Value(known[name]) if known.get(name) else Value(Unknown(f"%({name})s is not known", about=name))

        view = entry.value.source.slice(entry.value.start, entry.value.end)
        return placeholders(view).fill(SUPERVISOR, lookup)

    def _inherited(self, name: str) -> Value[Any]:
        """A variable of supervisord's own; one that is not set keeps supervisord from starting, so it must be set elsewhere."""
        value = self.env.get(name)
        if value.x is not None:
            return value
        return Value(Unknown(f"${name} is set nowhere in the repository", about=f"${name}"), (), (), value.depends)


def _steps(entries: dict[str, Filled], section: Section, cwd: Value[Any], env: Environment) -> Iterator[Step]:
    if "command" in entries:
        span = next(entry.value for entry in reversed(section.entries) if entry.name == "command")
        yield Step(Place(span), argv=tuple(entries["command"].words()), cwd=cwd, env=env)


def _assignments(filled: Filled) -> Iterator[tuple[str, Value[Any]]]:
    """`A="x,y",B=2`: commas part what is not quoted."""
    start, quote, text = 0, "", filled.view.text
    for at, char in enumerate(text + ","):
        if quote or char in "\"'":
            quote = "" if char == quote else quote or char
        if (char == "," and not quote) or at == len(text):
            part = filled.between(start, min(at, len(text)))
            name, separator, _ = part.view.text.partition("=")
            if separator:
                yield name.strip(), part.after(len(name) + 1).unquoted().value()
            start = at + 1


def _words(unit: Unit) -> list[object]:
    return [word.x for step in unit.steps for word in step.argv]


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 6 else default


def _value(entries: dict[str, Filled], key: str) -> Value[Any]:
    return entries[key].value() if key in entries else Value(None)


def _or(value: Value[Any], default: Any, head: Place, note: str) -> Value[Any]:
    return value if value.x is not None else Value(default, (Place(head.span, How.DEFAULT, note),))


def _seconds(text: str) -> Seconds | Unknown:
    return Seconds(int(text)) if text.isdecimal() and len(text) < 12 else Unknown(f"{text}: no number of seconds")


def _plain(text: str) -> str | bool:
    return _BOOLEANS.get(text.lower(), text)
