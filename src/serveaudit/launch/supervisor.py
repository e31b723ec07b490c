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
_ENV = "ENV_"


def read_programs(sources: Sequence[SourceFile], env: Environment, cwd: Value[Any]) -> list[Unit]:
    """The programs of one supervisord: of its own file and of those that it includes.

    env, cwd  what supervisord itself is started with; its programs inherit them
    The keys of `[supervisord]` are every unit's, as `supervisord.nodaemon`; a `[fcgi-program:x]` has `socket`.
    """
    files = [ini.parse(source, "supervisor") for source in sources]
    reader = _Reader(env, cwd)
    main = [section for file in files for section in file.sections if section.name == "supervisord"]
    for section in main:
        reader.daemon(section)
    programs = [
        section for file in files for section in file.sections if section.name.startswith(("program:", "fcgi-program:"))
    ]
    return [reader.program(section) for section in programs]


def includes(source: SourceFile) -> list[Value[Any]]:
    """The patterns of `[include] files`, relative to the file itself."""
    reader = _Reader(Environment(), Value(""))
    entries = ini.parse(source, "supervisor").entries("include")
    return [word for entry in entries if entry.name == "files" for word in reader.filled(entry, "", 0).words()]


class _Reader:
    def __init__(self, env: Environment, cwd: Value[Any]) -> None:
        self.env = env
        self.cwd = cwd
        self.common: dict[str, Value[Any]] = {}
        self.user: Value[Any] = Value(None)

    def daemon(self, section: Section) -> None:
        """What `[supervisord]` says for all of its programs."""
        for entry in section.entries:
            filled = self.filled(entry, "", 0)
            if entry.name == "environment":
                self.env = self.env.over(dict(_assignments(filled)))
            elif entry.name == "directory":
                self.cwd = filled.value()
            elif entry.name == "user":
                self.user = filled.value()
            else:
                self.common[f"supervisord.{entry.name}"] = filled.value().map(_plain)

    def program(self, section: Section) -> Unit:
        _, _, name = section.name.partition(":")
        entries = {entry.name: self.filled(entry, name.strip(), 0) for entry in section.entries}
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
        """A value with `%(ENV_X)s`, `%(program_name)s`, `%(process_num)d` replaced; of several processes the first one's."""

        def lookup(name: str) -> Value[Any]:
            if name.startswith(_ENV):
                return self._inherited(name.removeprefix(_ENV))
            known = {"program_name": program, "group_name": program, "process_num": str(number), "numprocs": "1"}
            return Value(known[name]) if name in known else Value(Unknown(f"%({name})s is not known", about=name))

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


def _value(entries: dict[str, Filled], key: str) -> Value[Any]:
    return entries[key].value() if key in entries else Value(None)


def _or(value: Value[Any], default: Any, head: Place, note: str) -> Value[Any]:
    return value if value.x is not None else Value(default, (Place(head.span, How.DEFAULT, note),))


def _seconds(text: str) -> Seconds | Unknown:
    return Seconds(int(text)) if text.isdecimal() and len(text) < 12 else Unknown(f"{text}: no number of seconds")


def _plain(text: str) -> str | bool:
    return _BOOLEANS.get(text.lower(), text)
