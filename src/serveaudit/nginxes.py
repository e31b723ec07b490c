"""The nginx configurations of a machine: which files it reads, from its root or beside each other."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from serveaudit.command import Command
from serveaudit.mapping import MappedFiles
from serveaudit.programs import nginx
from serveaudit.source import SourceFile
from serveaudit.values import Unknown, Value

_PREFIX = "/etc/nginx"
_ROOT = f"{_PREFIX}/nginx.conf"
_DROP_INS = tuple(f"{_PREFIX}/{pattern}" for pattern in ("conf.d/*.conf", "sites-enabled/*", "http.d/*.conf"))
"""What the packages' own nginx.conf includes inside of its http block."""


@dataclass(slots=True)
class Nginxes:
    """Finds configurations. `version` is that of a host's nginx, where something tells; `used` collects the files that were
    read."""

    version: Value[str]
    used: set[str] = field(default_factory=set)

    def started(self, command: Command, files: MappedFiles, version: Value[str]) -> nginx.Config | None:
        """What an nginx of this version reads that a command starts; None where none of its files is in the repository."""
        words = [command.word(at) for at in range(len(command.argv))]
        named = next((words[at + 1] for at, word in enumerate(words[:-1]) if word == "-c"), _ROOT)
        return self.placed(files, version, named)

    def placed(self, files: MappedFiles, version: Value[str], named: str = _ROOT) -> nginx.Config | None:
        """What is put where an nginx reads it, from the configuration of this path on."""
        root = files.read(named, _PREFIX) if named != _ROOT else _exactly(files, named)
        resolve = _Resolver(files, self.used)
        if isinstance(root, SourceFile) and nginx.looks_like(root):
            self.used.add(root.path)
            return nginx.read(root, resolve, version)
        fragments = [source for pattern in _DROP_INS for source in _matching(files, pattern) if nginx.looks_like(source)]
        self.used.update(source.path for source in fragments)
        if not fragments:
            return None
        return nginx.read(fragments[0], resolve, version, fragments[1:])

    def unclaimed(self, sources: Iterable[SourceFile], files: MappedFiles) -> Iterator[nginx.Config]:
        """The configurations of a host, of which nothing says how its nginx is started: whole ones, then each file of sites
        with those beside it that only define something (upstreams, maps)."""
        kinds = {source.path: (source, nginx.looks_like(source)) for source in sources if source.path not in self.used}
        resolve = _Resolver(files, self.used)
        for source, kind in kinds.values():
            if kind == "whole":
                yield self._read(source, resolve)
        for source, kind in kinds.values():
            if kind == "fragment" and source.path not in self.used and _has_sites(source):
                beside = [other for other, what in kinds.values() if what == "fragment" and _defines_for(other, source)]
                yield self._read(source, resolve, beside)

    def _read(self, source: SourceFile, resolve: _Resolver, beside: Iterable[SourceFile] = ()) -> nginx.Config:
        config = nginx.read(source, resolve, self.version, list(beside))
        self.used.update(tree.source.path for tree in config.trees)
        return config


@dataclass(frozen=True, slots=True)
class _Resolver:
    """Finds the files of an `include` (nginx.Resolve)."""

    files: MappedFiles
    used: set[str]

    def __call__(self, pattern: str, source: SourceFile) -> list[SourceFile] | Unknown:
        if "$" in pattern or "{{" in pattern:
            return Unknown(f"which files {pattern} names is not known", pattern)
        folder = posixpath.dirname(source.path)
        for files, cwd in ((self.files, _PREFIX), (MappedFiles(self.files.repository, bases=(folder, *self.files.bases)), "")):
            found = files.matching(pattern, cwd if not pattern.startswith("/") else "")
            found = [each for each in found if not _likened(each, source, pattern)]
            if found:
                self.used.update(each.path for each in found)
                return found
        return Unknown(f"{pattern} is not in the repository", pattern)


def _likened(found: SourceFile, source: SourceFile, pattern: str) -> bool:
    """Whether a file is found for its own `include`, only because its name is like the pattern's."""
    if found.path != source.path or found.text != source.text:
        return False
    inside = pattern.removeprefix(f"{_PREFIX}/")
    return "*" in pattern or ("/" in inside and not f"/{source.path}".endswith(f"/{inside}"))


def _exactly(files: MappedFiles, path: str) -> SourceFile | None:
    """A file that a mount or a build puts there; likeness of names does not do for the root configuration."""
    return next(iter(_matching(files, path)), None)


def _matching(files: MappedFiles, pattern: str) -> list[SourceFile]:
    """Files that are surely at such a path: mounted, copied or written there."""
    return files.matching(pattern) if files.mounts or files.written else []


def _has_sites(source: SourceFile) -> bool:
    return re.search(r"(?m)^\s*server\s*\{", source.text) is not None


def _defines_for(other: SourceFile, site: SourceFile) -> bool:
    """Whether a file in the same directory only defines what the sites beside it use."""
    return other is not site and posixpath.dirname(other.path) == posixpath.dirname(site.path) and not _has_sites(other)
