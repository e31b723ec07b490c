"""Services and what stands before them: by which names and ports a pod is reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from serveaudit.formats.yaml import Mapping, Scalar, flat, walk
from serveaudit.launch.kubernetes.objects import Objects, members, name_of, namespace_of, number, place_of, text, texts
from serveaudit.launch.kubernetes.pods import Pod
from serveaudit.launching import Published, Sign
from serveaudit.values import Place, Unknown, Value

_ROUTES = ("Ingress", "HTTPRoute", "Route", "VirtualService", "IngressRoute", "HTTPProxy")
_CERTIFICATES = ("certificate", "ssl-cert", "tls-acme", "cert-manager.io", "pre-shared-cert", "ssl-redirect")
_INTERNAL = ("load-balancer-internal", "load-balancer-type: internal", "load-balancer-scheme: internal")


def connect(pods: list[Pod], objects: Objects) -> None:
    """Gives the pods the names and ports of their Services, and the signs of what stands before these."""
    for service in objects.kinds("Service"):
        selector = {key: value.text for key, value in texts(service.at("spec", "selector")).items()}
        for pod in pods:
            if selector and selector.items() <= pod.labels.items() and namespace_of(service) == pod.namespace:
                _serve(service, pod)
                _announce(service, pod, objects)


def _serve(service: Mapping, pod: Pod) -> None:
    name, space = name_of(service), pod.namespace
    pod.machine.names |= {name, f"{name}.{space}", f"{name}.{space}.svc", f"{name}.{space}.svc.cluster.local"}
    pod.machine.published += _published(service, pod)


def _published(service: Mapping, pod: Pod) -> Iterator[Published]:
    kind = text(service.at("spec", "type"))
    for port in members(service.at("spec", "ports")):
        if port.text("protocol") in ("", "TCP"):
            outer, inner, place = number(port.get("port")), _target(port, pod), Place(port.span)
            if kind.x == "NodePort":
                yield Published(Value("cluster", kind.places), outer, inner, place)
                given = number(port.get("nodePort"))
                outer = given if given.x is not None else Value(Unknown("the cluster picks a free port"))
            yield Published(_reach(service, kind), outer, inner, place)


def _reach(service: Mapping, kind: Value[Any]) -> Value[str]:
    """ "" for a Service that is open to the outside, "cluster" for every other one."""
    if not kind.known:
        return kind
    if kind.x not in ("NodePort", "LoadBalancer"):
        return Value("cluster", kind.places)
    notes = (f"{key}: {value.text}".lower() for key, value in texts(service.at("metadata", "annotations")).items())
    internal = any(mark in note and not note.endswith(": false") for note in notes for mark in _INTERNAL)
    return Value("cluster" if internal else "", kind.places)


def _target(port: Mapping, pod: Pod) -> Value[Any]:
    """`targetPort`: a number, or a name of a container's port; the same as `port` where it is not said."""
    given = text(port.get("targetPort"))
    if given.x is None:
        return number(port.get("port"))
    if isinstance(given.x, str) and not given.x.isdecimal():
        named = pod.ports.get(given.x)
        why = Unknown(f"no container has a port called {given.x}", about=given.x)
        return Value(named.x if named else why, given.places).also(*((named,) if named else ()))
    return number(port.get("targetPort"))


def _announce(service: Mapping, pod: Pod, objects: Objects) -> None:
    """Signs of what stands before the Service."""
    annotations = texts(service.at("metadata", "annotations"))
    if any("ssl-cert" in key for key in annotations):
        pod.machine.outside.append(Sign(f"the load balancer of the Service {name_of(service)}", place_of(service)))
    for route in objects.kinds(*_ROUTES):
        if namespace_of(route) == pod.namespace and name_of(service) in _backends(route):
            kind = route.text("kind")
            what = f"the {kind} {name_of(route)}"
            announces = kind != "VirtualService"  # a mesh's proxy sits beside the server
            pod.machine.outside.append(Sign(what, place_of(route), terminates_tls=_terminates(route), announces=announces))
            named = route.at("spec", "ingressClassName")
            notes = flat(
                (f"ingress.annotations.{key}", value) for key, value in texts(route.at("metadata", "annotations")).items()
            )
            legacy = notes.get("ingress.annotations.kubernetes.io/ingress.class", Value(None))
            pod.machine.keys = {**pod.machine.keys, **notes, "ingress.class": text(named) if named else legacy}


def _backends(route: Mapping) -> set[str]:
    """The Services that a route sends to, whatever kind of route it is."""
    keys = ("host",) if route.text("kind") == "VirtualService" else ("name", "serviceName")
    found = set()
    spec = route.get("spec")
    for node in walk(spec) if spec else ():
        if isinstance(node, Mapping):
            for key in keys:
                value = node.scalar(key)
                if isinstance(value, Scalar):
                    found.add(value.text.partition(".")[0])
    return found


def _terminates(route: Mapping) -> bool:
    """Whether TLS ends there. Gateways and meshes say so elsewhere: they are taken to do it."""
    if route.text("kind") in ("HTTPRoute", "VirtualService"):
        return True
    if route.at("spec", "tls") or route.at("spec", "virtualhost", "tls"):
        return True
    notes = texts(route.at("metadata", "annotations")).items()
    if any(key.endswith("/listen-ports") and "HTTPS" in value.text for key, value in notes):
        return True
    return any(mark in key.lower() and value.text != "false" for key, value in notes for mark in _CERTIFICATES)
