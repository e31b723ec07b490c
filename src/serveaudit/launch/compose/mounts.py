"""Volumes, tmpfs, configs and secrets of a compose service."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from serveaudit.formats.yaml import Layers, Mapping, Node, Scalar
from serveaudit.launch.compose.fields import Fields
from serveaudit.launch.compose.project import Project
from serveaudit.launching import Mount
from serveaudit.values import Place, Value

_VOLUME = re.compile(r"(?:(?P<source>[A-Za-z]:[\\/][^:]*|[^:]+):)?(?P<target>[^:]+)(?::(?P<mode>[^:/]*))?", re.DOTALL)
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")


def mounts(layers: Layers, project: Project) -> list[Mount]:
    """What lies where in the container; of two at one path the stronger file's."""
    found = [
        *(_volume(entry, project) for entry in layers.items("volumes")),
        *(Mount("tmpfs", None, _path(value.x), value.places[0]) for value in _tmpfs(layers, project)),
        *_files(layers, "configs", "/", project),
        *_files(layers, "secrets", "/run/secrets/", project),
    ]
    return list({mount.target: mount for mount in found if mount}.values())


def _files(layers: Layers, kind: str, directory: str, project: Project) -> Iterator[Mount]:
    """`configs` and `secrets`: a file of the repository, or a text in place, at a path of the container."""
    for entry in layers.items(kind):
        name = entry.text("source") if isinstance(entry, Mapping) else entry.text if isinstance(entry, Scalar) else ""
        target = (entry.text("target") if isinstance(entry, Mapping) else "") or name
        defined = project.top.below(kind, name)
        content, file = defined.scalar("content"), defined.scalar("file")
        path, place = posixpath.join(directory, target), Place(entry.span)
        if content:
            yield Mount("text", None, path, place, project.texts.filled(content).view, read_only=True)
        elif file:
            source = _in_repository(project.texts.value(file).x, project.directory(file))
            yield Mount("bind", source, path, place, read_only=True)


def _tmpfs(layers: Layers, project: Project) -> list[Value[Any]]:
    """`/run`, `/tmp:size=64m`."""
    found = (value for node in layers.nodes("tmpfs") for value in project.texts.listed(node))
    return [value for value in found if isinstance(value.x, str)]


def _path(text: str) -> str:
    return posixpath.normpath(text.partition(":")[0])


def _volume(node: Node, project: Project) -> Mount | None:
    """One entry of `volumes`, short or long."""
    if isinstance(node, Scalar):
        fields = Fields(project.texts.value(node), _VOLUME)
        source, target, mode = (fields.get(name) for name in ("source", "target", "mode"))
        place, read_only = node.place, isinstance(mode.x, str) and "ro" in mode.x.split(",")
        kind = None
    elif isinstance(node, Mapping):
        place, read_only = Place(node.span), node.text("read_only") == "true"
        source, target, kind = (project.texts.value(node.get(name)) for name in ("source", "target", "type"))
    else:
        return None
    if not isinstance(target.x, str):
        return None
    path = posixpath.normpath(target.x)
    if kind is not None and kind.x == "tmpfs":
        return Mount("tmpfs", None, path, place)
    if source.x is None or (isinstance(source.x, str) and not _is_path(source.x) and (kind is None or kind.x != "bind")):
        return Mount("volume", source.x, path, place, read_only=read_only)
    return Mount("bind", _in_repository(source.x, project.directory(node)), path, place, read_only=read_only)


def _is_path(source: str) -> bool:
    return source.startswith((".", "/", "~")) or bool(_WINDOWS.match(source))


def _in_repository(source: object, base: str) -> str | None:
    """A source's path in the repository; None where it lies outside of it or is not known."""
    if not isinstance(source, str) or source.startswith(("/", "~")) or _WINDOWS.match(source):
        return None
    path = posixpath.normpath(posixpath.join(base, source))
    return None if _climbs(path) > _climbs(base) else path


def _climbs(path: str) -> int:
    """How many directories a path goes up before it goes down: that of an audited directory may lie beside the working one."""
    return path.split("/").count("..")
