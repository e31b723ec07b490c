"""hypercorn's configuration file: Python, or TOML, and what the names in it set (hypercorn/config.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from serveaudit.bindings import setting_of
from serveaudit.command import Command, Environment, Files
from serveaudit.conversion import Refused, convert, from_text
from serveaudit.formats import python, toml
from serveaudit.formats.python import Made, Module
from serveaudit.keywords import from_mapping
from serveaudit.precedence import Layer
from serveaudit.serving import Row, Setting
from serveaudit.source import Problem, SourceFile
from serveaudit.tables import facts
from serveaudit.values import Items, Place, Table, Unknown, Value

LEVELS = ("critical", "error", "warning", "info", "debug")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What a configuration file sets, and the names in it that hypercorn keeps without any effect."""

    layer: Layer = field(default_factory=Layer)
    strange: tuple[Setting, ...] = ()
    problems: tuple[Problem, ...] = ()
    source: SourceFile | None = None
    syntax: str = ""


def named(config: Setting, command: Command) -> ConfigFile:
    """The file of `-c`: `python:MODULE`, `file:PATH`, and anything else is read as TOML, whatever its name ends in."""
    if config.value.x is None:
        return ConfigFile()
    if not isinstance(config.value.x, str):
        return ConfigFile(Layer(unread=Unknown(config.value.why or "the configuration file depends on a choice")))
    kind, colon, rest = config.value.x.partition(":")
    kind, path = (kind, rest) if colon and kind in ("python", "file") else ("toml", config.value.x)
    cwd = command.cwd.x if isinstance(command.cwd.x, str) else ""
    files = command.files
    source = (files.module(path, cwd) if kind == "python" else files.read(path, cwd)) if files else None
    if isinstance(source, SourceFile):
        return from_toml(source) if kind == "toml" else from_python(source, command.env, files, cwd)
    if kind == "python" and files and (file := _instance(path, command, files, cwd)):
        return file
    unread = Unknown(f"{path} is not in the repository", path) if source is None else source
    return ConfigFile(Layer(unread=unread), problems=(Problem(config.place.span, unread.why),))


def _instance(path: str, command: Command, files: Files, cwd: str) -> ConfigFile | None:
    """`python:module.instance`: a Config, or any object, of a module."""
    module, _, name = path.rpartition(".")
    source = files.module(module, cwd) if module else None
    if not isinstance(source, SourceFile):
        return None
    return replace(from_object(_read(source, command.env, files, cwd).value(name)), source=source, syntax="python")


def from_toml(source: SourceFile) -> ConfigFile:
    """The keys at the top level of a TOML file; tables have no effect, but for a setting that is a dictionary."""
    parsed = toml.parse(source)
    if parsed.problems:
        unread = Unknown(f"{source.path} is not TOML: {parsed.problems[0].message}")
        return ConfigFile(Layer(unread=unread), problems=tuple(parsed.problems), source=source, syntax="toml")
    made = [_key(source, name, item, parsed.root) for name, item in parsed.root.items.items()]
    return replace(_sorted(made), source=source, syntax="toml")


def _key(source: SourceFile, name: str, item: Any, root: toml.Table) -> Setting:
    row, key = row_of(name), root.keys[name]
    if not isinstance(item, Value):
        table = item[0] if isinstance(item, list) else item
        place = Place(table.head)
        is_dict = row is not None and row.type == "dict"
        return Setting(name, Value(Table(()), (place,)), "written", place, name, "table", row=row if is_dict else None)
    literal = item.places[0].span
    place = Place(source.span(key.start, literal.end))
    return _converted(Setting(name, item.at(place), "written", place, name, "key", row=row, literal=literal))


def from_python(source: SourceFile, env: Environment, files: Files | None, cwd: str) -> ConfigFile:
    """A Python file: all its names become attributes of the Config, those that it imports from modules too."""
    module = _read(source, env, files, cwd)
    made = [
        _converted(setting_of(binding, row_of(name)))
        for name, binding in module.bindings.items()
        if not name.startswith("__") and (binding.by != "import" or row_of(name))
    ]
    unread = module.complete if isinstance(module.complete, Unknown) else None
    if module.problems:
        unread = Unknown(f"{source.path} can't be read: {module.problems[0].message}")
    found = _sorted(made, unread)
    assumes = {name: value.assumes for name, value in module.unbound.items() if value.assumes}
    layer = replace(found.layer, assumes=assumes)
    return replace(found, layer=layer, problems=tuple(module.problems), source=source, syntax="python")


def _read(source: SourceFile, env: Environment, files: Files | None, cwd: str) -> Module:
    return python.read(source, env, (lambda dotted: files.module(dotted, cwd)) if files else (lambda dotted: None))


def from_object(value: Value[Any] | None) -> ConfigFile:
    """What a Config object sets: `config = Config()`, `config.bind = […]`, or `Config.from_mapping({…})`."""
    if value is None or not isinstance(value.x, Made) or not value.x.dotted.startswith("hypercorn."):
        return ConfigFile(Layer(unread=Unknown("what the Config sets is not known")))
    if re.search(r"\.from_(toml|pyfile|object)$", value.x.dotted):
        return ConfigFile(Layer(unread=Unknown("the file that the Config is read from is not known")))
    attributes = [_attribute(name, each) for name, each in value.x.attributes.items()]
    found = _sorted(attributes)
    mapping = value.x.call.argument(0, "mapping") if value.x.call and value.x.dotted.endswith(".from_mapping") else None
    if mapping is not None and isinstance(mapping.x, Table):
        layer, strange = from_mapping(facts("hypercorn"), mapping.x, from_file)
        layer = replace(layer, settings={**layer.settings, **found.layer.settings})
        return ConfigFile(layer, (*found.strange, *strange))
    return found


def _attribute(name: str, value: Value[Any]) -> Setting:
    place = value.places[0]
    return _converted(Setting(name, value, "written", place, name, "assign", row=row_of(name), literal=place.span))


def row_of(name: str) -> Row | None:
    """The setting of a name in a file. `config` is an option of the command line alone."""
    return facts("hypercorn").rows.get(name) if name != "config" else None


def _sorted(made: Iterable[Setting], unread: Unknown | None = None) -> ConfigFile:
    made = list(made)
    known = {each.name: each for each in made if each.row}
    return ConfigFile(Layer(known, unread, frozenset(known)), tuple(each for each in made if each.row is None))


def _converted(setting: Setting) -> Setting:
    if setting.row is None:
        return setting
    value, refused = convert("hypercorn", setting.row, setting.value, from_file)
    return replace(setting, value=value, refused=refused)


def from_file(row: Row, x: Any) -> Any:
    """hypercorn checks nothing when it reads a file: what it then fails with is refused here."""
    if row.name == "worker_class" and x not in row.choices:
        raise Refused(f"one of {', '.join(row.choices)} is wanted")
    if row.name == "loglevel" and str(x).lower() not in LEVELS:
        raise Refused(f"one of {', '.join(LEVELS)} is wanted")
    if row.type == "list" and isinstance(x, str):
        return Items((Value(x),))
    if row.type == "list" and not isinstance(x, Items):
        raise Refused("a text or a list of texts is wanted")
    if row.type in ("int", "float") and x is not None and not isinstance(x, int | float):
        raise Refused("a number is wanted")
    return x


def from_word(row: Row, text: Any) -> Any:
    return from_file(row, from_text(row, text)) if row.type != "list" else text
