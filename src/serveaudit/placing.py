"""Configurations that are written onto a host: by a script, by a cloud's user data, by a playbook."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from serveaudit.command import Environment
from serveaudit.launch.supervisor import read_programs
from serveaudit.launch.systemd import read_units
from serveaudit.launching import Unit
from serveaudit.mapping import MappedFiles
from serveaudit.programs import nginx
from serveaudit.source import SourceFile
from serveaudit.values import Value

_UNITS = ("/etc/systemd/system/", "/lib/systemd/system/", "/usr/lib/systemd/system/")
_PROGRAMS = ("/etc/supervisor/conf.d/", "/etc/supervisor.d/", "/etc/supervisord.d/")
_SITES = ("/etc/nginx/",)


def written_units(files: MappedFiles, lying: Collection[str]) -> Iterator[Unit]:
    """The units of systemd and supervisor among what is written onto a machine. Copies of files that are read as they lie in
    the repository (`lying`) are none."""
    yield from read_units(_written(files, _UNITS, lying), files.find)
    for program in _written(files, _PROGRAMS, lying):
        yield from read_programs([program], Environment(), Value(""), [program.path.rpartition("/")[0]])


def written_sites(files: MappedFiles, lying: Collection[str]) -> list[SourceFile]:
    """The nginx configurations among what is written onto a machine, without copies of those that lie in the repository."""
    return [source for source in _written(files, _SITES, lying) if nginx.looks_like(source)]


def belongs(path: str) -> bool:
    """Whether what lies there is something that a machine starts, or nginx serves with."""
    return path.startswith((*_UNITS, *_PROGRAMS, *_SITES))


def is_configured(files: MappedFiles) -> bool:
    """Whether something of that kind is written onto a machine."""
    return any(map(belongs, files.written))


def _written(files: MappedFiles, folders: tuple[str, ...], lying: Collection[str]) -> list[SourceFile]:
    """Each text once, however many links lead to it, named for where it lies."""
    found: dict[int, SourceFile] = {}
    for path, text in files.written.items():
        if path.startswith(folders) and isinstance(text, SourceFile) and text.outer and text.whole().path not in lying:
            found[id(text)] = replace(text, path=path)
    return list(found.values())
