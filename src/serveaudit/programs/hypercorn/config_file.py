"""hypercorn's configuration file: Python, or TOML, and what the names in it set (hypercorn/config.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from serveaudit.bindings import setting_of
from serveaudit.command import Command, Environment, Files
from serveaudit.conversion import Refused, convert, from_text
from serveaudit.formats import python, toml
from serveaudit.formats.python import Call, Class, ClassRef, Made, Module, ModuleRef
from serveaudit.keywords import from_mapping
from serveaudit.precedence import Layer
from serveaudit.serving import Row, Setting
from serveaudit.source import Problem, SourceFile
from serveaudit.tables import Facts, facts
from serveaudit.values import Items, Place, Table, Unknown, Value

LEVELS = ("critical", "error", "warning", "info", "debug")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What a configuration file sets, and the names in it that hypercorn keeps without any effect; `refused` says why hypercorn
    does not start with it."""

    layer: Layer = field(default_factory=Layer)
    strange: tuple[Setting, ...] = ()
    problems: tuple[Problem, ...] = ()
    source: SourceFile | None = None
    syntax: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a program runs: its variables and the files that it finds."""

    env: Environment = field(default_factory=Environment)
    files: Files | None = None
    cwd: str = ""

    @property
    def known(self) -> Facts:
        """The settings of the release that is installed there."""
        return facts("hypercorn", self.env.releases)

    def file(self, path: str) -> SourceFile | Unknown:
        found = self.files.read(path, self.cwd) if self.files else None
        return Unknown(f"{path} is not in the repository", path) if found is None else found

    def module(self, dotted: str) -> SourceFile | Unknown | None:
        return self.files.module(dotted, self.cwd) if self.files else None

    def read(self, source: SourceFile) -> Module:
        return python.read(source, self.env, self.module)


def home_of(command: Command | None) -> Home:
    if command is None:
        return Home()
    return Home(command.env, command.files, command.directory)


def named(config: Setting, home: Home) -> ConfigFile:
    """The file of `-c`: `python:MODULE`, `file:PATH`, and anything else is read as TOML, whatever its name ends in."""
    if config.value.x is None:
        return ConfigFile()
    if not isinstance(config.value.x, str):
        return _unread(Unknown(config.value.why or "the configuration file depends on a choice"))
    kind, colon, rest = config.value.x.partition(":")
    if colon and kind == "python":
        file = from_name(rest, home)
    elif colon and kind == "file":
        file = from_path(rest, home, from_python)
    else:
        file = from_path(config.value.x, home, from_toml)
    if file.source is None and file.layer.unread is not None:
        return replace(file, problems=(Problem(config.place.span, file.layer.unread.why),))
    return file


def _unread(why: Unknown) -> ConfigFile:
    return ConfigFile(Layer(unread=why))


def from_path(path: str, home: Home, read: Callable[[SourceFile, Home], ConfigFile]) -> ConfigFile:
    """A file by its path."""
    source = home.file(path)
    return read(source, home) if isinstance(source, SourceFile) else _unread(source)


def from_name(dotted: str, home: Home) -> ConfigFile:
    """A module by its name, or what a module holds by that name: `deploy.config`, `deploy.settings.Production`."""
    source = home.module(dotted)
    if isinstance(source, SourceFile):
        return from_python(source, home)
    module, _, name = dotted.rpartition(".")
    holder = home.module(module) if module else None
    if isinstance(holder, SourceFile):
        return replace(from_object(home.read(holder).value(name), home), source=holder, syntax="python")
    return _unread(source or Unknown(f"{dotted} is not in the repository", dotted))


def from_toml(source: SourceFile, home: Home) -> ConfigFile:
    """The keys at the top level of a TOML file; tables have no effect, but for a setting that is a dictionary."""
    parsed = toml.parse(source)
    if parsed.problems:
        unread = Unknown(f"{source.path} is not TOML: {parsed.problems[0].message}")
        return ConfigFile(Layer(unread=unread), problems=tuple(parsed.problems), source=source, syntax="toml")
    made = [_key(source, name, item, parsed.root, row_of(home.known, name)) for name, item in parsed.root.items.items()]
    return replace(_sorted(made), source=source, syntax="toml")


def _key(source: SourceFile, name: str, item: Any, root: toml.Table, row: Row | None) -> Setting:
    key = root.keys[name]
    if not isinstance(item, Value):
        table = item[0] if isinstance(item, list) else item
        place = Place(table.head)
        is_dict = row is not None and row.type == "dict"
        return Setting(name, Value(Table(()), (place,)), "written", place, name, "table", row=row if is_dict else None)
    literal = item.places[0].span
    place = Place(source.span(key.start, literal.end))
    return _converted(Setting(name, item.at(place), "written", place, name, "key", row=row, literal=literal))


def from_python(source: SourceFile, home: Home) -> ConfigFile:
    """A Python file: all its names become attributes of the Config, those that it imports from modules too."""
    return replace(_from_module(home.read(source)), source=source, syntax="python")


def _from_module(module: Module) -> ConfigFile:
    known = facts("hypercorn", module.env.releases)
    made = [
        _converted(setting_of(binding, row_of(known, name)))
        for name, binding in module.bindings.items()
        if not name.startswith("__") and (binding.by != "import" or row_of(known, name))
    ]
    unread = module.complete if isinstance(module.complete, Unknown) else None
    if module.problems:
        unread = Unknown(f"{module.source.path} can't be read: {module.problems[0].message}")
    found = _sorted(made, unread)
    assumes = {name: value.assumes for name, value in module.unbound.items() if value.assumes}
    return replace(found, layer=replace(found.layer, assumes=assumes), problems=tuple(module.problems))


def from_object(value: Value[Any] | None, home: Home) -> ConfigFile:
    """What `Config.from_object(…)` takes from a module, a class, an object, or the name of one of these."""
    match value.x if value is not None else None:
        case str(dotted):
            return from_name(dotted, home)
        case ModuleRef(module=module):
            return _from_module(module)
        case ClassRef(cls=cls):
            return _sorted(_attributes(_members(cls), cls.place, home.known))
        case Made(cls=Class() as cls, attributes=own):
            return _sorted(_attributes({**_members(cls), **own}, cls.place, home.known))
        case Made(dotted=dotted) if dotted.startswith("hypercorn."):
            why = "hypercorn can't copy a Config: it ends with an AttributeError (cert_reqs); name a module or a class"
            return replace(_unread(Unknown(why)), refused=why)
    return _unread(Unknown("what the Config is made from is not known"))


def _members(cls: Class) -> dict[str, Value[Any]]:
    """A class's attributes, those that it inherits in the repository included."""
    return {name: value for each in reversed(list(cls.ancestors())) for name, value in each.attributes.items()}


def from_config(value: Value[Any] | None, home: Home) -> ConfigFile:
    """What a Config of a program sets: `Config()` or `Config.from_…(…)`, and over that `config.bind = […]`."""
    config = value.x if value is not None else None
    if not isinstance(config, Made) or config.call is None or not config.dotted.startswith("hypercorn."):
        return _unread(Unknown("what the Config sets is not known"))
    made = _made(config.call, config.dotted.rpartition(".")[2], home)
    over = _sorted(_attributes(config.attributes, config.call.place, home.known))
    certain = made.layer.certain | over.layer.certain
    layer = replace(made.layer, settings={**made.layer.settings, **over.layer.settings}, certain=certain)
    return replace(made, layer=layer, strange=(*over.strange, *made.strange))


def _made(call: Call, by: str, home: Home) -> ConfigFile:
    """What a Config starts with."""
    given = call.argument(0, {"from_mapping": "mapping", "from_object": "instance"}.get(by, "filename"))
    match by:
        case "from_mapping":
            return _from_mapping(call, given, home.known)
        case "from_object":
            return from_object(given, home)
        case "from_toml" | "from_pyfile" if given is not None and isinstance(given.x, str):
            return from_path(given.x, home, from_toml if by == "from_toml" else from_python)
        case "from_toml" | "from_pyfile":
            return _unread(Unknown("the file that the Config is read from is not known"))
    return ConfigFile()


def _from_mapping(call: Call, mapping: Value[Any] | None, known: Facts) -> ConfigFile:
    """Keywords count more than the mapping."""
    if mapping is not None and not isinstance(mapping.x, Table):
        return _unread(Unknown("the mapping that the Config is made from is not known"))
    table = mapping.x if mapping is not None else Table(())
    layer, strange = from_mapping(known, table, from_file)
    keywords = {name: value for name, value in call.named.items() if name != "mapping"}
    more = _sorted(_attributes(keywords, call.place, known))
    unread = layer.unread or (call.complete if isinstance(call.complete, Unknown) else None)
    certain = layer.certain | more.layer.certain
    return ConfigFile(Layer({**layer.settings, **more.layer.settings}, unread, certain), (*strange, *more.strange))


def _attributes(values: Mapping[str, Value[Any]], otherwise: Place, known: Facts) -> list[Setting]:
    placed = {name: value if value.places else value.at(otherwise) for name, value in values.items()}
    return [_attribute(name, value, row_of(known, name)) for name, value in placed.items()]


def _attribute(name: str, value: Value[Any], row: Row | None) -> Setting:
    place = value.places[0]
    return _converted(Setting(name, value, "written", place, name, "assign", row=row, literal=place.span))


def row_of(table: Facts, name: str) -> Row | None:
    """The setting of a name in a file. `config` is an option of the command line alone."""
    return table.rows.get(name) if name != "config" else None


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
    if row.name == "root_path" and isinstance(x, str):
        return x.rstrip("/")
    if row.type == "list" and isinstance(x, str):
        return Items((Value(x),))
    if row.type == "list" and not isinstance(x, Items):
        raise Refused("a text or a list of texts is wanted")
    if row.type in ("int", "float") and x is not None and not isinstance(x, int | float):
        raise Refused("a number is wanted")
    return x


def from_word(row: Row, text: Any) -> Any:
    return from_file(row, from_text(row, text)) if row.type != "list" else text
