"""Which deployment each sign of something outside concerns.

What a machine's own labels tell concerns its own deployment. What a file tells, or a project that runs nothing but a proxy, may
concern every deployment of its kind, unless something says that it stands before another one: where it lies, what it passes
requests to, or that the deployment is no work of the platform's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from posixpath import dirname

from serveaudit.contexts import Kind, is_named_for_production
from serveaudit.deployment import Context, listeners_of
from serveaudit.discover import Repository
from serveaudit.launching import Sign
from serveaudit.units import Address
from serveaudit.values import Unknown

_DEPLOYED = ("dockerfile", "compose", "procfile")
_SERVICE_MANAGERS = ("systemd", "supervisor")
_NUMERIC = re.compile(r"[\d.]*|localhost|host\.docker\.internal")


@dataclass(frozen=True, slots=True)
class _Told:
    """A sign, the kind of deployment that it is for, and the folder of the project that it belongs to."""

    sign: Sign
    kind: Kind
    home: str


def surround(contexts: Sequence[Context], signs: Iterable[Sign], repository: Repository) -> None:
    """Gives every context, besides the signs of its own machines, all others that may concern it."""
    projects = _projects(contexts, repository)
    names = frozenset(name for context in contexts for name in _names(context))
    told = [_Told(sign, repository.kind_of(_path(sign)), _home(_path(sign), projects)) for sign in signs]
    told += [
        _Told(sign, each.kind, dirname(dirname(_path(sign)))) for each in contexts if not _serves(each) for sign in each.signs
    ]
    inner = [_Told(sign, each.kind, _home(_path(sign), projects)) for each in contexts if _serves(each) for sign in each.signs]
    for context in contexts:
        homes = {_home(path, projects) for path in _paths(context)}
        for each in (*told, *(inner if _is_loose(context) else ())):
            of_kind = context.kind == "development" or each.kind == "production"
            near = not homes or any(_is_along(each.home, home) for home in homes)
            if of_kind and near and each.sign not in context.signs and _may_stand_before(each.sign, context, names):
                context.signs.append(each.sign)


def _may_stand_before(sign: Sign, context: Context, names: frozenset[str]) -> bool:
    if sign.reach == "bare servers" and context.proxies:
        return False
    if sign.reach == "what it runs" and _is_run_elsewhere(context):
        return False
    doors = _doors(context)
    if not sign.targets or doors is None:
        return True
    own = _names(context)
    return any(host in own or (host not in names and port in doors) for host, port in sign.targets)


def _is_run_elsewhere(context: Context) -> bool:
    """Whether something else than a platform surely runs it: an image that is built, or a Procfile, is all that one takes. A
    compose file beside it is for the developers, unless its name says production."""
    if context.group.manager == "compose":
        return any(is_named_for_production(path) for path in context.group.files)
    return context.group.manager == "kubernetes" or (_is_host(context) and not _is_loose(context))


def _is_host(context: Context) -> bool:
    return context.group.manager == "none"


def _is_loose(context: Context) -> bool:
    """Whether a host has only scripts and configurations, which may belong to any deployment of the repository."""
    units = (running.unit for running in context.launches)
    return _is_host(context) and not any(unit is not None and unit.manager in _SERVICE_MANAGERS for unit in units)


def _doors(context: Context) -> set[int] | None:
    """The ports at which a context's servers and proxies can be asked; None where they are not all known."""
    doors: set[int] = set()
    for machine in context.group.machines:
        doors |= {each.host_port.x for each in machine.published if isinstance(each.host_port.x, int)}
    addresses = [listen.address for proxy in context.proxies for site in proxy.config.sites for listen in site.listens]
    for process in context.processes:
        if isinstance(process.server.listeners.x, Unknown):
            return None
        addresses += [listener.address for listener in listeners_of(process)]
    for address in addresses:
        if not isinstance(address.x, Address) or address.x.kind != "tcp" or address.x.port is None:
            return None
        doors.add(address.x.port)
    return doors or None


def _names(context: Context) -> set[str]:
    return {name for machine in context.group.machines for name in machine.names if not _NUMERIC.fullmatch(name)}


def _serves(context: Context) -> bool:
    return bool(context.processes or context.proxies)


def _paths(context: Context) -> Iterator[str]:
    yield from context.group.files
    for running in (*(one.running for one in context.processes), *(one.running for one in context.proxies)):
        yield running.place.span.path


def _projects(contexts: Sequence[Context], repository: Repository) -> frozenset[str]:
    """The folders from which something is deployed. One that is nothing but a proxy belongs to what lies beside it."""
    proxies = {path for context in contexts if context.signs and not _serves(context) for path in context.group.files}
    return frozenset(dirname(each.path) for each in repository.files if each.kind in _DEPLOYED and each.path not in proxies)


def _path(sign: Sign) -> str:
    return sign.place.span.path


def _home(path: str, projects: frozenset[str]) -> str:
    """The nearest folder further out that holds a deployment."""
    folder = dirname(path)
    while folder.strip("/") and folder not in projects:  # "/" lies in itself
        folder = dirname(folder)
    return folder


def _is_along(one: str, other: str) -> bool:
    """Whether one folder lies in the other, or is the same."""
    return f"{one}/".startswith(f"{other}/" if other else "") or f"{other}/".startswith(f"{one}/" if one else "")
