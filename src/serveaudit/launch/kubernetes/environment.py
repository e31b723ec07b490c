"""The variables of a container: of its image, of the cluster's Services, of ConfigMaps, and its own."""

from __future__ import annotations

from typing import Any

from serveaudit.command import Environment
from serveaudit.formats.words import KUBERNETES, placeholders
from serveaudit.formats.yaml import Mapping, Scalar
from serveaudit.launch.kubernetes.objects import Objects, members, name_of, namespace_of, place_of, text, texts, whole
from serveaudit.launching import Image
from serveaudit.values import Partial, Unknown, Value


def environment(
    container: Mapping, image: Image | None, links: dict[str, Value[Any]], objects: Objects, space: str
) -> Environment:
    """What the container is started with. What is stated in `env` wins over `envFrom`, and that over Service links."""
    env = (image.env if image else Environment()).over(links)
    for entry in members(container.get("envFrom")):
        variables, missing = _from(entry, objects, space)
        env = env.over(variables, missing)
    for place in (container, container.get("envFrom"), container.get("env")):
        env = env.over({}, whole(place))
    for entry in members(container.get("env")):
        name = entry.text("name")
        if name:
            env = env.over({name: _stated(entry, env, objects, space)})
    return env


def service_links(objects: Objects, space: str) -> dict[str, Value[Any]]:
    """`WEB_PORT=tcp://…:80` and its like, which a pod gets for every Service of its namespace.

    Source: Kubernetes' manual, "Discovering services", environment variables.
    """
    found: dict[str, Value[Any]] = {}
    for service in objects.kinds("Service"):
        ports = members(service.at("spec", "ports"))
        if namespace_of(service) == space and ports and name_of(service):
            place = place_of(service)
            name = name_of(service).upper().replace("-", "_")
            host, port = Unknown("the cluster gives it an address"), ports[0].text("port")
            found[f"{name}_SERVICE_HOST"] = Value(host, (place,))
            found[f"{name}_SERVICE_PORT"] = Value(port, (place,))
            found[f"{name}_PORT"] = Value(Partial(("tcp://", host, f":{port}")), (place,))
    return found


def _from(entry: Mapping, objects: Objects, space: str) -> tuple[dict[str, Value[Any]], bool | Unknown]:
    """All variables of a ConfigMap or Secret, and why there may be more; True where there are none."""
    prefix = entry.text("prefix")
    for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
        name = entry.at(key, "name")
        if not isinstance(name, Scalar):
            continue
        thing = objects.named(kind, name.text, space)
        if thing is None:
            return {}, Unknown(f"the {kind} {name.text} is not in the repository")
        found = {**texts(thing.get("data" if kind == "ConfigMap" else "stringData"))}
        hidden = Unknown(f"the Secret {name.text} holds more") if kind == "Secret" and thing.get("data") else True
        return {prefix + variable: text(scalar) for variable, scalar in found.items()}, hidden
    return {}, Unknown("variables come from something that is not known")


def _stated(entry: Mapping, env: Environment, objects: Objects, space: str) -> Value[Any]:
    """One entry of `env`: a text, or what it is taken from."""
    given = entry.get("value")
    if isinstance(given, Scalar):
        return expanded(given, env)
    name = entry.scalar("name")
    places = (name.place,) if name else ()
    reference = entry.at("valueFrom", "configMapKeyRef")
    if isinstance(reference, Mapping):
        thing = objects.named("ConfigMap", reference.text("name"), space)
        found = texts(thing.get("data")).get(reference.text("key")) if thing else None
        if found:
            return text(found)
    if given is None and entry.get("valueFrom") is None:
        return Value("", places)
    about = f"${entry.text('name')}"
    return Value(Unknown(f"{about} is set from outside of the repository", about=about), places)


def expanded(scalar: Scalar, env: Environment) -> Value[Any]:
    """A text with its `$(NAME)` replaced; one that is not set stays as it is."""

    def lookup(name: str) -> Value[Any]:
        value = env.get(name)
        return Value(f"$({name})", (), value.assumes, value.depends) if value.x is None else value

    return placeholders(scalar.view).fill(KUBERNETES, lookup).value().also(*scalar.origins)
