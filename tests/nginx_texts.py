"""Configurations of nginx for tests, from text."""

from __future__ import annotations

from typing import Any

from serveaudit.programs.nginx import Config, Location, Site, read
from serveaudit.source import SourceFile
from serveaudit.values import Branch, Unknown, Value


def config(text: str, version: str | None = None, **files: str) -> Config:
    """The configuration of a text. `files` are what includes find: underscores in their names stand for dots."""
    sources = {name.replace("_", "."): SourceFile(name.replace("_", "."), content) for name, content in files.items()}

    def resolve(pattern: str, source: SourceFile) -> list[SourceFile] | Unknown:
        if pattern.endswith("*"):
            return [found for name, found in sorted(sources.items()) if name.startswith(pattern[:-1])]
        return [sources[pattern]] if pattern in sources else Unknown(f"{pattern} was not read", pattern)

    return read(SourceFile("nginx.conf", text), resolve, Value(version))


def http(text: str, version: str | None = None, **files: str) -> Config:
    """A whole configuration with this http block."""
    return config(f"events {{}}\nhttp {{\n{text}\n}}\n", version, **files)


def site(text: str, version: str | None = None, **files: str) -> Site:
    """The one server block of a whole configuration."""
    return http(f"server {{\n{text}\n}}", version, **files).sites[0]


def location(text: str, version: str | None = None, **files: str) -> Location:
    """The one location of a whole configuration."""
    return site(f"location / {{\n{text}\n}}", version, **files).locations[0]


def shown(value: Value[Any]) -> Any:
    """A value for comparison: the plain thing, `?` and why for an unknown one, a dict for a choice."""
    if isinstance(value.x, Branch):
        return {label: shown(case) for label, case in value.x.cases}
    return f"?{value.x.why}" if isinstance(value.x, Unknown) else value.x


def lines(value: Value[Any]) -> list[int]:
    """The lines that speak for a value."""
    return [place.span.line for place in value.places]
