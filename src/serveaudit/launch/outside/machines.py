"""Machines that are a sign: a proxy's or a tunnel's container, and labels, variables and networks that a proxy goes by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from serveaudit.launching import Machine, Sign
from serveaudit.values import Items, Place, Value

_IMAGES = tuple(
    (re.compile(rf"(?:^|/)(?:{pattern})(?::|@|$)"), what, proxies)
    for pattern, what, proxies in (
        ("traefik", "Traefik", True),
        (r"caddy|caddy-docker-proxy|caddy-[\w-]+", "Caddy", True),
        (r"haproxy(?:-\w+)?|haproxytech/[\w-]+", "HAProxy", True),
        (
            "nginx-proxy|nginx-proxy-manager|https-portal|swag|docker-nginx-auto-ssl|nginx-certbot|bunkerweb",
            "a proxy that manages certificates",
            True,
        ),
        ("letsencrypt-nginx-proxy-companion|acme-companion|acme\\.sh|certbot|dns-cloudflare", "certbot", False),
        ("cloudflared", "a Cloudflare tunnel", True),
        ("ngrok", "an ngrok tunnel", True),
        ("tailscale", "Tailscale", True),
        (r"envoy|envoyproxy/envoy|kong|kong-gateway|apisix|pomerium|oauth2-proxy|zoraxy|tyk-gateway", "a gateway", True),
        ("httpd", "Apache", True),
    )
)
_TRAEFIK_TLS = re.compile(r"\.tls(?:\.|$)|redirectscheme\.scheme|entrypoints?$|ssl", re.IGNORECASE)
_SECURE = re.compile(r"secure|https|443|tls", re.IGNORECASE)
_PROXY_NETWORK = re.compile(r"traefik|proxy|caddy|ingress|gateway|\bnpm\b|swag|edge|dokploy|coolify", re.IGNORECASE)
_VARIABLES = {"VIRTUAL_HOST": "nginx-proxy", "LETSENCRYPT_HOST": "nginx-proxy", "SITES": "https-portal"}
_COOLIFY = ("SERVICE_FQDN_", "SERVICE_URL_")
"""By such a variable Coolify's proxy is told which service to pass requests to."""


def of_group(machines: Sequence[Machine]) -> list[Sign]:
    """Proxies and tunnels among the machines themselves."""
    return [sign for machine in machines for sign in _by_image(machine)]


def of_machine(machine: Machine, machines: Sequence[Machine] = ()) -> list[Sign]:
    """Signs on one machine itself: labels, variables and networks that a proxy goes by. `machines` is its whole group."""
    return [*_by_labels(machine, machines), *_by_variables(machine), *_by_networks(machine)]


def _by_image(machine: Machine) -> Iterator[Sign]:
    if not isinstance(machine.image.x, str):
        return
    for pattern, what, proxies in _IMAGES:
        if pattern.search(machine.image.x):
            tls = what not in ("Traefik", "HAProxy", "Apache", "a gateway") or _secure(machine)
            yield Sign(what, machine.image.places[0] if machine.image.places else machine.place, proxies, tls)
            return


def _secure(machine: Machine) -> bool:
    """Whether a proxy's machine takes TLS: by its ports, or by the words that it is started with."""
    if (
        any(each.host_port.x == 443 or each.port.x in (443, 8443) for each in machine.published)
        or machine.host_network.x is True
    ):
        return True
    words = [word.x for unit in machine.units for step in unit.steps for word in step.argv]
    return any(isinstance(word, str) and ("certificatesresolvers" in word.lower() or ":443" in word) for word in words)


def _by_labels(machine: Machine, machines: Sequence[Machine]) -> Iterator[Sign]:
    labels = machine.labels
    traefik = {name: value for name, value in labels.items() if name.startswith("traefik.")}
    if traefik and labels.get("traefik.enable", Value("true")).x != "false" and not _is_traefik(machine):
        own = [each for each in machines if _is_traefik(each)]
        tls = any(_says_tls(name, value) for name, value in traefik.items()) or not own or any(map(_secure, own))
        announces = any(name.startswith("traefik.http.") for name in traefik)
        yield Sign("Traefik", _place(next(iter(traefik.values())), machine), terminates_tls=tls, announces=announces)
    for name, value in labels.items():
        if re.fullmatch(r"caddy(?:_\d+)?(?:\..*)?", name):
            yield Sign("Caddy", _place(value, machine), announces=True)
            return


def _is_traefik(machine: Machine) -> bool:
    return isinstance(machine.image.x, str) and bool(_IMAGES[0][0].search(machine.image.x))


def _says_tls(name: str, value: Value[Any]) -> bool:
    """Whether one of Traefik's labels says that TLS ends there."""
    if not _TRAEFIK_TLS.search(name) or value.x == "false":
        return False
    return (
        not name.lower().endswith(("entrypoints", "entrypoint"))
        or not isinstance(value.x, str)
        or bool(_SECURE.search(value.x))
    )


def _by_variables(machine: Machine) -> Iterator[Sign]:
    for name, what in _VARIABLES.items():
        value = machine.env.variables.get(name)
        if value is not None and value.x not in (None, ""):
            yield Sign(what, _place(value, machine), announces=True)
            return
    for name, value in machine.env.variables.items():
        if name.startswith(_COOLIFY):
            yield Sign("Coolify's proxy", _place(value, machine), announces=True)
            return


def _by_networks(machine: Machine) -> Iterator[Sign]:
    """A network that another project sets up, and whose name tells of a proxy."""
    external = machine.keys.get("external_networks", Value(Items(()))).x
    for value in external if isinstance(external, Items) else ():
        if isinstance(value.x, str) and _PROXY_NETWORK.search(value.x):
            yield Sign(f"the external network {value.x}", _place(value, machine))
            return


def _place(value: Value[Any], machine: Machine) -> Place:
    return value.places[0] if value.places else machine.place
