"""What the tests of launchers share: sources from text, and values as plain things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from serveaudit.launch.dockerfile import read_image
from serveaudit.launch.images import known_image
from serveaudit.launching import Build, Image, Unit
from serveaudit.source import SourceFile
from serveaudit.values import Items, Partial, Unknown, Value


@dataclass
class Repository:
    """Files by their path; images that its Dockerfiles describe, and the well-known ones."""

    texts: Mapping[str, str] = field(default_factory=dict)

    def read(self, path: str) -> SourceFile | None:
        return SourceFile(path, self.texts[path]) if path in self.texts else None

    def built(self, build: Build) -> Image | None:
        source = build.inline or self.read(build.dockerfile)
        return read_image(source, build, self, self.texts) if source else None

    def named(self, reference: Value[str]) -> Image | None:
        return known_image(reference)


def plain(value: Value[Any]) -> Any:
    """A value's plain thing; `?` for an unknown one, lists as lists."""
    if isinstance(value.x, Items):
        return [plain(member) if isinstance(member, Value) else member for member in value.x]
    if isinstance(value.x, Unknown):
        return "?"
    return str(value.x) if isinstance(value.x, Partial) else value.x


def words(unit: Unit) -> list[Any]:
    """The words of the long-running program."""
    return [plain(word) for word in unit.steps[-1].argv]


def variables(values: Mapping[str, Value[Any]]) -> dict[str, Any]:
    return {name: plain(value) for name, value in values.items() if name != "PATH"}
