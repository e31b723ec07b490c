"""The variables of a compose service: its image's, below its `env_file`, below its `environment`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from serveaudit.command import Environment
from serveaudit.formats.yaml import Layers, Mapping, Node, Scalar, Sequence
from serveaudit.launch.compose.project import Project
from serveaudit.launching import Image
from serveaudit.values import Unknown, Value


def environment(layers: Layers, image: Image | None, project: Project) -> Environment:
    """What the container is started with. (Compose's manual, "Environment variables precedence".) An image that is not known
    is taken to set nothing; a file that is not there may set anything."""
    env = image.env if image else Environment()
    earlier: dict[str, Value[Any]] = {}
    for node, path in _files(layers, project):
        name = project.path(node, path.x) if isinstance(path.x, str) else ""
        source = project.read(name) if name else None
        if source is None:
            why = f"{name} is not in the repository" if name else path.why or "an env_file without a name"
            env = env.over({}, Unknown(why, about=name))
        else:
            raw = isinstance(node, Mapping) and node.text("format") == "raw"
            earlier |= project.texts.of_dotenv(source, earlier, raw)
            env = env.over(earlier)
    given = project.texts.pairs(layers.nodes("environment"))
    return env.over({name: _taken_over(name, value, project) for name, value in given})


def _files(layers: Layers, project: Project) -> Iterator[tuple[Node, Value[Any]]]:
    """Every entry of `env_file`, in the order in which they are read."""
    for node in layers.nodes("env_file"):
        for entry in node.items if isinstance(node, Sequence) else [node]:
            path = entry.get("path") if isinstance(entry, Mapping) else entry
            if isinstance(path, Scalar) and not path.null:
                yield entry, project.texts.value(path)


def _taken_over(name: str, value: Value[Any], project: Project) -> Value[Any]:
    """A variable that is named without a value is taken from the `.env`, or from the shell that calls compose."""
    if value.x is not None:
        return value
    found = project.texts.lookup(name)
    if found.x is not None:
        return Value(found.x, value.places).also(found)
    return Value(Unknown(f"${name} comes from the shell that calls compose", about=f"${name}"), value.places)
