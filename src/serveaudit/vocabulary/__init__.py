"""Everything that a rule card may say. One module per subject; here they are put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serveaudit.applications import App as Application
from serveaudit.chains import Joint
from serveaudit.configured.switches import Switch
from serveaudit.configured.variables import Variable as Forgotten
from serveaudit.deployment import Context, Pairing, Process, Proxy, Running
from serveaudit.formats.nginx import Directive
from serveaudit.launching import Machine as MachineFacts
from serveaudit.launching import Unit
from serveaudit.programs.nginx import Added, Include, Installed, Location, Misuse, Name, Scope, Usage, ZoneUse
from serveaudit.programs.nginx import Site as SiteFacts
from serveaudit.programs.nginx.decisions import Comparison
from serveaudit.programs.nginx.memory_bugs import Shape
from serveaudit.programs.nginx.newlines import Injection
from serveaudit.programs.nginx.patterns import Pattern
from serveaudit.serving import BadFlag
from serveaudit.serving import Setting as SettingFacts
from serveaudit.source import Problem
from serveaudit.subjects import See, Subjects
from serveaudit.values import Place
from serveaudit.vocabulary import (
    apps,
    caches,
    deployments,
    doubles,
    joints,
    launches,
    lines,
    locations,
    machines,
    misuses,
    mounts,
    nginx_relations,
    nginxes,
    passages,
    policies,
    ports,
    relations,
    routes,
    servers,
    settings,
    sites,
    variables,
)
from serveaudit.words import Subject, Vocabulary

VOCABULARY = Vocabulary.of(
    apps,
    caches,
    deployments,
    doubles,
    joints,
    launches,
    lines,
    locations,
    machines,
    misuses,
    mounts,
    nginx_relations,
    nginxes,
    passages,
    policies,
    ports,
    relations,
    routes,
    servers,
    settings,
    sites,
    variables,
)


def deployment_of(context: Context) -> deployments.Deployment:
    """The subject from which every question about a context starts."""
    made = Subjects(_make)
    subject = made.see(context)
    assert isinstance(subject, deployments.Deployment)
    return subject


def _make(thing: Any, see: See) -> Subject:
    """The subject for a thing of the deployment: a process, a context, or several things where one alone does not do."""
    parts = thing if isinstance(thing, tuple) else (thing,)
    maker = _MAKERS.get(tuple(map(type, parts)))
    if maker is None:
        raise KeyError(f"no subject speaks for {parts}")
    return maker(*parts, see)


_MAKERS: dict[tuple[type, ...], Callable[..., Subject]] = {
    (Context,): deployments.Deployment,
    (Process,): servers.of,
    (Application,): apps.App,
    (MachineFacts, Context): machines.Machine,
    (Proxy, Location): routes.Route,
    (Proxy, SiteFacts): sites.Site,
    (Proxy, Usage): variables.Variable,
    (Proxy, Place): nginxes.Nginx,
    (Location, Proxy): locations.Location,
    (Location, Proxy, str): caches.Cache,
    (Pairing, Added, Place): doubles.DoubledHeader,
    (Proxy, Directive, Scope): lines.of_directive,
    (Proxy, Installed, Scope): lines.of_directive,
    (Proxy, Pattern): passages.Pattern,
    (Proxy, Usage, Pattern): passages.Capture,
    (Proxy, Usage, type(None)): passages.Capture,
    (Proxy, Injection): passages.Injection,
    (Proxy, Shape): passages.Shape,
    (Proxy, Comparison): passages.Comparison,
    (Proxy, Misuse): misuses.Misuse,
    (Proxy, ZoneUse): misuses.ZoneUse,
    (Proxy, Include): misuses.Include,
    (Proxy, Name): misuses.ServerName,
    (Proxy, Problem): misuses.SyntaxFault,
    (SettingFacts, Process): settings.Setting,
    (SettingFacts, Unit): settings.Setting,
    (BadFlag, Process): settings.Flag,
    (Switch,): settings.Switch,
    (Forgotten,): settings.ForgottenVariable,
    (Joint,): joints.of,
    (Running, Process): launches.Launch,
    (Running,): lambda running, see: launches.Launch(running, None, see),
}
