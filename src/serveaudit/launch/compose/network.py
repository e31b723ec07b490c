"""Ports, names and networks of a compose service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from serveaudit.formats.yaml import Layers, Mapping, Node, Scalar, Sequence
from serveaudit.launch.compose.fields import Fields
from serveaudit.launch.compose.project import Project
from serveaudit.launch.compose.texts import Texts
from serveaudit.launching import Published
from serveaudit.values import Items, Place, Unknown, Value, unknown

_PORT = re.compile(
    r"(?:(?:(?P<ip>\[[^\]]*\]|[^:\[\]]*):)?(?P<host>[^:]*):)?(?P<port>[^:/]+)(?:/(?P<protocol>[a-zA-Z]+))?", re.DOTALL
)
_MOST_PORTS = 100


def ports(node: Node, texts: Texts) -> Iterator[Published]:
    """What one entry of `ports` opens; nothing for UDP."""
    if isinstance(node, Scalar):
        value = texts.value(node)
        place = node.place
        fields = Fields(value, _PORT)
        if isinstance(value.x, Unknown) or (fields.found is None and not value.known):
            yield Published(value, value, value, place)
        if isinstance(value.x, Unknown) or fields.found is None:
            return
        ip, host, port, protocol = (fields.get(name) for name in ("ip", "host", "port", "protocol"))
        ip = ip.map(lambda text: text.strip("[]"))
    elif isinstance(node, Mapping):
        place = Place(node.span)
        ip, host, port, protocol = (texts.value(node.get(name)) for name in ("host_ip", "published", "target", "protocol"))
    else:
        return
    if protocol.x is None or protocol.x == "tcp" or not protocol.known:
        yield from _pairs(replace(ip, x="") if ip.x is None else ip, host, port, place)


def _pairs(ip: Value[Any], host: Value[Any], port: Value[Any], place: Place) -> Iterator[Published]:
    """Ranges side by side, as compose pairs them."""
    hosts, inside = _range(host), _range(port)
    if inside is None:
        return
    if host.x in (None, "") or hosts is None or (len(hosts) > 1 and len(hosts) != len(inside)):
        hosts = [unknown("docker picks a free port", place)] * len(inside)
    for outer, inner in zip(hosts * (len(inside) if len(hosts) == 1 else 1), inside, strict=False):
        yield Published(ip, outer, inner, place)


def _range(value: Value[Any]) -> list[Value[int]] | None:
    """`8000`, `8000-8005`; None for what is no port."""
    if not isinstance(value.x, str):
        return [value]
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", value.x.strip())
    if not found:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    return [replace(value, x=number) for number in range(first, min(last, first + _MOST_PORTS) + 1)]


def published(layers: Layers, texts: Texts) -> list[Published]:
    """The ports that a service opens, each once."""
    found: dict[tuple[Any, ...], Published] = {}
    for entry in layers.items("ports"):
        for each in ports(entry, texts):
            known = each.host_port.known and each.port.known
            found[(each.host_ip.x, each.host_port.x, each.port.x) if known else (id(each),)] = each
    return list(found.values())


def names_and_networks(name: str, layers: Layers, project: Project) -> tuple[frozenset[str], Value[Items]]:
    """By which names a service's peers reach it, and on which networks."""
    names = [name, *(project.texts.one(layers, key).x for key in ("container_name", "hostname"))]
    networks: dict[str, Place] = {}
    for node in layers.nodes("networks"):
        if isinstance(node, Mapping):
            for key, value in node.items():
                networks[key.text] = Place(key.span)
                if isinstance(value, Mapping):
                    names += [alias.x for alias in project.texts.listed(value.get("aliases"))]
        elif isinstance(node, Sequence):
            networks |= {item.text: item.place for item in node.scalars}
    known = frozenset(each for each in names if isinstance(each, str))
    return known, Value(Items(tuple(networks) or ("default",)), tuple(networks.values()))


def subnets(layers: Layers, project: Project) -> Value[Items]:
    """The addresses (CIDR) that the service's networks are said to have."""
    _, networks = names_and_networks("", layers, project)
    found: list[Value[Any]] = []
    for name in networks.x:
        for entry in project.top.below("networks", name, "ipam").items("config"):
            if isinstance(entry, Mapping):
                found.append(project.texts.value(entry.get("subnet")))
    return Value(Items(tuple(value for value in found if value.x is not None)))


def external_networks(layers: Layers, project: Project) -> list[Value[Any]]:
    """The names of the service's networks that another project sets up."""
    _, networks = names_and_networks("", layers, project)
    found = []
    for name in networks.x:
        defined = project.top.below("networks", name)
        external = defined.node("external")
        if external is not None and not (isinstance(external, Scalar) and external.text == "false"):
            given = project.texts.value(defined.node("name"))
            nested = project.texts.value(external.get("name")) if isinstance(external, Mapping) else given
            place = Place(external.span)
            found.append(next((value for value in (given, nested) if value.x is not None), Value(name, (place,))))
    return found
