"""What the user tells about an audit: `[tool.serveaudit]` in pyproject.toml, or serveaudit.toml, which wins.

Keys are checked when they are read: an unknown one, or a wrong type, is an error with its place and a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from os.path import normpath
from pathlib import Path
from typing import Any, Literal, NoReturn

from serveaudit.finding import Severity
from serveaudit.source import SourceFile, Unreadable
from serveaudit.suggest import hint
from serveaudit.units import Bytes, compose_size, quantity
from serveaudit.values import Place, Value

Outside = Literal["nginx", "external", "none"]
VERSIONED = ("gunicorn", "uvicorn", "hypercorn", "daphne", "uwsgi", "gevent", "granian", "waitress", "nginx", "django")
"""The programs whose versions a user may state."""


class ConfigError(Exception):
    """A configuration that can't be used; the message begins with the file and the line."""


def _nothing() -> Value[Any]:
    return Value(None)


@dataclass(frozen=True, slots=True)
class Stated:
    """`[deployment]`: what no audited file says. A value of None is not stated; the others stand at their line.

    cpus, memory, memory_per_worker   of the machine (CPUs; bytes)
    tls, proxy                        who terminates TLS and who proxies: nginx, something external, or nobody
    trusted_proxies                   addresses and networks from which proxies reach the servers (tuple of texts)
    python, versions                  versions in use, by program; that of Python decides which requirements hold
    """

    cpus: Value[float] = field(default_factory=_nothing)
    memory: Value[int] = field(default_factory=_nothing)
    memory_per_worker: Value[int] = field(default_factory=_nothing)
    tls: Value[Outside] = field(default_factory=_nothing)
    proxy: Value[Outside] = field(default_factory=_nothing)
    trusted_proxies: Value[tuple[str, ...]] = field(default_factory=_nothing)
    python: Value[str] = field(default_factory=_nothing)
    versions: Mapping[str, Value[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """How to audit. `select` and `ignore` hold rules and categories; an empty `select` is all of them.

    root       the directory that the globs, `baseline` and `rules` are relative to
    source     the file that it was read from; None where there is none
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    baseline: str | None = None
    rules: tuple[str, ...] = ()
    fail_on: Severity = Severity.WARNING
    min_severity: Severity = Severity.INFO
    all_contexts: bool = False
    deployment: Stated = field(default_factory=Stated)
    root: Path = field(default_factory=Path)
    source: SourceFile | None = None

    def excludes(self, path: str) -> bool:
        """Whether a file or directory (relative to the working directory) is left out."""
        return any(matches(self._inside(path), pattern) for pattern in self.exclude)

    def ignored_in(self, path: str) -> frozenset[str]:
        """The rules and categories that `per-file-ignores` switches off in a file."""
        if not self.per_file_ignores:
            return frozenset()
        inside = self._inside(path)
        return frozenset(name for glob, names in self.per_file_ignores.items() if matches(inside, glob) for name in names)

    def asks(self, rule: str, category: str) -> bool:
        """Whether a rule is asked."""
        chosen = not self.select or rule in self.select or category in self.select
        return chosen and rule not in self.ignore and (category not in self.ignore or rule in self.select)

    def _inside(self, path: str) -> str:
        absolute = Path(normpath(Path(path).absolute()))
        root = self.root.absolute()
        return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else absolute.as_posix()


def matches(path: str, pattern: str) -> bool:
    """Whether a path, or a directory that it lies in, matches a glob. `*` stops at `/`, `**` does not; a pattern without `/`
    matches a name at any depth."""
    anywhere = "" if "/" in pattern.rstrip("/") else "(.*/)?"
    return re.fullmatch(anywhere + _glob(pattern.strip("/")) + "(/.*)?", path) is not None


def load(start: Path) -> Config:
    """The configuration for a directory: its own, or the nearest one further out in the same repository. Raises ConfigError."""
    for directory in (start.absolute(), *start.absolute().parents):
        for name, table in (("serveaudit.toml", ()), ("pyproject.toml", ("tool", "serveaudit"))):
            config = _load_file(directory / name, table)
            if config is not None:
                return config
        if (directory / ".git").exists():
            break
    return Config(root=start)


def read(source: SourceFile, table: Sequence[str] = (), root: Path | None = None) -> Config | None:
    """The configuration that a text holds under a table; None where it has no such table. Raises ConfigError."""
    import tomllib  # most runs have no configuration

    try:
        found: Any = tomllib.loads(source.text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        if table and not re.search(r"^\s*\[.*\bserveaudit\b", source.text, re.MULTILINE):
            return None
        line = re.search(r"line (\d+)", str(error))
        place = f"{source.path}:{line[1]}" if line else source.path
        raise ConfigError(f"{place}: not valid TOML: {error}") from None
    for name in table:
        found = found.get(name) if isinstance(found, dict) else None
    return None if found is None else _Reader(source, tuple(table)).config(found, root or Path())


def _load_file(path: Path, table: Sequence[str]) -> Config | None:
    if not path.is_file():
        return None
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    try:
        return read(SourceFile.decode(shown.as_posix(), path.read_bytes()), table, path.parent)
    except (OSError, Unreadable) as error:
        if table:
            return None
        raise ConfigError(f"{shown}: can't be read: {error}") from None


def _glob(pattern: str) -> str:
    special = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return "".join(special.get(part) or re.escape(part) for part in parts)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns a table's plain values into a Config, and tells mistakes at their lines."""

    source: SourceFile
    table: tuple[str, ...]

    def config(self, found: object, root: Path) -> Config:
        known: dict[str, Callable[[str, Any], Any]] = {
            "select": self.names,
            "ignore": self.names,
            "exclude": self.names,
            "per-file-ignores": self.ignores,
            "baseline": self.text,
            "rules": self.names,
            "fail-on": self.severity,
            "min-severity": self.severity,
            "all-contexts": self.switch,
            "deployment": self.stated,
        }
        return Config(**self.fields(found, "", known), root=root, source=self.source)

    def fields(self, found: object, prefix: str, known: Mapping[str, Callable[[str, Any], Any]]) -> dict[str, Any]:
        """The read values by their names as Python spells them."""
        if not isinstance(found, dict):
            self.fail(prefix.rstrip("."), "must be a table")
        for key in found:
            if key not in known:
                self.fail(prefix + key, "unknown key" + hint(key, known))
        return {key.replace("-", "_"): known[key](prefix + key, value) for key, value in found.items()}

    def stated(self, key: str, found: Any) -> Stated:
        outside = ("nginx", "external", "none")
        known: dict[str, Callable[[str, Any], Any]] = {
            "cpus": self.number,
            "memory": self.size,
            "memory-per-worker": self.size,
            "tls": partial(self.choice, choices=outside),
            "proxy": partial(self.choice, choices=outside),
            "trusted-proxies": self.networks,
            "python": self.version,
            **dict.fromkeys(VERSIONED, self.version),
        }
        values = self.fields(found, f"{key}.", known)
        versions = {name: values.pop(name) for name in VERSIONED if name in values}
        return Stated(**values, versions=versions)

    def names(self, key: str, value: object) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fail(key, "must be a list of strings")
        return tuple(value)

    def ignores(self, key: str, value: object) -> dict[str, tuple[str, ...]]:
        if not isinstance(value, dict):
            self.fail(key, "must be a table of a glob and a list of rules")
        return {glob: self.names(f"{key}.{glob}", names) for glob, names in value.items()}

    def text(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            self.fail(key, "must be a string")
        return value

    def switch(self, key: str, value: object) -> bool:
        if not isinstance(value, bool):
            self.fail(key, "must be true or false")
        return value

    def severity(self, key: str, value: object) -> Severity:
        return Severity[self.one_of(key, value, ("error", "warning", "info")).upper()]

    def choice(self, key: str, value: object, choices: tuple[str, ...]) -> Value[Any]:
        return self.value(key, self.one_of(key, value, choices))

    def one_of(self, key: str, value: object, choices: tuple[str, ...]) -> str:
        if value not in choices:
            self.fail(key, f"must be one of {', '.join(choices)}" + hint(str(value), choices))
        return str(value)

    def number(self, key: str, value: object) -> Value[float]:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 100_000:
            self.fail(key, "must be a positive number")
        return self.value(key, value)

    def size(self, key: str, value: object) -> Value[int]:
        found = (compose_size(value) or quantity(value)) if isinstance(value, str) else None
        if isinstance(value, int) and not isinstance(value, bool):
            found = Bytes(value)
        if not found or found < 0:
            self.fail(key, 'must be a size, such as "512m" or "2Gi"')
        return self.value(key, found)

    def networks(self, key: str, value: object) -> Value[tuple[str, ...]]:
        names = self.names(key, value)
        for name in names:
            if not _is_network(name):
                self.fail(key, f'{name!r} is no address or network, such as "10.0.0.0/8"')
        return self.value(key, names)

    def version(self, key: str, value: object) -> Value[str]:
        if not isinstance(value, str) or not re.fullmatch(r"\d+(\.\d+)*\S*", value):
            self.fail(key, 'must be a version in quotes, such as "1.22"')
        return self.value(key, value)

    def value(self, key: str, found: Any) -> Value[Any]:
        return Value(found, (Place(self.source.line_span(self.line(key))),))

    def fail(self, key: str, why: str) -> NoReturn:
        raise ConfigError(f"{self.source.path}:{self.line(key)}: {key or 'serveaudit'}: {why}")

    def line(self, key: str) -> int:
        """The line at which a key, or a table's key, stands; the head of its table where it can't be told."""
        path = (*self.table, *key.split(".", 1))
        found = [(len(keys), -line) for line, keys in _keys(self.source) if path[: len(keys)] == keys]
        return -max(found, default=(0, -1))[1]


def _is_network(text: str) -> bool:
    import ipaddress  # most runs have no configuration

    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


_NAME = r"""[\w-]+|"[^"]*"|'[^']*'"""
_HEAD = re.compile(rf"\s*\[\[?\s*((?:{_NAME})(?:\s*\.\s*(?:{_NAME}))*)\s*\]")
_KEY = re.compile(rf"\s*((?:{_NAME})(?:\s*\.\s*(?:{_NAME}))*)\s*=")


def _keys(source: SourceFile) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every line (from 1) that names a table or a key, with the whole dotted name. tomllib tells no lines."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(source.text.split("\n"), 1):
        if head := _HEAD.match(line):
            table = _parts(head[1])
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_parts(key[1]))


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_NAME, dotted))
