"""The files of what is audited: found by content, read once."""

from __future__ import annotations

import errno
import os
import posixpath
import re
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property
from pathlib import Path

from serveaudit import contexts
from serveaudit.config import Config
from serveaudit.contexts import Kind
from serveaudit.discover import kinds
from serveaudit.discover.listing import listed, top_of
from serveaudit.finding import FileReport
from serveaudit.source import LARGEST, SourceFile, Unreadable

HEAD = 4096
WHOLE = 65536
"""Bytes: of a file, the first HEAD tell what it is; a file up to WHOLE, or in Python, is looked at whole."""
_SILENT = frozenset(("yaml", "terraform", "proxy", "makefile", "requirements", "env"))
"""Kinds that are read for a sign or a version: nothing to tell of, unless the user names the file."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file of ours. `named`: by the user, so that it counts whatever it is."""

    path: str
    kind: str
    named: bool = False


@dataclass(eq=False)
class Repository:
    """What is audited. Paths are relative to the working directory `root`, with `/`.

    files   what is ours, with its kind
    paths   every file that is there, ours or not
    """

    root: Path
    files: list[Found] = field(default_factory=list)
    paths: dict[str, Path] = field(default_factory=dict)
    """Every file's path → the directory that it was found under, out of which no link may lead."""
    _read: dict[str, SourceFile | Unreadable] = field(default_factory=dict)

    def kind_of(self, path: str) -> Kind:
        """Whether a file is for production or for development, by its name and its place below what the user named."""
        base = self.paths.get(posixpath.normpath(path))
        below = os.path.relpath(self.root / path, base).replace(os.sep, "/") if base is not None else path
        return contexts.kind_of(below)

    def exists(self, path: str) -> bool:
        """Whether a file is there."""
        path = posixpath.normpath(path)
        return path in self.paths and (self.root / path).exists()

    def is_dir(self, path: str) -> bool:
        """Whether a directory is there that holds files."""
        return posixpath.normpath(path) in self._folders

    def glob(self, pattern: str) -> list[str]:
        """The files that a pattern of the shell names, sorted; `*` stops at `/`, and takes no leading dot."""
        pattern = posixpath.normpath(pattern)
        folder, _, last = pattern.rpartition("/")
        if re.search(r"[*?\[]", folder):
            parts = [re.compile(translate(part)) for part in pattern.split("/")]
            inside = (path for path in self.paths if path.count("/") == len(parts) - 1)
            found = [path for path in inside if all(map(_fits, parts, path.split("/")))]
        else:
            name = re.compile(translate(last))
            found = [
                path
                for path in self._folders.get(folder or ".", ())
                if path in self.paths and _fits(name, path.rpartition("/")[2])
            ]
        return sorted(path for path in found if self.exists(path))

    def read(self, path: str) -> SourceFile:
        """A file's text, read once; that of a link is the text of what it leads to. Raises Unreadable."""
        path = posixpath.normpath(path)
        if path not in self._read:
            try:
                self._read[path] = self._text(path)
            except Unreadable as error:
                self._read[path] = error
        found = self._read[path]
        if isinstance(found, Unreadable):
            raise found
        return found

    def find(self, path: str) -> SourceFile | None:
        """A file's text; None where there is no such file, or it can't be read."""
        try:
            return self.read(path) if self.exists(path) else None
        except Unreadable:
            return None

    def of_kinds(self, *kinds: str) -> Iterator[tuple[str, SourceFile]]:
        """Our files of these kinds, as far as they can be read, each by its path: that of a link is its own."""
        for found in self.files:
            source = self.find(found.path) if found.kind in kinds else None
            if source is not None:
                yield found.path, source

    def glance(self, path: str) -> SourceFile | None:
        """A file's text, which does not become one of `sources`: it is not audited. None as for `find`."""
        known = self._read.get(path)
        try:
            return known if isinstance(known, SourceFile) else self._text(path) if self.exists(path) else None
        except Unreadable:
            return None

    def _text(self, path: str) -> SourceFile:
        aim = self.aim(path)
        if aim != path:
            return self.read(aim)
        try:
            with (self.root / path).open("rb") as file:
                return SourceFile.decode(path, file.read(LARGEST + 1))
        except OSError as error:
            raise Unreadable(error.strerror or str(error)) from None

    def aim(self, path: str) -> str:
        """What a link leads to, of the files that are there; the path itself for no link. Raises Unreadable for a link that
        leads out of what is audited."""
        full = self.root / path
        if not full.is_symlink():
            return path
        try:
            real = full.resolve()
        except (OSError, RuntimeError) as error:  # a circle of links
            raise Unreadable(f"a link that leads nowhere: {error}") from None
        inner = os.path.relpath(real, self.root.resolve()).replace(os.sep, "/")
        if inner in self.paths and inner != path:
            return inner
        base = self.paths.get(path)
        if base is not None and real.is_relative_to(base.resolve()):
            return path
        raise Unreadable("a link that leads out of what is audited")

    @property
    def sources(self) -> Iterator[SourceFile]:
        """Every text that was read."""
        return (source for path, source in self._read.items() if isinstance(source, SourceFile) and source.path == path)

    @property
    def reports(self) -> list[FileReport]:
        """What became of each file of ours."""
        return [self._report(found) for found in self.files if found.named or found.kind not in _SILENT]

    def _report(self, found: Found) -> FileReport:
        try:
            source = self.read(found.path)
        except Unreadable as error:
            span = SourceFile(found.path, "\n" * (error.line - 1)).line_span(error.line)
            return FileReport(found.path, found.kind, "unreadable", error.reason, span)
        template = kinds.template_of(source, found.kind)
        return FileReport(found.path, found.kind, "template" if template else "read", template, source.line_span(1))

    @cached_property
    def _folders(self) -> dict[str, list[str]]:
        """Every directory with what lies in it."""
        folders: dict[str, list[str]] = defaultdict(list)
        for path in self.paths:
            inner = path
            while inner != ".":
                folder = posixpath.dirname(inner) or "."
                known = folder in folders
                folders[folder].append(inner)
                if known:
                    break
                inner = folder
        return dict(folders)


def _fits(pattern: re.Pattern[str], name: str) -> bool:
    return pattern.match(name) is not None and (not name.startswith(".") or pattern.pattern.startswith(r"(?s:\."))


def discover(paths: Sequence[Path], config: Config, cwd: Path | None = None) -> Repository:
    """What is ours under the paths, in their order. Raises FileNotFoundError for a path that is not there."""
    root = cwd or Path.cwd()
    repository = Repository(root)
    for path in paths:
        full = root / path
        if not full.exists() and not full.is_symlink():
            raise FileNotFoundError(str(path))
        if full.is_dir():
            for inner in _add(repository, full, config):
                _consider(repository, inner)
        else:
            _name(repository, full, config)
    repository.files = list({found.path: found for found in repository.files}.values())
    return repository


def _add(repository: Repository, directory: Path, config: Config) -> list[str]:
    """Puts the files below a directory among the paths; gives those that were not there."""
    base = _relative(directory, repository.root)
    prefix = "" if base == "." else f"{base}/"
    found = []
    for below in listed(directory):
        path = prefix + below
        if path not in repository.paths and path.isprintable() and not config.excludes(path):
            repository.paths[path] = directory
            found.append(path)
    return found


def _name(repository: Repository, file: Path, config: Config) -> None:
    """Takes a file that the user names, and knows the files around it: those of its repository, or of its directory."""
    path = _relative(file, repository.root)
    top = top_of(file.parent)
    if top is not None:
        _add(repository, top, config)
    else:
        beside = (_relative(each, repository.root) for each in file.parent.iterdir() if each.is_file())
        repository.paths |= {name: file.parent for name in beside if name not in repository.paths}
    repository.paths[path] = top or file.parent
    with suppress(Unreadable):
        path = repository.aim(path)
    kind = _kind(repository, path, kinds.candidates(path)) or kinds.kind_when_named(path)
    repository.files.append(Found(path, kind, named=True))


def _relative(path: Path, root: Path) -> str:
    """The path as seen from the working directory; links in it are kept."""
    return os.path.relpath(path, root).replace(os.sep, "/")


def _consider(repository: Repository, path: str) -> None:
    """Takes a file if it is ours."""
    rules = kinds.candidates(path)
    kind = _kind(repository, path, rules) if rules else ""
    if kind:
        repository.files.append(Found(path, kind))


def _kind(repository: Repository, path: str, rules: list[kinds.Rule]) -> str:
    """What a file is, of the kinds that its name allows. One that can't be read is what its name surely says."""
    try:
        text = _beginning(f"{repository.root}/{path}")
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOENT):  # a link, to a file that is found by itself; or no such file
            return ""
        return next((rule.kind for rule in rules if rule.sure), "")
    if text is None:
        return kinds.meant(path) if (repository.root / path).is_file() else ""
    return kinds.kind_of(SourceFile(path, text), rules)


_QUIETLY = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
"""So that a pipe does not block and a link is not followed."""


def _beginning(path: str) -> str | None:
    """As much of a text as tells what it is; None for what is no text of ours. Raises OSError."""
    descriptor = os.open(path, _QUIETLY)
    try:
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode) or told.st_size > LARGEST:
            return None
        data = os.read(descriptor, LARGEST if told.st_size <= WHOLE or path.endswith(".py") else HEAD)
    finally:
        os.close(descriptor)
    if not kinds.worth_decoding(path, data):
        return None
    try:
        return SourceFile.decode("", data).text
    except Unreadable:
        return None if b"\0" in data else data.decode("utf-8", "replace")
