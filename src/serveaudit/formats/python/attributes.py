"""What stands behind the dot: of modules, classes and objects, the repository's own and others'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from serveaudit.formats.python.environs import environ_bool, variable, with_default
from serveaudit.formats.python.frames import chosen
from serveaudit.formats.python.module import (
    Argv,
    Class,
    ClassRef,
    Environ,
    External,
    FunctionRef,
    Made,
    Module,
    ModuleRef,
    PathText,
)
from serveaudit.formats.python.state import Session, State
from serveaudit.values import Items, Range, Table, Unknown, Value

_LOOPS = {"loop": ("auto", "asyncio"), "http": ("auto", "h11")}


def _worker_defaults(number: int) -> Value[Any]:
    return Value(Table(tuple((name, Value(values[number])) for name, values in _LOOPS.items())))


CONSTANTS: dict[str, Value[Any]] = {
    "os.environ": Value(Environ()),
    "os.name": Value("posix"),
    "os.sep": Value("/"),
    "os.path.sep": Value("/"),
    "sys.argv": Value(Argv()),
    "sys.platform": Value("linux"),
    "sys.version_info": Value(Items((Value(3), Value(Range(6)), Value(Range(0))))),
    "typing.TYPE_CHECKING": Value(False),
    **{
        f"{module}.Uvicorn{kind}Worker.CONFIG_KWARGS": _worker_defaults(number)
        for module in ("uvicorn.workers", "uvicorn_worker")
        for number, kind in enumerate(("", "H11"))
    },
}
"""What libraries hold, by full name. Sources: the Python library reference; uvicorn_worker/_workers.py."""

_SETTINGS_CLASSES = ("pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic_settings.main.BaseSettings")


def attribute_of(state: State, value: Value[Any], name: str) -> Value[Any] | None:
    """`.name` of a value; None where nothing is known of its attributes."""
    match value.x:
        case ModuleRef(module=module):
            return member(state.session, module, name)
        case External(dotted=dotted):
            return named(state.session, f"{dotted}.{name}")
        case Environ():
            return named(state.session, f"os.environ.{name}")
        case Argv():
            return named(state.session, f"sys.argv.{name}")
        case ClassRef(cls=cls):
            return _of_class(state.session, cls, name)
        case Made() as made:
            return _of_object(state.session, made, name)
        case PathText() as path:
            return _of_path(path, name)
    return None


def named(session: Session, dotted: str) -> Value[Any]:
    """What a full dotted name stands for: a known constant, a module of the repository, or something outside of it."""
    if dotted == "sys.argv" and session.argv is not None and not any(isinstance(word.x, Unknown) for word in session.argv):
        return Value(Items((Value(Unknown("the program's own name")), *session.argv)))
    if dotted in CONSTANTS:
        return CONSTANTS[dotted]
    module = session.modules.get(dotted)
    if isinstance(module, Module):
        return Value(ModuleRef(f"{dotted} is a module", dotted, module=module))
    return Value(External(f"{dotted} is not in the repository", dotted, dotted=dotted))


def member(session: Session, module: Module, name: str) -> Value[Any] | None:
    """A module's name: what it binds, or the module of that name inside of a package."""
    running = session.running.get(module.source.path)
    if running is not None:
        found = running.frame.module.names.get(name)
        found = chosen(found, session.choices) if found is not None else None
    else:
        binding = module.bindings.get(name)
        found = binding.value if binding else None
    if found is not None:
        return found
    inside = session.open(f"{module.name}.{name}")
    if isinstance(inside, Module):
        return Value(ModuleRef(f"{inside.name} is a module", inside.name, module=inside))
    if isinstance(module.complete, Unknown):
        return Value(module.complete)
    return Value(Unknown(f"{module.name} has no name {name}", f"{module.name}.{name}"))


def _of_class(session: Session, cls: Class, name: str) -> Value[Any] | None:
    found = cls.attribute(name)
    if found is not None:
        return found
    for each in cls.ancestors():
        if name in each.methods:
            return Value(FunctionRef(f"{name} is a method", name, function=each.methods[name]))
    outside = [f"{base}.{name}" for each in cls.ancestors() for base in each.bases]
    known = next((CONSTANTS[full] for full in outside if full in CONSTANTS), None)
    full = f"{cls.full_name}.{name}"
    return known if known is not None else Value(External(f"{cls.name} inherits {name}, or has none", full, dotted=full))


def _of_object(session: Session, made: Made, name: str) -> Value[Any]:
    if name in made.attributes:
        return made.attributes[name]
    found = made.cls.attribute(name) if made.cls else None
    if made.cls and found is not None and made.cls.inherits(*_SETTINGS_CLASSES):
        return _from_environment(session, made.cls, name, found)
    if found is not None:
        return found
    method = next((each.methods[name] for each in made.cls.ancestors() if name in each.methods), None) if made.cls else None
    if method is not None:
        return Value(FunctionRef(f"{name} is a method", name, function=method))
    return Value(External(f"{made.dotted}.{name} is not known", f"{made.dotted}.{name}", dotted=f"{made.dotted}.{name}"))


def _from_environment(session: Session, cls: Class, name: str, default: Value[Any]) -> Value[Any]:
    """A field of pydantic's settings: the variable of its name in upper case, behind the prefix if there is one."""
    config = cls.attribute("model_config")
    keywords = config.x.call.keywords if config is not None and isinstance(config.x, Made) and config.x.call else {}
    prefix = keywords["env_prefix"][0].x if "env_prefix" in keywords else ""
    found = variable(session, Value(f"{prefix}{name}".upper()))
    casts: dict[type, Callable[[str], Any]] = {bool: environ_bool, int: int, float: float}
    convert = casts.get(type(default.x), str)

    def converted(x: Any) -> Any:
        try:
            return convert(x)
        except ValueError:
            return Unknown(f"{x!r} is refused for {name}")

    return with_default(found.map(converted), default)


def _of_path(path: PathText, name: str) -> Value[Any] | None:
    match name:
        case "parent":
            return Value(path.parent)
        case "name":
            return Value(path.name)
        case "stem":
            return Value(path.name.rpartition(".")[0] or path.name)
        case "parents":
            parents = [path.parent]
            while len(parents) < 8:
                parents.append(parents[-1].parent)
            return Value(Items(tuple(Value(each) for each in parents)))
    return None


def resting(value: Value[Any], on: Value[Any]) -> Value[Any]:
    """An attribute's value, resting on what its object rests on; its places are its own, if it has some."""
    together = value.also(on)
    return replace(together, places=value.places or on.places)
