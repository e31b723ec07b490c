"""gunicorn's configuration file: which one is read, and what the names in it set (gunicorn/app/base.py, load_config)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from serveaudit.bindings import setting_of
from serveaudit.command import Command, Environment, Files
from serveaudit.conversion import convert
from serveaudit.formats import python
from serveaudit.formats.python import Binding, ClassRef, External, FunctionRef, Made, Module, ModuleRef
from serveaudit.precedence import Layer
from serveaudit.programs.gunicorn.casting import from_file
from serveaudit.serving import Row, Setting
from serveaudit.source import Problem, SourceFile
from serveaudit.tables import facts
from serveaudit.values import Unknown, Value

DEFAULT = "gunicorn.conf.py"
"""Looked for in the directory in which gunicorn is started; `--chdir` does not move the search."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What a configuration file sets.

    strange  names of it that are no settings, imports left out
    """

    layer: Layer = field(default_factory=Layer)
    module: Module | None = None
    strange: tuple[Setting, ...] = ()
    problems: tuple[Problem, ...] = ()


def find(config: Value[Any], command: Command) -> tuple[SourceFile | None, Unknown | None]:
    """The file that is read: that of `-c` (None: none is named), else the default one. With an Unknown where it can't be told
    what gunicorn reads."""
    cwd = command.directory
    if config.x is None:
        found = command.files.read(DEFAULT, cwd) if command.files else None
        if isinstance(found, SourceFile) and not command.cwd.known:
            found = Unknown(f"whether gunicorn is started beside {found.path} is not known", found.path)
        return (None, found) if isinstance(found, Unknown) else (found, None)
    if not isinstance(config.x, str):
        why = config.x if isinstance(config.x, Unknown) else Unknown(config.why or "the configuration file depends on a choice")
        return None, why
    read = _named(config.x, cwd, command.files) if command.files else None
    if isinstance(read, SourceFile):
        return read, None
    return None, Unknown(f"{config.x} is not in the repository", config.x) if read is None else read


def _named(location: str, cwd: str, files: Files) -> SourceFile | Unknown | None:
    """`PATH`, `file:PATH` or `python:MODULE`."""
    if location.startswith("python:"):
        return files.module(location.removeprefix("python:"), cwd)
    return files.read(location.removeprefix("file:"), cwd)


def read(source: SourceFile, env: Environment, files: Files | None, cwd: str = "") -> ConfigFile:
    """The settings of a file, which is Python: each of its names that is a setting's name sets it, however it is bound."""
    module = python.read(source, env, (lambda dotted: files.module(dotted, cwd)) if files else (lambda dotted: None))
    return from_module(module)


def from_module(module: Module) -> ConfigFile:
    rows = facts("gunicorn", module.env.releases).rows
    known = {name: setting(rows[name], binding) for name, binding in module.bindings.items() if name in rows}
    strange = tuple(_strange(module))
    unread = module.complete if isinstance(module.complete, Unknown) else None
    if module.problems:
        unread = Unknown(f"{module.source.path} can't be read: {module.problems[0].message}")
    assumes = {name: value.assumes for name, value in module.unbound.items() if name in rows and value.assumes}
    layer = Layer(known, unread, frozenset(known), assumes)
    return ConfigFile(layer, module, strange, tuple(module.problems))


def setting(row: Row, binding: Binding) -> Setting:
    """What one name sets."""
    made = setting_of(binding, row)
    value, refused = convert("gunicorn", row, made.value, from_file)
    if isinstance(value.x, FunctionRef) and row.type == "callable":
        refused = _parameters(row, value.x)
    elif _is_object(row, value.x):
        refused = f"{value.why}, and no plain value"
    return replace(made, value=value, refused=refused)


def _is_object(row: Row, x: Any) -> bool:
    """Whether it is a function, class, module or other object where gunicorn takes none: `from decouple import config`."""
    if row.type in ("callable", "class", "user"):
        return isinstance(x, ModuleRef)
    made = isinstance(x, Made) and x.cls is not None and not any(each.bases for each in x.cls.ancestors())
    return made or isinstance(x, FunctionRef | ClassRef | ModuleRef) or (isinstance(x, External) and x.dotted in _OBJECTS)


_OBJECTS = {"decouple.config"}
"""What libraries hold, and bind to the name of a setting where it is imported."""


def _parameters(row: Row, reference: FunctionRef) -> str:
    """Why a hook does not take what it is called with; empty where it does. Of functions gunicorn counts the positional
    parameters; `post_request` may do with fewer."""
    node = reference.function.node
    if node is None:
        return ""
    count, wanted = len(node.args.posonlyargs) + len(node.args.args), len(row.parameters)
    if count == wanted or (row.name == "post_request" and 2 <= count <= 4):
        return ""
    return f"a function of {wanted} parameters is wanted: {', '.join(row.parameters)}"


def _strange(module: Module) -> Iterator[Setting]:
    """Names that gunicorn does not know. What an import binds is nobody's setting."""
    rows = facts("gunicorn", module.env.releases).rows
    for name, binding in module.bindings.items():
        if name not in rows and binding.by != "import" and not name.startswith("__"):
            yield setting_of(binding, None)
