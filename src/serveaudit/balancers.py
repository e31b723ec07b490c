"""Balancers that the repository names, and how long they wait: for an answer, and on an idle connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serveaudit.deployment import Running
from serveaudit.units import Seconds, duration
from serveaudit.values import Unknown, Value


@dataclass(frozen=True, slots=True)
class Balancer:
    """One that stands before a program, with its times in seconds; None: not told, or it keeps no connections."""

    name: str
    answer: Value[Any]
    idle: Value[Any]


def balancer_of(running: Running) -> Balancer | None:
    """The balancer that a program's clients come through; None where the repository names none that is known."""
    if running.unit is not None and running.unit.manager == "procfile":
        return _heroku(running)
    keys = running.machine.keys
    named = keys.get("ingress.class", Value(None))
    maker = {"alb": _alb, "gce": _gce, "nginx": _ingress_nginx}.get(str(named.x))
    return maker(named, keys) if maker else None


def _heroku(running: Running) -> Balancer | None:
    """Sources: devcenter.heroku.com/articles/http-routing#timeouts and #keepalives."""
    for sign in running.context.signs:
        if sign.what == "Heroku's router" or "heroku" in sign.place.span.source.text.lower():
            return Balancer("Heroku's router", Value(Seconds(30), (sign.place,)), Value(Seconds(90), (sign.place,)))
    return None


def _alb(named: Value[Any], keys: Mapping[str, Value[Any]]) -> Balancer:
    """Its idle timeout counts while it waits for an answer, too. Sources: docs.aws.amazon.com/elasticloadbalancing/latest/
    application/application-load-balancers.html#connection-idle-timeout, …/load-balancer-troubleshooting.html (HTTP 504)."""
    idle: Value[Any] = Value(Seconds(60), named.places)
    for name, value in keys.items():
        _, said, seconds = str(value.x).partition("idle_timeout.timeout_seconds=")
        if name.startswith("ingress.annotations.") and said:
            idle = Value(_seconds(seconds.partition(",")[0]), value.places)
    return Balancer("an ALB", idle, idle)


def _gce(named: Value[Any], _: Mapping[str, Value[Any]]) -> Balancer:
    """How long it waits for an answer is a BackendConfig's matter. Source: cloud.google.com/load-balancing/docs/https/
    request-distribution#http_keepalive_timeout (to backends: 10 minutes, fixed)."""
    return Balancer("Google's load balancer", Value(None), Value(Seconds(600), named.places))


def _ingress_nginx(named: Value[Any], keys: Mapping[str, Value[Any]]) -> Balancer:
    """What it keeps hangs on its ConfigMap. Source: kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/
    annotations/#custom-timeouts (proxy-read-timeout, 60 by default)."""
    said = keys.get("ingress.annotations.nginx.ingress.kubernetes.io/proxy-read-timeout", Value(None))
    answer = Value(Seconds(60), named.places) if said.x is None else said.map(lambda text: _seconds(str(text)))
    return Balancer("the Ingress' nginx", answer, Value(None))


def _seconds(text: str) -> Seconds | Unknown:
    found = duration(text.strip())
    return Seconds(float(found)) if found is not None else Unknown(f"{text}: no time")
