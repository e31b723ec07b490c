"""Python texts as modules, and their values in one line."""

from typing import Any

from serveaudit.command import Environment
from serveaudit.formats.python import External, Made, Module, PathText, Program, read
from serveaudit.source import SourceFile
from serveaudit.values import Branch, Items, Table, Unknown, Value


def finder(files: dict[str, str]) -> Any:
    """Finds modules among texts by name (`proj__base` is proj/base.py); their packages are empty."""
    sources = {name.replace("__", "."): text for name, text in files.items()}

    def find(dotted: str) -> SourceFile | None:
        if dotted in sources:
            return SourceFile(dotted.replace(".", "/") + ".py", sources[dotted])
        package = any(name.startswith(f"{dotted}.") for name in sources)
        return SourceFile(dotted.replace(".", "/") + "/__init__.py", "") if package else None

    return find


def module(
    text: str, env: Environment | None = None, path: str = "gunicorn.conf.py", cpus: int | None = None, **files: str
) -> Module:
    """The module of a text; keywords are other files."""
    return read(SourceFile(path, text), env, finder(files), cpus=cpus)


def program(env: Environment | None = None, **files: str) -> Program:
    return Program(env, finder(files))


def opened(reading: Program, name: str) -> Module:
    found = reading.open(name)
    assert isinstance(found, Module)
    return found


def told(value: Value[Any] | None) -> str:
    """A value in one line: what is known, on which conditions."""
    if value is None:
        return "not bound"
    x, conditions = value.x, f" if {' and '.join(value.assumes)}" if value.assumes else ""
    match x:
        case Branch():
            return "; ".join(f"{label}: {told(case)}" for label, case in x.cases)
        case Items():
            return f"[{', '.join(told(each) for each in x.members)}{', …' if x.complete is not True else ''}]"
        case Table():
            return (
                f"{{{', '.join(f'{key}: {told(each)}' for key, each in x.entries)}{', …' if x.complete is not True else ''}}}"
            )
        case Made() | External():
            return f"<{x.dotted}>"
        case Unknown():
            return f"unknown: {x.why}"
    return f"{x if isinstance(x, PathText) else repr(x)}{conditions}"


def value_of(name: str, text: str, env: Environment | None = None, **files: str) -> str:
    return told(module(text, env, **files).value(name))
