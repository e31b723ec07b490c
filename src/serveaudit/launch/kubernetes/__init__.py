"""Kubernetes manifests as a group of pods."""

from collections.abc import Sequence

from serveaudit.launch.kubernetes.charts import chart_of
from serveaudit.launch.kubernetes.evaluating import Near
from serveaudit.launch.kubernetes.kustomize import bases, customize
from serveaudit.launch.kubernetes.objects import read_objects
from serveaudit.launch.kubernetes.pods import read_pods
from serveaudit.launch.kubernetes.services import connect
from serveaudit.launching import Group, Images
from serveaudit.source import SourceFile

__all__ = ["bases", "chart_of", "read_manifests"]


def read_manifests(sources: Sequence[SourceFile], images: Images, near: Near = lambda path: None) -> Group:
    """The pods of a set of manifests that are applied together, with the Services and Ingresses before them.

    `near` reads the files that they name: a chart's values, what a kustomization takes. A Service's ports are the pod's
    published ones: `host_ip` is "cluster" unless it opens them to the outside.
    """
    objects = read_objects(sources, near)
    customized = customize(objects, sources, near)
    pods = read_pods(objects, images)
    connect(pods, objects)
    files = tuple(dict.fromkeys((*(source.path for source in sources), *customized)))
    charts = {chart for path in files if (chart := chart_of(path, near)) is not None}
    name = " + ".join(sorted(charts) or customized[:1] or files)
    return Group(name, "kubernetes", [pod.machine for pod in pods], files, objects.complete)
