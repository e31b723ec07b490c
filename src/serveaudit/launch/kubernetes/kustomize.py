"""Kustomizations: manifests that are taken from elsewhere, patched, and given generated ConfigMaps and other images.

Source: Kubernetes' manual, "Declarative Management of Kubernetes Objects Using Kustomize".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from serveaudit.formats.dotenv import parse as parse_variables
from serveaudit.formats.yaml import Mapping, Node, Scalar, parse
from serveaudit.formats.yaml import Sequence as List
from serveaudit.launch.kubernetes.evaluating import Near
from serveaudit.launch.kubernetes.objects import Objects, members, name_of, read_objects
from serveaudit.launch.kubernetes.patches import merged, operated
from serveaudit.source import SourceFile, Span
from serveaudit.values import Unknown

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_DEEPEST, _MOST_FILES = 6, 200
_PODS = (("spec", "template", "spec"), ("spec", "jobTemplate", "spec", "template", "spec"), ("spec",))
_NOT_FOLLOWED = (
    "components",
    "replacements",
    "transformers",
    "generators",
    "helmCharts",
    "helmChartInflationGenerator",
    "vars",
)


def bases(path: str, near: Near) -> Iterator[str]:
    """The directories whose manifests a kustomization takes; none for another file."""
    source = near(path) if posixpath.basename(path) in NAMES else None
    for root in parse(source).mappings if source else ():
        for name in _texts(root, "resources", "bases"):
            folder = _beside(posixpath.dirname(path), name)
            if _of_folder(folder, near) is not None:
                yield folder


def customize(objects: Objects, sources: Sequence[SourceFile], near: Near) -> list[str]:
    """Does to the objects what the kustomizations beside their files say; gives the files that were read for it, a
    kustomization first."""
    read: list[str] = []
    for folder in dict.fromkeys(posixpath.dirname(source.path) for source in sources):
        source = _of_folder(folder, near)
        if source is not None:
            reader = _Reader(near, dict.fromkeys(each.path for each in sources))
            objects.all = reader.applied(objects.all, source, 0)
            read += [source.path, *reader.known]
            if objects.complete is True:
                objects.complete = reader.complete
    return read


def _of_folder(folder: str, near: Near) -> SourceFile | None:
    found = (near(posixpath.join(folder, name)) for name in NAMES)
    return next((source for source in found if source is not None), None)


def _beside(folder: str, name: str) -> str:
    """The path of a file that a kustomization in this directory names."""
    return posixpath.normpath(posixpath.join(folder, name))


def _entries_of_patches(root: Mapping) -> list[Mapping]:
    return [*members(root.get("patches")), *members(root.get("patchesJson6902"))]


@dataclass(slots=True)
class _Reader:
    """`known` are the files whose objects are there already."""

    near: Near
    known: dict[str, None]
    complete: bool | Unknown = True

    def applied(self, things: list[Mapping], source: SourceFile, depth: int) -> list[Mapping]:
        """The objects after one kustomization."""
        folder = posixpath.dirname(source.path)
        for root in parse(source).mappings[:1]:
            things = [*things, *self.resources(root, folder, depth), *self.config_maps(root, folder)]
            things = self.patched(things, root, folder)
            things = [_with_images(thing, members(root.get("images"))) for thing in things]
            for key in _NOT_FOLLOWED:
                if root.get(key) is not None:
                    self.miss(f"{source.path}: what {key} make is not followed")
        return things

    def miss(self, why: str) -> None:
        if self.complete is True:
            self.complete = Unknown(why)

    def resources(self, root: Mapping, folder: str, depth: int) -> Iterator[Mapping]:
        for name in _texts(root, "resources", "bases"):
            path = _beside(folder, name)
            base = _of_folder(path, self.near) if depth < _DEEPEST and len(self.known) < _MOST_FILES else None
            file = None if base else self.near(path)
            if base is not None and base.path not in self.known:
                self.known[base.path] = None
                yield from self.applied([], base, depth + 1)
            elif file is not None and path not in self.known:
                self.known[path] = None
                yield from read_objects([file], self.near).all
            elif base is None and file is None:
                self.miss(f"{path} is not in the repository")

    def patched(self, things: list[Mapping], root: Mapping, folder: str) -> list[Mapping]:
        """The objects after the patches, which are no objects themselves."""
        paths = [*(entry.text("path") for entry in _entries_of_patches(root)), *_texts(root, "patchesStrategicMerge")]
        files = {_beside(folder, path) for path in paths}
        things = [thing for thing in things if thing.span.source.path not in files]
        for patch, target in self.patches(root, folder):
            wanted = target or patch
            for at, thing in enumerate(things):
                if not _is_meant(thing, wanted, named=target is not None):
                    continue
                changed = operated(thing, patch) if isinstance(patch, List) else merged(thing, patch)
                if changed is None:
                    self.miss("a JSON patch that can't be followed")
                else:
                    things[at] = changed
        return things

    def patches(self, root: Mapping, folder: str) -> Iterator[tuple[Mapping | List, Mapping | None]]:
        """Each patch, with what it is meant for if it does not say so itself."""
        for entry in _entries_of_patches(root):
            inline = entry.scalar("patch")
            source = inline.view if inline else self.near(_beside(folder, entry.text("path")))
            yield from ((each, entry.mapping("target")) for each in self.documents(source, entry.text("path")))
        for text in _scalars(root, "patchesStrategicMerge"):
            source = text.view if "\n" in text.text else self.near(_beside(folder, text.text))
            yield from ((each, None) for each in self.documents(source, text.text))

    def documents(self, source: SourceFile | None, name: str) -> Iterator[Mapping | List]:
        if source is None:
            self.miss(f"{name} is not in the repository")
        for document in parse(source).documents if source else ():
            if isinstance(document, Mapping | List):
                yield document

    def config_maps(self, root: Mapping, folder: str) -> Iterator[Mapping]:
        for entry in members(root.get("configMapGenerator")):
            data: list[tuple[Scalar, Node]] = []
            for text in _scalars(entry, "literals"):
                key, _, value = text.text.partition("=")
                data.append((Scalar(text.span, key), Scalar(text.span, value.strip("\"'"))))
            for text in _scalars(entry, "files"):
                key, _, path = text.text.rpartition("=")
                file = self.near(_beside(folder, path))
                if file is not None:
                    data.append((Scalar(text.span, key or posixpath.basename(path)), Scalar(file.whole(), file.text)))
            for text in (*_scalars(entry, "envs"), *filter(None, (entry.scalar("env"),))):
                data += self.variables(_beside(folder, text.text))
            yield _config_map(entry, data)

    def variables(self, path: str) -> Iterator[tuple[Scalar, Node]]:
        source = self.near(path)
        if source is None:
            self.miss(f"{path} is not in the repository")
            return
        for variable in parse_variables(source):
            yield Scalar(variable.key, variable.name), Scalar(variable.text.whole(), variable.text.text)


def _config_map(entry: Mapping, data: list[tuple[Scalar, Node]]) -> Mapping:
    span = entry.head
    name = entry.scalar("name") or Scalar(span, "")
    metadata = Mapping(span, [(Scalar(span, "name"), name)])
    entries: list[tuple[Scalar, Node]] = [(Scalar(span, "kind"), Scalar(span, "ConfigMap"))]
    return Mapping(span, [*entries, (Scalar(span, "metadata"), metadata), (Scalar(span, "data"), Mapping(span, data))])


def _is_meant(thing: Mapping, wanted: Mapping | List, named: bool) -> bool:
    """Whether a patch is for an object: by kind and name, of which a target may leave one out."""
    if isinstance(wanted, List):
        return False
    kind, name = wanted.text("kind"), wanted.text("name") if named else name_of(wanted)
    return (kind or name) != "" and kind in ("", thing.text("kind")) and name in ("", name_of(thing))


def _with_images(thing: Mapping, images: Iterable[Mapping]) -> Mapping:
    """An object whose containers' images have other names and tags."""
    for image in images:
        for path in _PODS:
            spec = thing.at(*path)
            for container in members(spec.get("containers")) if isinstance(spec, Mapping) else ():
                text, name = container.scalar("image"), container.scalar("name")
                if text and name and _name_of_image(text.text) == image.text("name"):
                    other = (Scalar(text.span, "image"), _other(image, text))
                    changed = Mapping(name.span, [(Scalar(name.span, "name"), name), other])
                    thing = merged(thing, _nested(path, Mapping(name.span, [_entry(name.span, "containers", changed)])))
    return thing


def _name_of_image(reference: str) -> str:
    head, slash, last = reference.partition("@")[0].rpartition("/")
    return head + slash + last.partition(":")[0]


def _other(image: Mapping, text: Scalar) -> Scalar:
    """The reference that takes an image's place, told where its new tag or name is."""
    tag = image.scalar("newTag")
    _, _, old = text.text.removeprefix(image.text("name")).partition(":")
    new = image.scalar("newName")
    told = tag or new or text
    name = new.text if new else image.text("name")
    return Scalar(told.span, f"{name}:{tag.text if tag else old}".rstrip(":"), "?")


def _entry(span: Span, key: str, member: Mapping) -> tuple[Scalar, Node]:
    return Scalar(span, key), List(span, [member])


def _nested(path: tuple[str, ...], inside: Mapping) -> Mapping:
    for key in reversed(path):
        inside = Mapping(inside.span, [(Scalar(inside.span, key), inside)])
    return inside


def _texts(root: Mapping, *keys: str) -> list[str]:
    return [text.text for key in keys for text in _scalars(root, key)]


def _scalars(root: Mapping, key: str) -> list[Scalar]:
    found = root.sequence(key)
    return found.scalars[:_MOST_FILES] if found else []
