"""A compose service as a machine with one unit."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from serveaudit.command import Step
from serveaudit.formats.yaml import Layers, Mapping, Node, Scalar
from serveaudit.launch.compose.environment import environment
from serveaudit.launch.compose.mounts import mounts
from serveaudit.launch.compose.network import external_networks, names_and_networks, published, subnets
from serveaudit.launch.compose.project import Project
from serveaudit.launching import Build, Image, Machine, Unit, signal_name, started
from serveaudit.units import Seconds, compose_size, cpu_quantity, duration
from serveaudit.values import How, Items, Place, Unknown, Value, unknown

_MODELLED = frozenset(
    """build command configs container_name cpus entrypoint env_file environment expose extends hostname image labels mem_limit
    network_mode networks ports replicas restart scale secrets stop_grace_period stop_signal tmpfs user volumes
    working_dir""".split()
)
_POLICIES = {"any": "always", "none": "no"}


def read_service(key: Scalar, layers: Layers, project: Project) -> Machine:
    """The machine that a service describes."""
    texts = project.texts
    build = build_of(layers, project)
    image = _image(layers, build, project)
    env = environment(layers, image, project)
    name, head = key.text, Place(key.span)
    names, networks = names_and_networks(name, layers, project)
    mode = texts.one(layers, "network_mode")
    keys = _keys(layers, project, image)
    host = mode.map(lambda text: text == "host") if mode.x is not None else Value(False)
    workdir = texts.one(layers, "working_dir")
    if workdir.x is None:
        workdir = image.workdir if image else unknown("the image's working directory is not known", head)
    unit = _unit(name, head, layers, project, image, keys)
    unit.steps = tuple(replace(step, cwd=workdir, env=env) for step in unit.steps)
    return Machine(
        "container",
        name,
        head,
        names,
        [unit],
        [] if host.x is True else published(layers, texts),
        [*(image.exposed if image else ()), *_exposed(layers, project)],
        [*(image.mounts if image else ()), *mounts(layers, project)],
        env,
        workdir,
        networks,
        host,
        _cpus(layers, project),
        _memory(layers, project),
        _replicas(layers, project),
        image.base if image else texts.one(layers, "image"),
        build.dockerfile if build else image.dockerfile if image else None,
        _labels(layers, project),
        list(image.outside) if image else [],
        keys,
        image.runs if image else (),
        image.brought if image else (),
    )


def _unit(name: str, head: Place, layers: Layers, project: Project, image: Image | None, keys: dict[str, Value[Any]]) -> Unit:
    texts = project.texts
    step = _step(layers, project, image)
    signal = texts.one(layers, "stop_signal").map(signal_name)
    if signal.x is None and image:
        signal = image.stop_signal
    user = texts.one(layers, "user").map(lambda text: text.partition(":")[0])
    return Unit(
        "compose",
        name,
        head,
        (step,) if step else (),
        stop_signal=_default(signal, "TERM", head, "docker stops a container with TERM"),
        stop_timeout=_stop_timeout(layers, project, head),
        restart=_restart(layers, project, head),
        user=user if user.x is not None or not image else image.user,
        keys=keys,
    )


def _default(value: Value[Any], default: Any, head: Place, note: str) -> Value[Any]:
    return value if value.x is not None else Value(default, (Place(head.span, How.DEFAULT, note),))


def build_of(layers: Layers, project: Project) -> Build | None:
    """How a service's image is built; None where it is not built here."""
    nodes = layers.nodes("build")
    if not nodes:
        return None
    texts = project.texts
    detail = Layers(tuple(node for node in nodes if isinstance(node, Mapping)))
    contexts = [node for node in nodes if isinstance(node, Scalar)] + detail.nodes("context")
    where: Node = contexts[-1] if contexts else nodes[-1]
    context = texts.value(contexts[-1]) if contexts else Value(".")
    if not isinstance(context.x, str) or "://" in context.x or context.x.startswith("git@"):
        return None
    directory = project.path(where, context.x)
    name = texts.one(detail, "dockerfile")
    target = texts.one(detail, "target")
    inline = detail.scalar("dockerfile_inline")
    args = {arg: value for arg, value in texts.pairs(detail.nodes("args")) if value.x is not None}
    return Build(
        directory,
        posixpath.normpath(posixpath.join(directory, name.x if isinstance(name.x, str) else "Dockerfile")),
        Place(where.span),
        target.x if isinstance(target.x, str) else "",
        args,
        inline.view if inline else None,
    )


def _image(layers: Layers, build: Build | None, project: Project) -> Image | None:
    if build:
        return project.images.built(build)
    reference = project.texts.one(layers, "image")
    return project.images.named(reference) if reference.x is not None else None


def _step(layers: Layers, project: Project, image: Image | None) -> Step | None:
    """What runs: the service's halves, where it has them, in place of the image's. A service's entrypoint drops the image's
    command; an empty one of either kind takes the image's away."""
    entrypoint, command = _half(layers, "entrypoint", project), _half(layers, "command", project)
    if image:
        command = image.command if command is None and entrypoint is None else command
        entrypoint = image.entrypoint if entrypoint is None else entrypoint
    elif entrypoint is None and command and str(command.argv[0].x if command.argv else "").startswith("-"):
        return None  # arguments for an entrypoint that is not known
    return started(_some(entrypoint), _some(command))


def _half(layers: Layers, key: str, project: Project) -> Step | None:
    node = layers.node(key)
    if node is None:
        return None
    words = project.texts.filled(node).words() if isinstance(node, Scalar) else project.texts.listed(node)
    return Step(node.place if isinstance(node, Scalar) else Place(node.span), argv=tuple(words))


def _some(step: Step | None) -> Step | None:
    return step if step and (step.argv or step.script) else None


def _stop_timeout(layers: Layers, project: Project, head: Place) -> Value[Seconds]:
    given = project.texts.one(layers, "stop_grace_period").map(lambda text: _read(duration, text))
    return _default(given, Seconds(10), head, "docker kills what has not stopped after 10 s")


def _restart(layers: Layers, project: Project, head: Place) -> Value[str]:
    given = project.texts.one(layers, "restart").map(lambda text: text.partition(":")[0])
    if given.x is None:
        given = project.texts.one(layers.below("deploy", "restart_policy"), "condition")
        given = given.map(lambda text: _POLICIES.get(text, text))
    return _default(given, "no", head, "docker restarts nothing by itself")


def _cpus(layers: Layers, project: Project) -> Value[float]:
    given = project.texts.one(layers, "cpus")
    if given.x is None:
        given = project.texts.one(layers.below("deploy", "resources", "limits"), "cpus")
    return given.map(lambda text: _limit(cpu_quantity, text))


def _memory(layers: Layers, project: Project) -> Value[int]:
    given = project.texts.one(layers, "mem_limit")
    if given.x is None:
        given = project.texts.one(layers.below("deploy", "resources", "limits"), "memory")
    return given.map(lambda text: _limit(compose_size, text))


def _read(read: Callable[[str], Any], text: str) -> Any:
    """What a reader of quantities makes of a text; unknown where it refuses it."""
    found = read(text)
    return Unknown(f"what {text} means is not known") if found is None else found


def _limit(read: Callable[[str], Any], text: str) -> Any:
    """As `_read`; 0 is no limit."""
    found = _read(read, text)
    return None if found == 0 else found


def _replicas(layers: Layers, project: Project) -> Value[int]:
    given = project.texts.one(layers.below("deploy"), "replicas")
    if given.x is None:
        given = project.texts.one(layers, "scale")
    if given.x is None:
        return Value(1)
    return given.map(lambda text: int(text) if text.isdecimal() and len(text) < 10 else Unknown(f"{text}: no number"))


def _exposed(layers: Layers, project: Project) -> list[Value[int]]:
    found = [value for node in layers.nodes("expose") for value in project.texts.listed(node)]
    ports = (value.map(lambda text: text.partition("/")[0]) for value in found)
    return [
        port.map(int) if isinstance(port.x, str) else port
        for port in ports
        if not isinstance(port.x, str) or port.x.isdecimal()
    ]


def _labels(layers: Layers, project: Project) -> dict[str, Value[Any]]:
    return dict(project.texts.pairs([*layers.nodes("labels"), *layers.below("deploy").nodes("labels")]))


def _keys(layers: Layers, project: Project, image: Image | None) -> dict[str, Value[Any]]:
    """What else is written, the image's own words below the service's."""
    keys = {**(image.keys if image else {}), **project.texts.flat(layers, _MODELLED)}
    if layers.node("networks") or project.top.node("networks"):
        keys["subnets"] = subnets(layers, project)
        keys["external_networks"] = Value(Items(tuple(external_networks(layers, project))))
    mode = project.texts.one(layers, "network_mode")
    if mode.x is not None:
        keys["network_mode"] = mode
    if image is None:
        why = "the image is not built here" if layers.node("image") else "there is no Dockerfile that could be read"
        keys["image"] = Value(Unknown(why))
    ports = [entry.place if isinstance(entry, Scalar) else Place(entry.span) for entry in layers.items("ports")]
    if ports and mode.x == "host":
        keys["ports"] = Value(Items(()), tuple(ports))
    return keys
