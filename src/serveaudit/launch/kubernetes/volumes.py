"""What is mounted into a container of a pod."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from serveaudit.formats.yaml import Mapping, Scalar
from serveaudit.launch.kubernetes.objects import Objects, members, texts
from serveaudit.launching import Mount
from serveaudit.source import SourceFile
from serveaudit.values import Place


def mounts(container: Mapping, pod: Mapping, objects: Objects, space: str) -> Iterator[Mount]:
    """The container's volume mounts; the files of a ConfigMap in the manifests each with its text."""
    volumes = {volume.text("name"): volume for volume in members(pod.get("volumes"))}
    for mount in members(container.get("volumeMounts")):
        volume = volumes.get(mount.text("name"))
        if mount.text("mountPath"):
            yield from _mount(mount, volume, objects, space)


def _mount(mount: Mapping, volume: Mapping | None, objects: Objects, space: str) -> Iterator[Mount]:
    place, path = Place(mount.span), posixpath.normpath(mount.text("mountPath"))
    reference = volume.mapping("configMap") if volume else None
    thing = objects.named("ConfigMap", reference.text("name"), space) if reference else None
    if reference and thing:
        data = texts(thing.get("data"))
        chosen = {item.text("key"): item.text("path") for item in members(reference.get("items"))} or {key: key for key in data}
        below = mount.text("subPath")
        for key, name in chosen.items():
            if key in data and (not below or below == name):
                yield Mount(
                    "text", None, path if below else posixpath.join(path, name), place, _written(data[key]), read_only=True
                )
    elif volume and volume.get("hostPath"):
        yield Mount("bind", None, path, place, read_only=mount.text("readOnly") == "true")
    elif volume and volume.at("emptyDir", "medium"):
        yield Mount("tmpfs", None, path, place)
    else:
        yield Mount("volume", mount.text("name"), path, place, read_only=mount.text("readOnly") == "true")


def _written(text: Scalar) -> SourceFile:
    """A file's text; where a template takes all of it from a value of the chart, or from a file, as it is written there."""
    for origin in text.origins:
        for place in origin.places:
            source = place.span.source
            if place.span.text.strip() == text.text.strip():
                return source.slice(place.span.start, place.span.end)
    return text.view
