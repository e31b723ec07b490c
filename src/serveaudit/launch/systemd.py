"""systemd's service and socket units.

Sources: systemd.service(5), systemd.exec(5), systemd.kill(5), systemd.socket(5), systemd.unit(5).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from serveaudit.command import Environment, Step
from serveaudit.formats import dotenv, ini
from serveaudit.formats.ini import Entry
from serveaudit.formats.words import SPECIFIERS, SYSTEMD, Filled, placeholders
from serveaudit.launching import Unit, signal_name
from serveaudit.source import SourceFile
from serveaudit.tables import facts
from serveaudit.units import Address, Seconds, address, duration
from serveaudit.values import How, Items, Place, Unknown, Value, unknown

Read = Callable[[str], SourceFile | None]
"""A file by the path that the unit has for it; None where the repository has none that is meant."""

_SIGNALS = frozenset(
    """HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU
    XFSZ VTALRM PROF WINCH IO POLL PWR SYS""".split()
)
_DIRECTORIES = {"t": "/run", "S": "/var/lib", "C": "/var/cache", "L": "/var/log", "E": "/etc", "T": "/tmp", "V": "/var/tmp"}
_BOOLEANS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_MODELLED = frozenset(("ExecStart", "ExecStartPre", "User", "WorkingDirectory", "Environment", "EnvironmentFile"))
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")
_PREFIXES = "-@:+!|"


def read_units(sources: Sequence[SourceFile], read: Read) -> list[Unit]:
    """The services and sockets among these files, each with its drop-ins (`x.service.d/*.conf`).

    A socket has no step: its `keys["ListenStream"]` holds Items of addresses, `keys["Service"]` what it starts.
    """
    units = []
    for source in sources:
        name = posixpath.basename(source.path)
        if name.endswith((".service", ".socket")):
            files = [source, *sorted(_drop_ins(source, name, sources), key=lambda each: posixpath.basename(each.path))]
            units.append(read_unit(name, files, read))
    return units


def read_unit(name: str, files: Sequence[SourceFile], read: Read) -> Unit:
    """One unit from its file and its drop-ins, the strongest last. `name` is `x.service` or `x.socket`."""
    section = "Socket" if name.endswith(".socket") else "Service"
    reader = _Reader(name, files, section, read)
    return reader.socket() if section == "Socket" else reader.service()


def _drop_ins(unit: SourceFile, name: str, sources: Iterable[SourceFile]) -> Iterator[SourceFile]:
    beside = posixpath.join(posixpath.dirname(unit.path), name + ".d")
    for source in sources:
        if posixpath.dirname(source.path) == beside and source.path.endswith(".conf"):
            yield source


class _Reader:
    def __init__(self, name: str, files: Sequence[SourceFile], section: str, read: Read) -> None:
        self.name = name
        self.read = read
        self.files = [ini.parse(source, "systemd") for source in files]
        heads = [each.head for file in self.files for each in file.sections if each.name == section]
        self.head = Place(heads[0] if heads else files[0].line_span(1))
        self.section = section
        self.entries = self._entries(section)

    def service(self) -> Unit:
        env, user = self._environment(), self._user()
        steps = tuple(step for entry in self.entries.get("ExecStart", ()) for step in self._steps(entry, env))
        before = tuple(step for entry in self.entries.get("ExecStartPre", ()) for step in self._steps(entry, env))
        signal = self._text("KillSignal")
        known = isinstance(signal.x, str) and (signal_name(signal.x) in _SIGNALS or signal_name(signal.x).startswith("RTM"))
        restart = self._text("Restart")
        return Unit(
            "systemd",
            self.name,
            steps[-1].place if steps else self.head,
            steps,
            before,
            stop_signal=signal.map(signal_name) if known else self._default("TERM", "systemd stops a service with SIGTERM"),
            stop_timeout=self._stop_timeout(),
            restart=restart if restart.x is not None else self._default("no", "systemd restarts nothing by itself"),
            user=user,
            keys=self._keys(),
        )

    def socket(self) -> Unit:
        keys = self._keys()
        listens = [self._address(entry) for entry in self.entries.get("ListenStream", ())]
        keys["ListenStream"] = Value(Items(tuple(listens)), tuple(place for value in listens for place in value.places))
        keys.setdefault("Service", Value(self.name.removesuffix(".socket") + ".service", (self.head,)))
        return Unit("systemd", self.name, self.head, user=self._text("SocketUser"), keys=keys)

    def _entries(self, section: str) -> dict[str, list[Entry]]:
        """A section's entries by key; an empty value takes back what was said before."""
        found: dict[str, list[Entry]] = {}
        for file in self.files:
            for entry in file.entries(section):
                if entry.value.text.strip():
                    found.setdefault(entry.name, []).append(entry)
                else:
                    found.pop(entry.name, None)
        return found

    def _filled(self, entry: Entry) -> Filled:
        """The value with its placeholders; specifiers are replaced too."""
        span = entry.value
        return placeholders(span.source.slice(span.start, span.end)).fill(SPECIFIERS, self._specifier)

    def _text(self, key: str) -> Value[Any]:
        """A setting's text, the last one given; None where it is not written."""
        entries = self.entries.get(key)
        return self._filled(entries[-1]).value() if entries else Value(None)

    def _default(self, x: Any, note: str) -> Value[Any]:
        return Value(x, (Place(self.head.span, How.DEFAULT, note),))

    def _specifier(self, letter: str) -> Value[Any]:
        stem, _, _ = self.name.rpartition(".")
        prefix, at, instance = stem.partition("@")
        known = {"n": self.name, "N": stem, "p": prefix, "h": "/root", "u": "root", **_DIRECTORIES}
        if not at:
            known["i"] = known["I"] = ""
        elif instance:
            known["i"] = instance
        if letter in known:
            return Value(known[letter])
        return Value(Unknown(f"%{letter} is known only where the unit is started", about=f"%{letter}"))

    def _steps(self, entry: Entry, env: Environment) -> Iterator[Step]:
        """A command line: without a shell, its variables replaced by systemd."""
        raw = self._filled(entry).raw_words()
        if not raw:
            return
        prefixes = re.match(f"[{re.escape(_PREFIXES)}]*", raw[0].view.text)
        flags = prefixes[0] if prefixes else ""
        raw[0] = raw[0].after(len(flags))
        if "@" in flags:
            del raw[1:2]
        words = [word for each in raw for word in self._word(each, env, ":" not in flags)]
        yield Step(Place(entry.value), argv=tuple(words), cwd=self._directory(), env=env)

    def _word(self, raw: Filled, env: Environment, replaces: bool) -> list[Value[Any]]:
        """One word; a `$NAME` that stands alone becomes as many as it holds, none where it is not set."""
        if not replaces:
            return [raw.unquoted().value()]
        alone = _VARIABLE.fullmatch(raw.view.text)
        if not alone:
            return [raw.unquoted().fill(SYSTEMD, env.get).value()]
        value = env.get(alone[1])
        place = Place(raw.view.whole())
        if value.x is None:
            return []
        if not isinstance(value.x, str):
            return [value.at(place, *value.places)]
        return [Value(word, (place,)).also(value) for word in value.x.split()]

    def _directory(self) -> Value[Any]:
        value = self._text("WorkingDirectory")
        if value.x is None:
            return self._default("/", "systemd starts a service in /")
        if value.x in ("~", "-~"):
            return unknown("the user's home directory is not known", *value.places)
        return value.map(lambda text: text.removeprefix("-"))

    def _user(self) -> Value[Any]:
        user = self._text("User")
        dynamic = self._text("DynamicUser")
        if user.x is None and dynamic.x is not None and _BOOLEANS.get(str(dynamic.x).lower(), dynamic.x == "1"):
            return dynamic.map(lambda _: self.name.removesuffix(".service"))
        if user.x is None and "/user/" in self.files[0].source.path:
            return unknown("a unit of a user's own systemd runs as that user", self.head)
        return user

    def _environment(self) -> Environment:
        """What files say wins over what the unit says."""
        env = Environment(
            {name: value for entry in self.entries.get("Environment", ()) for name, value in self._assigned(entry)}
        )
        for entry in self.entries.get("PassEnvironment", ()):
            names = self._filled(entry).value().x
            for name in names.split() if isinstance(names, str) else ():
                env = env.over({name: unknown(f"${name} comes from systemd itself", Place(entry.value), about=f"${name}")})
        for entry in self.entries.get("EnvironmentFile", ()):
            path = self._filled(entry).value()
            name = path.x.removeprefix("-") if isinstance(path.x, str) else ""
            source = self.read(name) if name else None
            if source:
                env = env.over(dict(_of_file(source)))
            else:
                env = env.over({}, Unknown(path.why or f"{name} is not in the repository", about=name))
        return env

    def _assigned(self, entry: Entry) -> Iterator[tuple[str, Value[Any]]]:
        for raw in self._filled(entry).raw_words():
            word = raw.unquoted()
            name, separator, _ = word.view.text.partition("=")
            if separator:
                yield name, word.after(len(name) + 1).value()

    def _stop_timeout(self) -> Value[Seconds]:
        """TimeoutStopSec, TimeoutSec; 0 and infinity are no limit."""
        given = self._text("TimeoutStopSec")
        given = given if given.x is not None else self._text("TimeoutSec")
        if given.x is None:
            return self._default(Seconds(90), "systemd kills what has not stopped after 90 s")

        def seconds(text: str) -> Seconds | Unknown:
            found = duration(text)
            return Unknown(f"{text}: no duration") if found is None else found or Seconds("inf")

        return given.map(seconds)

    def _address(self, entry: Entry) -> Value[Address]:
        """A port alone is on every address; a path is a socket's."""

        def read(text: str) -> Address | Unknown:
            if text.startswith(("/", "@")):
                return Address("unix", path=text)
            found = Address("tcp", port=int(text)) if text.isdecimal() and int(text) < 65536 else address(text)
            return found or Unknown(f"{text}: no address that is known here")

        return self._filled(entry).value().map(read)

    def _keys(self) -> dict[str, Value[Any]]:
        """Everything else as written; systemd's words for yes and no as booleans; what is given several times as Items. A key
        that stands in a section where systemd skips it has the section before its name: `Unit.Restart`."""
        found: dict[str, Value[Any]] = {}
        for section in ("Unit", "Install", self.section):
            entries = self.entries if section == self.section else self._entries(section)
            for key, given in entries.items():
                if _is_misplaced(key, section):
                    found[f"{section}.{key}"] = self._as_written(given)
                elif key not in _MODELLED:
                    found[key] = self._as_written(given)
        return found

    def _as_written(self, given: Sequence[Entry]) -> Value[Any]:
        values = [self._filled(entry).value() for entry in given]
        values = [value.map(lambda text: _BOOLEANS.get(text.lower(), text)) for value in values]
        return values[0] if len(values) == 1 else Value(Items(tuple(values)), tuple(value.places[0] for value in values))


def _is_misplaced(key: str, section: str) -> bool:
    row = facts("systemd").row(key)
    return row is not None and bool(row.sections) and section not in row.sections


def _of_file(source: SourceFile) -> Iterator[tuple[str, Value[Any]]]:
    """systemd replaces no variables in an EnvironmentFile."""
    for variable in dotenv.parse(source):
        yield variable.name, Value(variable.text.text, (Place(variable.text.whole()),))
