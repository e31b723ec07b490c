"""Lock files: every package that is installed, in its exact version."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from serveaudit.application.requirements.packages import Package, Packages, normalized
from serveaudit.formats import toml
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")


def read_lock(source: SourceFile) -> Packages:
    """uv, Poetry, PDM, and the standard's pylock.toml: `[[package]]` with name and version."""
    read = toml.parse(source)
    complete = True if not read.problems else Unknown(f"{source.path}: {read.problems[0].message}", source.path)
    return Packages.of(_locked(read.root), complete)


def _locked(root: toml.Table) -> Iterator[Package]:
    for table in [*root.tables("package"), *root.tables("packages")]:
        name, version = table.value("name"), table.value("version")
        if isinstance(name.x, str) and isinstance(version.x, str):
            yield Package(normalized(name.x), version, version.places[0], f"{name.x}=={version.x}")


def read_pipfile_lock(source: SourceFile) -> Packages:
    """Pipenv's lock: the packages of its default group."""
    try:
        locked = json.loads(source.text).get("default", {})
    except (ValueError, AttributeError, RecursionError):
        return Packages(complete=Unknown(f"{source.path} is no JSON that Pipenv writes", source.path))
    found = Packages()
    for name, entry in locked.items() if isinstance(locked, Mapping) else ():
        asked = entry.get("version", "") if isinstance(entry, Mapping) else ""
        at = re.search(rf'"{re.escape(name)}":\s*\{{', source.text)
        place = Place(source.span(*at.span()) if at else source.line_span(1))
        exact = str(asked).removeprefix("==") if str(asked).startswith("==") else None
        version: Value[str] = Value(exact or Unknown(f"{name} has no version there"), (place,))
        found.by_name[normalized(name)] = Package(normalized(name), version, place, f"{name}{asked}")
    return found
