"""What a project itself asks for: pyproject.toml, Pipfile, setup.cfg, setup.py, and conda's environment.yml.

A server that is started is installed, so whichever group or extra asks for it tells its version; the groups that are for
development come last.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

from serveaudit.application.requirements.packages import DIRECT, Package, Packages, listed, normalized, requirements
from serveaudit.application.requirements.texts import ReadFile, read_text
from serveaudit.formats import python, toml, yaml
from serveaudit.source import SourceFile
from serveaudit.values import Items, Place, Table, Unknown, Value

_DEVELOPMENT = re.compile(r"(?:^|[-_.])(?:dev\w*|tests?|testing|docs?|lint\w*|typing|local|ci)(?:[-_.]|$)")
_POETRY_PIN = r"=*\s*(\d[\w.+!-]*)"
_PIPENV_PIN = r"==\s*(\d[\w.+!-]*)"
_CONDA = re.compile(r"(?:[\w.-]+::)?([\w.-]+)\s*(?:==?\s*([\w.!+]+)(?:=[\w.*]+)?|==?([\w.]+\*)|[<>!~=].*)?$")


def for_development(name: str) -> bool:
    """Whether a group, or a file, is for developers, by its name."""
    return bool(_DEVELOPMENT.search(name))


def read_pyproject(source: SourceFile, read_file: ReadFile) -> Packages:
    """The project's dependencies, its extras (PEP 621), groups (PEP 735), and those of Poetry."""
    root = toml.parse(source).root
    found = listed(root.value("project", "dependencies"))
    poetry = root.table("tool", "poetry")
    if poetry is not None:
        found.add(_table(poetry.table("dependencies"), _POETRY_PIN))
    for path in _dynamic(root):
        other = read_file(posixpath.normpath(posixpath.join(posixpath.dirname(source.path), path)))
        found.add(read_text(other, read_file) if isinstance(other, SourceFile) else Packages())
    for _, group in sorted(_groups(root), key=lambda each: for_development(each[0])):
        found.add(group)
    return found


def _groups(root: toml.Table) -> Iterator[tuple[str, Packages]]:
    for path in (("project", "optional-dependencies"), ("dependency-groups",)):
        table = root.table(*path)
        for name, values in table.items.items() if table is not None else ():
            if isinstance(values, Value):
                yield name, listed(values)
    groups = root.table("tool", "poetry", "group")
    for name, group in groups.items.items() if groups is not None else ():
        if isinstance(group, toml.Table):
            yield name, _table(group.table("dependencies"), _POETRY_PIN)
    yield "dev", _table(root.table("tool", "poetry", "dev-dependencies"), _POETRY_PIN)


def _dynamic(root: toml.Table) -> Iterator[str]:
    """The requirements files that setuptools takes the dependencies from."""
    file = root.value("tool", "setuptools", "dynamic", "dependencies", "file").x
    members = [each.x for each in file.members if isinstance(each, Value)] if isinstance(file, Items) else [file]
    yield from (path for path in members if isinstance(path, str))


def read_pipfile(source: SourceFile) -> Packages:
    """Pipenv's packages, without those for developers."""
    return _table(toml.parse(source).root.table("packages"), _PIPENV_PIN)


def _table(table: toml.Table | None, exact: str) -> Packages:
    """`gunicorn = "^23.0"`, `uvicorn = {version = "0.30.1", extras = ["standard"]}`; `exact` is a pin in that tool's words."""
    return Packages.of(_entries(table, exact) if table is not None else (), DIRECT)


def _entries(table: toml.Table, exact: str) -> Iterator[Package]:
    for name, item in table.items.items():
        if name != "python":
            place = Place(table.keys.get(name, table.head))
            yield from (_entry(name, each, place, exact) for each in _alternatives(item))


def _alternatives(item: Value[Any] | toml.Table | list[toml.Table]) -> Iterable[Value[Any] | toml.Table]:
    """One entry, or the several that Poetry takes for several platforms."""
    if isinstance(item, Value) and isinstance(item.x, Items):
        return [each for each in item.x.members if isinstance(each, toml.Table)]
    return item if isinstance(item, list) else [item]


def _entry(name: str, item: Value[Any] | toml.Table, place: Place, exact: str) -> Package:
    given = item.value("version") if isinstance(item, toml.Table) else item
    text = given.x if isinstance(given.x, str) else ""
    pinned = re.fullmatch(exact, text.strip())
    version: Value[str] = Value(pinned[1] if pinned else Unknown(f"{name} {text} leaves the version open"), (place,))
    extras = item.value("extras").x if isinstance(item, toml.Table) else None
    named = tuple(str(each.x) for each in extras.members) if isinstance(extras, Items) else ()
    version = version.at(*given.places) if pinned else version
    return Package(normalized(name), version, place, f"{name} {text}".strip(), named)


def read_setup_cfg(source: SourceFile) -> Packages:
    """`install_requires` of `[options]`, one to a line."""
    block = re.search(r"^install_requires[ \t]*=((?:.*\n?)(?:[ \t]+.*\n?|\n)*)", source.text, re.MULTILINE)
    return requirements(_block(source, block) if block else ())


def _block(source: SourceFile, block: re.Match[str]) -> Iterator[Value[str]]:
    for line in re.finditer(r"[^\n]+", block[1]):
        text = re.split(r"\s#", line[0], maxsplit=1)[0].strip()
        if text and not text.startswith(("#", "=")):
            start = block.start(1) + line.start() + line[0].index(text)
            yield Value(text, (Place(source.span(start, start + len(text))),))


def read_setup_py(source: SourceFile) -> Packages:
    """`install_requires` and `extras_require` of the call of `setup()`, as far as they are written out."""
    found = Packages(complete=DIRECT)
    for call in python.read(source).calls if "setup(" in source.text else ():
        if call.name.rpartition(".")[2] == "setup":
            found.add(listed(call.named.get("install_requires", Value(None))))
            extras = call.named.get("extras_require", Value(None)).x
            for _, values in sorted(_extras(extras), key=lambda each: for_development(each[0])):
                found.add(listed(values))
    return found


def _extras(table: object) -> Iterator[tuple[str, Value[Any]]]:
    for name, values in table.entries if isinstance(table, Table) else ():
        yield str(name), values


def read_conda(source: SourceFile) -> Packages:
    """conda's environment: its own packages, and pip's."""
    return Packages.of((found for root in yaml.parse(source).mappings for found in _of_environment(root)), DIRECT)


def _of_environment(root: yaml.Mapping) -> Iterator[Package]:
    for entry in root.sequence("dependencies") or ():
        pip = entry.sequence("pip") if isinstance(entry, yaml.Mapping) else None
        match = _CONDA.fullmatch(entry.text.strip()) if isinstance(entry, yaml.Scalar) else None
        if pip is not None:
            yield from requirements(each.value() for each in pip.scalars).by_name.values()
        elif match is not None and isinstance(entry, yaml.Scalar):
            yield _of_conda(match, entry)


def _of_conda(match: re.Match[str], entry: yaml.Scalar) -> Package:
    """`gunicorn=20.1.0=py39_0`, `gunicorn>=20`, `gunicorn=20.*`, `conda-forge::gunicorn`."""
    asked = f"{match[1]}=={match[3]}" if match[3] else entry.text.strip()
    version: Value[str] = Value(match[2] or Unknown(f"{entry.text} leaves the version open"), (entry.place,))
    return Package(normalized(match[1]), version, entry.place, asked)
