"""Kubernetes manifests as a group of pods."""

from collections.abc import Sequence

from serveaudit.launch.kubernetes.objects import read_objects
from serveaudit.launch.kubernetes.pods import read_pods
from serveaudit.launch.kubernetes.services import connect
from serveaudit.launching import Group, Images
from serveaudit.source import SourceFile

__all__ = ["read_manifests"]


def read_manifests(sources: Sequence[SourceFile], images: Images) -> Group:
    """The pods of a set of manifests that are applied together, with the Services and Ingresses before them.

    A Service's ports are the pod's published ones: `host_ip` is "cluster" unless it opens them to the outside.
    """
    objects = read_objects(sources)
    pods = read_pods(objects, images)
    connect(pods, objects)
    files = tuple(source.path for source in sources)
    return Group(" + ".join(files), "kubernetes", [pod.machine for pod in pods], files, objects.complete)
