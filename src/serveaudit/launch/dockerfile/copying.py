"""COPY and ADD: which paths of the repository lie where in the image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from serveaudit.formats.dockerfile import Instruction
from serveaudit.formats.words import HEREDOC, Filled, Lookup, fill
from serveaudit.launching import Mount
from serveaudit.values import Place

_PATTERN = re.compile(r"[*?\[]")
_FILES = ("Procfile", "Makefile", "Dockerfile", "Pipfile", "Caddyfile", "LICENSE", "entrypoint", "start", "run")


def from_context(context: str, source: str, target: str, into: bool, place: Place, paths: Collection[str]) -> Iterator[Mount]:
    """What COPY takes from the build's context. `into`: the target is a directory, in which a file keeps its name."""
    if "://" in source or source.startswith("git@"):
        yield Mount("copy", None, target, place)
        return
    path = posixpath.normpath(posixpath.join(context, posixpath.normpath("/" + source.lstrip("/")).lstrip("/")))
    found = _matching(path, paths) if _PATTERN.search(path) else [path]
    if not found:
        yield Mount("copy", None, target, place)
    for each in found:
        keeps_name = (into or len(found) > 1) and not _is_directory(each, paths)
        yield Mount("copy", each, posixpath.join(target, posixpath.basename(each)) if keeps_name else target, place)


def from_stage(mounts: Sequence[Mount], source: str, target: str, into: bool, place: Place) -> Iterator[Mount]:
    """What COPY takes from another stage, as far as that stage holds something of the repository there."""
    source = posixpath.normpath("/" + source.lstrip("/"))
    is_directory = any(_rest(mount.target, source) for mount in mounts) or not _looks_like_file(source)
    if into and not is_directory:
        target = posixpath.join(target, posixpath.basename(source))
    found = [carried for mount in mounts for carried in _carried(mount, source, target, place)]
    yield from found or [Mount("copy", None, target, place)]


def from_heredocs(instruction: Instruction, target: str, into: bool, place: Place, lookup: Lookup) -> Iterator[Mount]:
    """Files that stand in the Dockerfile itself; the build replaces variables in them unless the name is quoted."""
    for heredoc in instruction.heredocs:
        path = posixpath.join(target, heredoc.name) if into else target
        filled = Filled(heredoc.view) if heredoc.literal else fill(heredoc.view, HEREDOC, lookup)
        known = all(value.known for _, _, value in filled.used)
        yield Mount("text", None, path, place, filled.view if known else None)


def _carried(mount: Mount, source: str, target: str, place: Place) -> Iterator[Mount]:
    """What becomes of a stage's mount when a path of it is copied on."""
    rest = _rest(mount.target, source)
    if rest is not None:
        yield replace(mount, target=posixpath.normpath(posixpath.join(target, rest)), place=place)
        return
    deeper = _rest(source, mount.target)
    if deeper and mount.source is not None:
        yield replace(mount, source=posixpath.normpath(posixpath.join(mount.source, deeper)), target=target, place=place)


def _rest(path: str, directory: str) -> str | None:
    """A path as seen from a directory that it lies in; "" for the directory itself."""
    if path == directory:
        return ""
    head = directory.rstrip("/") + "/"
    return path[len(head) :] if path.startswith(head) else None


def _matching(pattern: str, paths: Collection[str]) -> list[str]:
    """The files and directories that a pattern means; its `*` does not go over a slash."""
    parts = pattern.split("/")
    heads = {tuple(path.split("/")[: len(parts)]) for path in paths}
    fitting = (head for head in heads if len(head) == len(parts) and all(map(fnmatchcase, head, parts)))
    return sorted("/".join(head) for head in fitting)


def _is_directory(path: str, paths: Collection[str]) -> bool:
    """Whether the repository has a directory of that name; by its looks where it has nothing of that name."""
    if path == "." or any(known.startswith(path + "/") for known in paths):
        return True
    return path not in paths and not _looks_like_file(path)


def _looks_like_file(path: str) -> bool:
    name = posixpath.basename(path)
    return name.startswith(_FILES) or "." in name.lstrip(".")
