"""From the files of a compose project to its machines."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from collections.abc import Sequence as AbstractSequence

from serveaudit.contexts import Kind
from serveaudit.formats.yaml import Layers, Mapping, Node, Scalar, parse
from serveaudit.launch.compose.profiles import kinds_of
from serveaudit.launch.compose.project import Project
from serveaudit.launch.compose.service import build_of, read_service
from serveaudit.launch.compose.texts import Read, Texts
from serveaudit.launching import Build, Group, Images, Machine
from serveaudit.source import SourceFile
from serveaudit.values import Items, Unknown, Value

_DEEPEST = 8
_MOST = 500


def read_project(files: AbstractSequence[str], read: Read, images: Images) -> Group:
    """The services that `docker compose -f … -f …` would start with these files, the strongest last, whatever their profiles.

    Relative paths are meant from the first file's directory, whose `.env` fills in variables. What can't be read leaves the
    group incomplete, never without what was read.
    """
    return _loaded(files, read, images).group()


def read_profiles(files: AbstractSequence[str], read: Read, images: Images) -> list[tuple[Group, Kind]]:
    """A project once for production, and once more with the profiles for development, where it has any of these."""
    loader = _loaded(files, read, images)
    kinds = [kinds_of(layers, loader.project.texts) for _, layers in loader.services()]
    if all("production" in each for each in kinds):
        return [(loader.group(), "production")]
    apart: list[tuple[Group, Kind]] = [(loader.group("production"), "production"), (loader.group("development"), "development")]
    return [(group, kind) for group, kind in apart if group.machines]


def _loaded(files: AbstractSequence[str], read: Read, images: Images) -> _Loader:
    loader = _Loader(" + ".join(files), read, images, posixpath.dirname(files[0]) if files else "")
    for path in files:
        loader.load(path, loader.directory)
    return loader


def tagged(files: AbstractSequence[str], read: Read, images: Images) -> Iterator[tuple[str, Build]]:
    """The images that the services of a project are built as: the name that `image` gives to what `build` makes."""
    loader = _loaded(files, read, images)
    for _, layers in loader.services():
        build, name = build_of(layers, loader.project), loader.project.texts.one(layers, "image").x
        if build is not None and isinstance(name, str):
            yield name, build


class _Loader:
    """Reads the files of a project, and those that they include or extend."""

    def __init__(self, name: str, read: Read, images: Images, directory: str) -> None:
        self.name, self.directory = name, directory
        self.project = Project(read, images, Texts({"PWD": Value(".")}))
        self.files: list[str] = []
        self.roots: dict[str, Mapping] = {}
        self.complete: bool | Unknown = True
        self._add_dotenv(posixpath.join(directory, ".env"))

    def load(self, path: str, directory: str, depth: int = 0) -> None:
        """Puts a file over what was loaded before, its includes below it."""
        root = self._root(path, directory)
        if root is None or path in self.files:
            return
        self.files.append(path)
        included = root.sequence("include")
        for entry in included.items if included and depth < _DEEPEST else ():
            self._include(entry, posixpath.dirname(path), depth + 1)
        self.project.top = Layers((*self.project.top.mappings, root))

    def group(self, kind: Kind | None = None) -> Group:
        """The services that are started for this kind of use, else all."""
        texts = self.project.texts
        chosen = [each for each in self.services() if kind is None or kind in kinds_of(each[1], texts)]
        machines = [read_service(key, layers, self.project) for key, layers in chosen]
        _name_by_links(machines)
        _take_volumes(machines)
        _join_networks(machines)
        name = f"{self.name}, development profiles" if kind == "development" else self.name
        return Group(name, "compose", machines, tuple(self.files), self.complete)

    def services(self) -> Iterator[tuple[Scalar, Layers]]:
        services = Layers(tuple(node for root in self.project.top.mappings if (node := _services(root))))
        for number, key in enumerate(services):
            if number == _MOST:
                self._lacks(f"more than {_MOST} services")
                break
            layers = services.below(key.text)
            if layers.mappings:
                extended = tuple(each for mapping in layers.mappings for each in self._with_base(mapping))
                yield key, Layers(extended)

    def _root(self, path: str, directory: str) -> Mapping | None:
        """A file's mapping; None, and an incomplete project, where there is none to be read."""
        if path in self.roots:
            return self.roots[path]
        source = self.project.read(path)
        if source is None:
            self._lacks(f"{path} is not in the repository")
            return None
        self.project.place_in(source, directory)
        document = parse(source)
        for problem in document.problems:
            self._lacks(f"{path}, line {problem.span.line}: {problem.message}")
        if document.mappings:
            self.roots[path] = document.mappings[0]
        return self.roots.get(path)

    def _include(self, entry: Node, directory: str, depth: int) -> None:
        """`include`: a path, or a mapping with one or several, and perhaps a directory and variables of its own."""
        if isinstance(entry, Mapping):
            paths, own = self.project.texts.listed(entry.get("path")), entry.text("project_directory")
            for env in self.project.texts.listed(entry.get("env_file")):
                self._add_dotenv(posixpath.join(directory, str(env.x)))
        else:
            paths, own = self.project.texts.listed(entry), ""
        for path in paths:
            if isinstance(path.x, str) and ":" not in path.x:
                full = posixpath.normpath(posixpath.join(directory, path.x))
                self.load(full, posixpath.normpath(posixpath.join(directory, own)) if own else posixpath.dirname(full), depth)
            else:
                self._lacks(path.why or f"{path.x} is not in the repository")

    def _with_base(self, mapping: Mapping, depth: int = 0) -> Iterator[Mapping]:
        """A service's mapping, and before it those that it extends."""
        extends = mapping.get("extends")
        if extends is not None and depth < _DEEPEST:
            base = self._extended(extends, mapping)
            if base and base is not mapping:
                yield from self._with_base(base, depth + 1)
        yield mapping

    def _extended(self, extends: Node, mapping: Mapping) -> Mapping | None:
        name = extends.text("service") if isinstance(extends, Mapping) else extends.text if isinstance(extends, Scalar) else ""
        file = extends.text("file") if isinstance(extends, Mapping) else ""
        if file:
            path = self.project.path(mapping, file)
            root = self._root(path, posixpath.dirname(path))
        else:
            root = next((root for root in self.roots.values() if root.span.source is mapping.span.source), None)
        services = _services(root) if root else None
        found = services.mapping(name) if services else None
        if found is None:
            self._lacks(f"the service {name} that is extended is not to be found")
        return found

    def _add_dotenv(self, path: str) -> None:
        source: SourceFile | None = self.project.read(path)
        if source:
            self.project.texts.add(source)

    def _lacks(self, why: str) -> None:
        if self.complete is True:
            self.complete = Unknown(why)


def _services(root: Mapping) -> Mapping | None:
    """A file's services; of the first version of the format, which has nothing else, the file itself."""
    services = root.mapping("services")
    oldest = services is None and any(
        isinstance(node, Mapping) and (node.get("image") or node.get("build")) for _, node in root.items()
    )
    return root if oldest else services


def _name_by_links(machines: list[Machine]) -> None:
    """`links: [web:app]` gives a service one more name."""
    by_name = {machine.name: machine for machine in machines}
    for machine in machines:
        links = machine.keys.get("links", Value(None)).x
        for link in links if isinstance(links, Items) else ():
            name, _, alias = link.x.partition(":") if isinstance(link.x, str) else ("", "", "")
            if alias and name in by_name:
                by_name[name].names |= {alias}


def _take_volumes(machines: list[Machine]) -> None:
    """`volumes_from: [web]` mounts what the other service mounts. The key stays where more may come with it: volumes of another
    container, or of an image."""
    by_name = {machine.name: machine for machine in machines}
    for machine in machines:
        entries = machine.keys.get("volumes_from", Value(None)).x
        names = [str(entry.x).partition(":")[0] for entry in entries] if isinstance(entries, Items) else []
        others = [by_name[name] for name in names if name in by_name]
        machine.mounts += [mount for other in others for mount in other.mounts if mount.kind != "copy"]
        if len(others) == len(names) and not any("VOLUME" in other.keys or "image" in other.keys for other in others):
            machine.keys = {key: value for key, value in machine.keys.items() if key != "volumes_from"}


def _join_networks(machines: list[Machine]) -> None:
    """`network_mode: service:x` puts a service's process into the other one's network."""
    by_name = {machine.name: machine for machine in machines}
    for machine in list(machines):
        mode = machine.keys.get("network_mode", Value(None)).x
        kind, _, name = mode.partition(":") if isinstance(mode, str) else ("", "", "")
        host = by_name.get(name)
        if kind == "service" and host and host is not machine:
            host.units += machine.units
            host.mounts += machine.mounts
            host.exposed += machine.exposed
            host.names |= machine.names
            machines.remove(machine)
