"""A pod as a machine with a unit for each of its containers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from serveaudit.command import Environment, Step
from serveaudit.formats.yaml import Mapping, Scalar, Sequence, flat
from serveaudit.launch.kubernetes.environment import environment, expanded, service_links
from serveaudit.launch.kubernetes.objects import (
    Objects,
    members,
    name_of,
    namespace_of,
    number,
    place_of,
    text,
    texts,
    whole,
)
from serveaudit.launch.kubernetes.volumes import mounts
from serveaudit.launching import Image, Images, Machine, Mount, Published, Sign, Unit, started
from serveaudit.units import Seconds, cpu_quantity, quantity
from serveaudit.values import How, Place, Range, Unknown, Value, unknown

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod", "Rollout", "Service")
_RESTARTS = {"Always": "always", "OnFailure": "on-failure", "Never": "no"}
_POD_MODELLED = frozenset(("containers", "initContainers", "volumes", "terminationGracePeriodSeconds", "restartPolicy"))
_MODELLED = frozenset(("name", "image", "command", "args", "env", "envFrom", "ports", "volumeMounts", "workingDir"))
_ASKED_FOR = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "securityContext.readOnlyRootFilesystem")
"""Keys whose absence means something: not known where a template leaves parts of the container out."""


@dataclass(slots=True)
class Pod:
    """A pod's machine, and the labels by which Services find it."""

    machine: Machine
    labels: dict[str, str]
    namespace: str
    ports: dict[str, Value[Any]]


def read_pods(objects: Objects, images: Images) -> list[Pod]:
    """The pods that the workloads describe."""
    found = []
    for workload in objects.kinds(*_WORKLOADS):
        template = _template(workload)
        spec = template.mapping("spec") if template else None
        if template and spec and spec.sequence("containers"):
            found.append(_Reader(objects, images, workload, template, spec).pod())
    return found


def _template(workload: Mapping) -> Mapping | None:
    """What has the pod's spec and labels: the Pod itself, or a workload's template."""
    for path in (("spec", "jobTemplate", "spec", "template"), ("spec", "template")):
        found = workload.at(*path)
        if isinstance(found, Mapping):
            return found
    return workload if workload.text("kind") == "Pod" else None


class _Reader:
    def __init__(self, objects: Objects, images: Images, workload: Mapping, template: Mapping, spec: Mapping) -> None:
        self.objects = objects
        self.images = images
        self.workload = workload
        self.template = template
        self.spec = spec
        self.space = namespace_of(workload)
        self.containers = members(spec.get("containers"))
        linked = text(spec.get("enableServiceLinks")).x != "false"
        self.links = service_links(objects, self.space) if linked else {}
        self.ports = {
            port.text("name"): number(port.get("containerPort"))
            for container in self.containers
            for port in members(container.get("ports"))
        }

    def pod(self) -> Pod:
        place = place_of(self.workload)
        built = [self._container(container) for container in self.containers]
        units = [unit for unit, _, _ in built]
        if units:
            units[0].before = tuple(step for init in members(self.spec.get("initContainers")) for step in self._init(init))
        first = units[0].steps[0] if units and units[0].steps else None
        keys = flat((key.text, node) for key, node in self.spec.items() if key.text not in _POD_MODELLED)
        machine = Machine(
            "pod",
            name_of(self.workload),
            place,
            frozenset((name_of(self.workload),)),
            units,
            list(self._host_ports()),
            [number(port.get("containerPort")) for each in self.containers for port in members(each.get("ports"))],
            [mount for _, _, mounted in built for mount in mounted],
            built[0][1] if built else Environment(),
            first.cwd if first else Value(""),
            host_network=Value(text(self.spec.get("hostNetwork")).x == "true"),
            cpus=self._limit("cpu", cpu_quantity),
            memory=self._limit("memory", quantity),
            replicas=self._replicas(),
            image=text(self.containers[0].get("image")) if self.containers else Value(None),
            labels={key: text(value) for key, value in texts(self.template.at("metadata", "labels")).items()},
            outside=list(self._platform(place)),
            keys={**keys, "kind": Value(self.workload.text("kind"), (place,))},
        )
        labels = {key: value.text for key, value in texts(self.template.at("metadata", "labels")).items()}
        return Pod(machine, labels, self.space, self.ports)

    def _platform(self, place: Place) -> Iterable[Sign]:
        if self.workload.text("apiVersion").startswith("serving.knative.dev/"):
            yield Sign("the platform's router (Knative, Cloud Run)", place)

    def _container(self, container: Mapping) -> tuple[Unit, Environment, list[Mount]]:
        reference = text(container.get("image"))
        image = self.images.named(reference) if reference.x is not None else None
        env = environment(container, image, self.links, self.objects, self.space)
        step = self._step(container, image, env)
        head = Place(container.head)
        user = container.at("securityContext", "runAsUser") or self.spec.at("securityContext", "runAsUser")
        unit = Unit(
            "kubernetes",
            container.text("name") or name_of(self.workload),
            step.place if step else head,
            (step,) if step else (),
            stop_signal=image.stop_signal if image and image.stop_signal.x is not None else Value("TERM"),
            stop_timeout=self._stop_timeout(),
            restart=self._restart(),
            user=text(user) if user else image.user if image else Value(None),
            keys=self._keys(container, image),
        )
        own = list(image.mounts) if image else []
        return unit, env, [*own, *mounts(container, self.spec, self.objects, self.space)]

    def _init(self, container: Mapping) -> Iterable[Step]:
        env = environment(container, None, self.links, self.objects, self.space)
        step = self._step(container, None, env)
        return (step,) if step else ()

    def _step(self, container: Mapping, image: Image | None, env: Environment) -> Step | None:
        """`command` stands for the image's entrypoint and drops its command; `args` stand for its command."""
        if any(isinstance(whole(container.get(key)), Unknown) for key in ("command", "args")):
            return None
        command, args = self._half(container, "command", env), self._half(container, "args", env)
        if image and command is None:
            command, args = image.entrypoint, args or image.command
        elif command is None:
            return None  # arguments for an entrypoint that is not known
        step = started(command, args)
        if step is None:
            return None
        directory = text(container.get("workingDir"))
        if directory.x is None:
            directory = image.workdir if image else unknown("the image's working directory is not known", step.place)
        return replace(step, cwd=directory, env=env)

    def _half(self, container: Mapping, key: str, env: Environment) -> Step | None:
        node = container.get(key)
        words = node.scalars if isinstance(node, Sequence) else [node] if isinstance(node, Scalar) and not node.null else []
        if node is None or not words:
            return None
        return Step(Place(node.span), argv=tuple(expanded(word, env) for word in words))

    def _stop_timeout(self) -> Value[Seconds]:
        given = number(self.spec.get("terminationGracePeriodSeconds")).map(Seconds)
        default = Place(self.spec.head, How.DEFAULT, "Kubernetes kills what has not stopped after 30 s")
        return given if given.x is not None else Value(Seconds(30), (default,))

    def _restart(self) -> Value[str]:
        given = text(self.spec.get("restartPolicy")).map(lambda policy: _RESTARTS.get(policy, policy))
        default = Place(self.spec.head, How.DEFAULT, "Kubernetes restarts what ends")
        return given if given.x is not None else Value("always", (default,))

    def _keys(self, container: Mapping, image: Image | None) -> dict[str, Value[Any]]:
        """Probes, resources, lifecycle and all else, under dotted names; a port's name is replaced by its number."""
        keys = flat((key.text, node) for key, node in container.items() if key.text not in _MODELLED)
        for name, value in keys.items():
            if name.endswith(".port") and isinstance(value.x, str) and value.x in self.ports:
                keys[name] = Value(self.ports[value.x].x, value.places).also(self.ports[value.x])
        if isinstance(why := whole(container), Unknown):
            missing = [name for name in _ASKED_FOR if container.get(name.partition(".")[0]) is None]
            keys |= dict.fromkeys(missing, Value(why, (Place(container.head),)))
        if image is None:
            keys["image"] = Value(Unknown("the image is not built here"))
        return keys

    def _host_ports(self) -> Iterable[Published]:
        for container in self.containers:
            for port in members(container.get("ports")):
                if port.get("hostPort"):
                    ip = text(port.get("hostIP"))
                    ip = ip if ip.x is not None else Value("")
                    yield Published(ip, number(port.get("hostPort")), number(port.get("containerPort")), Place(port.span))

    def _limit(self, kind: str, read: Any) -> Value[Any]:
        """The sum of the containers' limits; None unless every one has one."""
        limits = [text(container.at("resources", "limits", kind)) for container in self.containers]
        values = [limit.map(lambda given: _quantity(read(given), given)) for limit in limits]
        if len(values) == 1:
            return values[0]
        if not values or any(not isinstance(value.x, int | float) for value in values):
            return Value(None)
        return Value(type(values[0].x)(sum(value.x for value in values))).also(*values)

    def _replicas(self) -> Value[Any]:
        for scaler in self.objects.kinds("HorizontalPodAutoscaler"):
            target = scaler.at("spec", "scaleTargetRef", "name")
            if isinstance(target, Scalar) and target.text == name_of(self.workload):
                low, high = number(scaler.at("spec", "minReplicas")), number(scaler.at("spec", "maxReplicas"))
                if isinstance(high.x, int):
                    return Value(Range(low.x if isinstance(low.x, int) else 1, high.x)).also(low, high)
        if self.workload.text("kind") == "DaemonSet":
            return unknown("a DaemonSet runs once on every node", place_of(self.workload))
        given = number(self.workload.at("spec", "replicas"))
        return given if given.x is not None else Value(1)


def _quantity(found: float | None, given: str) -> float | Unknown | None:
    """0 is no limit."""
    return Unknown(f"what {given} means is not known") if found is None else found or None
