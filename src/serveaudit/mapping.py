"""Where a program's paths lie in the repository: COPY and volumes, or the likeness of the paths."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Protocol

from serveaudit.launching import Mount
from serveaudit.source import SourceFile, Unreadable
from serveaudit.values import Unknown


class Readable(Protocol):
    """What this floor needs of a repository; paths are relative to its root, with `/`."""

    @property
    def paths(self) -> Collection[str]: ...

    def exists(self, path: str) -> bool: ...

    def read(self, path: str) -> SourceFile: ...

    def is_dir(self, path: str) -> bool: ...

    def glob(self, pattern: str) -> list[str]: ...


@dataclass(slots=True, eq=False)
class MappedFiles:
    """The files of one machine (`command.Files`).

    mounts    what lies where inside of it; empty for a host
    bases     directories of the repository that a relative path may be meant from, nearest first
    written   files that a script or a build step writes or changes there, by their path; unknown where it can't be told how
    used      the repository's files that were read for this machine
    """

    repository: Readable
    mounts: Sequence[Mount] = ()
    bases: Sequence[str] = ("",)
    written: dict[str, SourceFile | Unknown] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def read(self, path: str, cwd: str = "", kept: int = 1) -> SourceFile | Unknown | None:
        """A file by the program's path; None where nothing in the repository can be meant. `kept`: how many of the path's last
        parts have to be the same in the repository."""
        full = posixpath.normpath(posixpath.join(cwd, path)) if cwd else posixpath.normpath(path)
        if full in self.written:
            return self.written[full]
        for mount in reversed(self.mounts):
            if mount.kind == "text" and mount.target == full:
                return mount.content or Unknown(f"what {full} holds is only known when it is built", full)
        for candidate in self.candidates(path, cwd, kept):
            if self.repository.exists(candidate):
                return self.text(candidate)
        return None

    def find(self, path: str, cwd: str = "") -> SourceFile | None:
        """A file by the program's path; None also for one whose text is not known."""
        found = self.read(path, cwd)
        return found if isinstance(found, SourceFile) else None

    def module(self, dotted: str, cwd: str = "") -> SourceFile | Unknown | None:
        """A module's or package's text by its dotted name: `waitress.serve` is no serve.py."""
        stem = dotted.replace(".", "/")
        for name in (f"{stem}.py", f"{stem}/__init__.py"):
            found = self.read(name, cwd, name.count("/") + 1)
            if found is not None:
                return found
        return None

    def matching(self, pattern: str, cwd: str = "") -> list[SourceFile]:
        """The files that a pattern of the shell names, sorted by their paths."""
        full = posixpath.normpath(posixpath.join(cwd, pattern)) if cwd else posixpath.normpath(pattern)
        given = self.written | {mount.target: mount.content for mount in self.mounts if mount.content is not None}
        found = {path: text for path, text in given.items() if isinstance(text, SourceFile) and fnmatchcase(path, full)}
        for path in self._single_files(full):
            text = self.text(path)
            if isinstance(text, SourceFile):
                found.setdefault(path, text)
        for candidate in self.mounted(full) if found else self.candidates(pattern, cwd):
            for path in self.repository.glob(candidate):
                text = self.text(path)
                if isinstance(text, SourceFile):
                    found.setdefault(path, text)
            if found:
                break
        return [found[path] for path in sorted(found)]

    def _single_files(self, pattern: str) -> Iterator[str]:
        """The repository's files that are mounted or copied one by one to a path which fits."""
        for mount in self.mounts:
            single = mount.kind in ("bind", "copy") and mount.source is not None and fnmatchcase(mount.target, pattern)
            if single and mount.source is not None and self.repository.exists(mount.source):
                yield mount.source

    def candidates(self, path: str, cwd: str = "", kept: int = 1) -> Iterator[str]:
        """Where in the repository the path may lie, the surest first."""
        if not path.startswith("/") and not cwd.startswith("/"):
            for base in self.bases:
                yield posixpath.normpath(posixpath.join(base, cwd, path))
            return
        full = posixpath.normpath(posixpath.join(cwd, path))
        yield from self.mounted(full)
        if next(self._placed(full), None):  # what a mount covers does not lie elsewhere
            return
        parts = full.strip("/").split("/")
        fewest = max(kept, 2 if "*" in parts[-1] else 1)  # `*.conf` of some directory means nothing elsewhere
        for base in self.bases:
            for start in range(max(len(parts) - fewest + 1, 1)):
                yield posixpath.normpath(posixpath.join(base, *parts[start:]))

    def mounted(self, full: str) -> Iterator[str]:
        """What lies there through the mounts; what a build leaves out does not."""
        return (path for path, mount in self._placed(full) if path not in mount.without)

    def _placed(self, full: str) -> Iterator[tuple[str, Mount]]:
        """Through the mounts, the deepest target first; a bind hides what was copied below it."""
        for mount in sorted(self.mounts, key=lambda m: (len(m.target.rstrip("/")), m.kind == "bind"), reverse=True):
            target = mount.target.rstrip("/")
            if mount.source is None or mount.kind not in ("bind", "copy"):
                continue
            if full == target:
                yield posixpath.normpath(mount.source), mount
            elif full.startswith(target + "/"):
                yield posixpath.normpath(posixpath.join(mount.source, full[len(target) + 1 :])), mount

    def text(self, path: str) -> SourceFile | Unknown:
        """A file of the repository by its own path; unknown, with the reason, where it can't be read."""
        self.used.add(path)
        try:
            return self.repository.read(path)
        except Unreadable as error:
            return Unknown(f"{path}: {error.reason}", about=path)


Find = Callable[[str], SourceFile | Unknown | None]


@dataclass(slots=True)
class Finder:
    """Finds a program's modules in one of several ways, up to a number that is `left`: what more it imports says little of how
    it is served."""

    ways: tuple[Find, ...]
    left: int

    def __call__(self, dotted: str) -> SourceFile | Unknown | None:
        """A module's text by its full name."""
        found = next((text for find in self.ways if (text := find(dotted)) is not None), None)
        if isinstance(found, SourceFile):
            self.left -= 1
            if self.left < 0:
                return Unknown(f"{dotted}: more modules than are read", dotted)
        return found


def below(files: MappedFiles, root: str) -> Find:
    """Finds modules below a directory of the repository; none where that is the repository's own root."""

    def find(dotted: str) -> SourceFile | Unknown | None:
        stem = posixpath.join(root, dotted.replace(".", "/"))
        for path in (f"{stem}.py", f"{stem}/__init__.py") if root else ():
            if files.repository.exists(path):
                return files.text(path)
        return None

    return find


def bases_of(path: str) -> tuple[str, ...]:
    """The directories that a relative path in this file may be meant from: the root, then its own and those between."""
    own = posixpath.dirname(path)
    between = [own]
    while "/" in between[-1]:
        between.append(posixpath.dirname(between[-1]))
    return tuple(dict.fromkeys(("", *between)))
