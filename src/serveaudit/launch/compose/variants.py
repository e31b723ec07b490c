"""Which compose files are put over each other: the projects of a repository, by names and contents."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence as AbstractSequence

from serveaudit.contexts import kind_of
from serveaudit.formats import dotenv
from serveaudit.formats.yaml import Mapping, Node, Scalar, Sequence, parse
from serveaudit.source import SourceFile

_DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_BASES = re.compile(r"(?:(?:docker-)?compose[._-])?(?:base|common|main|shared|default)\.ya?ml", re.IGNORECASE)
_OVERRIDE = re.compile(r"(?:docker-)?compose\.override\.ya?ml")

Files = tuple[str, ...]


def variants(sources: AbstractMapping[str, SourceFile], told: Iterable[Files] = ()) -> list[Files]:
    """The sets of files that make up a project each, the strongest file last.

    sources  the repository's compose files by path, and its `.env` files, which may name a set (`COMPOSE_FILE`)
    told     sets that a script or a document names (`docker compose -f a -f b`): they settle what is else guessed of all files
             but the one that is read by default
    """
    roots: dict[str, Mapping] = {}
    for path, source in sources.items():
        if not posixpath.basename(path).startswith(".env") and (documents := parse(source).mappings):
            roots[path] = documents[0]
    named = [files for files in _named_in_dotenv(sources) if files and all(path in roots for path in files)]
    sets = named + [files for files in told if files and _make_sense(files, roots)]
    settled = {path for files in sets for path in files if files in named or not _is_default(path)}
    parts = {path for root_path, root in roots.items() for path in _referred(root_path, root)}
    for directory in sorted({posixpath.dirname(path) for path in roots}):
        inside = sorted(path for path in roots if posixpath.dirname(path) == directory)
        sets += _of_directory(inside, roots, settled, parts)
    return list(dict.fromkeys(sets))


def _make_sense(files: Files, roots: AbstractMapping[str, Mapping]) -> bool:
    return all(path in roots for path in files) and (len(files) > 1 or stands_alone(roots[files[0]]))


def _is_default(path: str) -> bool:
    return posixpath.basename(path) in _DEFAULTS


def stands_alone(root: Mapping) -> bool:
    """Whether every service of a file has something to run, and nothing is meant that another file would have to define."""
    services = root.mapping("services")
    if services is None:
        return False
    for _, service in services.items():
        if isinstance(service, Mapping):
            if not any(service.get(key) for key in ("image", "build", "extends")):
                return False
            if any(name not in services.own for name in _meant_services(service)):
                return False
            if any(root.at("volumes", name) is None for name in _meant_volumes(service)):
                return False
    return True


def _of_directory(
    paths: AbstractSequence[str], roots: AbstractMapping[str, Mapping], settled: set[str], parts: set[str]
) -> Iterator[Files]:
    default = next((path for name in _DEFAULTS for path in paths if posixpath.basename(path) == name), None)
    base = default or next((path for path in paths if _BASES.fullmatch(posixpath.basename(path))), None)
    override = next((path for path in paths if _OVERRIDE.fullmatch(posixpath.basename(path))), None)
    if base and override and base not in settled:
        yield base, override
    overlays = []
    for path in paths:
        if path in (base, override) or path in settled or path in parts:
            continue
        if base and _is_overlay(roots[path], roots[base]):
            overlays.append(path)
            yield base, path
        else:
            yield (path,)
    whole = base and (stands_alone(roots[base]) or all(kind_of(path) == "development" for path in overlays))
    if base and whole and base not in settled and (base == default or not overlays):
        yield (base,)


def _is_overlay(root: Mapping, base: Mapping) -> bool:
    """Whether a file is meant to be put over the other one: it can't do without, or only speaks of some of its services."""
    own, others = root.mapping("services"), base.mapping("services")
    if own is None or others is None:
        return False
    return not stands_alone(root) or set(own.own) < set(others.own)


def _meant_services(service: Mapping) -> Iterator[str]:
    for key in ("depends_on", "links", "volumes_from"):
        yield from (name.partition(":")[0] for name in _names(service.get(key)))
    kind, _, name = service.text("network_mode").partition(":")
    if kind == "service":
        yield name


def _meant_volumes(service: Mapping) -> Iterator[str]:
    for text in _names(service.get("volumes")):
        name, separator, _ = text.partition(":")
        if separator and re.fullmatch(r"[A-Za-z0-9][\w.-]+", name):
            yield name


def _names(node: Node | None) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from (key.text for key, _ in node.items())
    elif isinstance(node, Sequence):
        yield from (item.text for item in node.scalars)


def _referred(path: str, root: Mapping) -> Iterator[str]:
    """The files that a file includes or extends: parts of a project, not projects."""
    directory = posixpath.dirname(path)
    included = root.sequence("include")
    for entry in included.items if included else ():
        yield from (posixpath.normpath(posixpath.join(directory, each)) for each in _paths(entry))
    services = root.mapping("services")
    for _, service in services.items() if services else ():
        extends = service.get("extends") if isinstance(service, Mapping) else None
        if isinstance(extends, Mapping) and extends.text("file"):
            yield posixpath.normpath(posixpath.join(directory, extends.text("file")))


def _paths(entry: Node) -> Iterator[str]:
    node = entry.get("path") if isinstance(entry, Mapping) else entry
    if isinstance(node, Scalar):
        yield node.text
    elif isinstance(node, Sequence):
        yield from (item.text for item in node.scalars)


def _named_in_dotenv(sources: AbstractMapping[str, SourceFile]) -> Iterator[Files]:
    """`COMPOSE_FILE=compose.yaml:compose.prod.yaml` of a committed `.env`."""
    for path, source in sources.items():
        if posixpath.basename(path) == ".env":
            for variable in dotenv.parse(source):
                if variable.name == "COMPOSE_FILE":
                    names = re.split(r"[:;]", variable.text.text)
                    yield tuple(posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in names if name)
